import { type KnownCaller, purposesOf } from '../../domain/access/known-caller.ts'
import type { RetentionRule } from '../../domain/audit/retention-rules.ts'
import { ruleFor } from '../../domain/audit/retention-rules.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { Treatment } from '../../domain/privacy/treatment.ts'
import { type Explanation, explain } from './explain.ts'

/** What one caller can ever see, on one page. */
export interface PrivacyLabel {
  readonly policyVersion: string
  readonly caller: Explanation['caller']
  readonly purposes: readonly {
    readonly purpose: Explanation['purpose']
    /** Ways of deciding under which anything is seen at all. */
    readonly seenWhen: readonly string[]
    readonly sees: readonly {
      readonly category: string
      readonly form: Treatment
      readonly fields: readonly string[]
    }[]
  }[]
  /** Categories that no consent opens to it. */
  readonly never: readonly string[]
  /** How long the trail keeps who was shown to it; null: for ever. */
  readonly trailDays: number | null
}

export function privacyLabel(
  policy: Policy,
  caller: KnownCaller,
  trailRetention: readonly RetentionRule[],
): PrivacyLabel {
  const explained = purposesOf(policy, caller).map((key) => explain(policy, caller, key))
  const purposes = explained.map((one) => ({
    purpose: one.purpose,
    seenWhen: one.situations.flatMap(({ name }, at) =>
      one.categories.some(({ seen }) => seen[at]?.reason === null) ? [name] : [],
    ),
    sees: one.categories.flatMap(({ category, form, seen, fields }) =>
      seen.some(({ reason }) => reason === null)
        ? [{ category, form, fields: openIn(fields) }]
        : [],
    ),
  }))
  const seen = new Set(purposes.flatMap(({ sees }) => sees.map(({ category }) => category)))
  const [first] = explained
  const { client, name, title, roles, scopes } = caller
  return {
    policyVersion: policy.version,
    caller: first?.caller ?? { name, title, roles, ...client, scopes: [...scopes] },
    purposes,
    never: [...policy.categories.keys()].filter((category) => !seen.has(category)),
    trailDays: ruleFor(trailRetention, { phase: 'decision', outcome: 'permit' })?.days ?? null,
  }
}

function openIn(fields: Explanation['categories'][number]['fields']): readonly string[] {
  return fields.flatMap(({ field, decision }) => (decision.reason === null ? [field] : []))
}
