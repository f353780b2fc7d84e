import { barrierOf, roleAsCaller } from '../../domain/access/known-caller.ts'
import type { Policy, Purpose } from '../../domain/privacy/policy.ts'
import { closingRule, decidingRules, mechanismRule } from './deciding-rules.ts'
import { planOf } from './explain.ts'
import type { CaseOutcome } from './policy-cases.ts'

/** Which rows of a policy the cases have exercised: that decided about at least one of them. */
export interface PolicyCoverage {
  readonly rules: number
  readonly exercised: number
  /** In the order of the tables. */
  readonly missing: readonly string[]
}

/** What became of the cases of an installation. */
export interface PolicyTest {
  readonly policyVersion: string
  readonly outcomes: readonly CaseOutcome[]
  readonly coverage: PolicyCoverage
}

/** Rows that can decide nothing, such as those of a role that may declare no purpose, are not counted. */
export function coverageOf(policy: Policy, outcomes: readonly CaseOutcome[]): PolicyCoverage {
  const exercised = new Set(outcomes.flatMap(({ rules }) => rules))
  const rules = rulesOf(policy)
  const missing = [...rules].filter((rule) => !exercised.has(rule))
  return { rules: rules.size, exercised: rules.size - missing.length, missing: missing.sort() }
}

/** Whatever can decide about a category for anybody of some role, and about somebody who has decided somehow. */
function rulesOf(policy: Policy): ReadonlySet<string> {
  const callers = [...policy.roles.keys()].flatMap(
    (role) => roleAsCaller(policy, `role:${role}`) ?? [],
  )
  const declared = callers.flatMap((caller) =>
    [...policy.purposes.values()]
      .filter((purpose) => barrierOf(caller, purpose) === null)
      .map((purpose) => ({ caller, purpose })),
  )
  return new Set(
    declared.flatMap(({ caller, purpose }) => {
      const plan = planOf(policy, caller, purpose, [])
      const categories = [...plan.treatments.keys()]
      return [
        ...categories.flatMap((category) => decidingRules(plan, category)),
        ...rulesOfConsent(policy, purpose),
      ]
    }),
  )
}

function rulesOfConsent(policy: Policy, purpose: Purpose): readonly string[] {
  const { legalBasis, signals } = purpose
  if (legalBasis === 'legal_obligation') return []
  const closing = [...signals].map((signal) => closingRule(purpose, signal))
  if (legalBasis !== 'consent') return closing
  const countries = [...policy.jurisdictions.keys(), null]
  return [...closing, ...countries.map((country) => mechanismRule(policy, purpose, country))]
}
