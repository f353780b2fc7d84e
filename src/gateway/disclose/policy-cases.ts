import { Abilities } from '../../domain/access/ability.ts'
import { barrierOf, type KnownCaller, purposeOf } from '../../domain/access/known-caller.ts'
import {
  type ConsentStateName,
  consentStates,
  standingKey,
  vectorText,
} from '../../domain/privacy/consent-vector.ts'
import { isNamedCategory } from '../../domain/privacy/named-category.ts'
import type { Policy, Purpose } from '../../domain/privacy/policy.ts'
import {
  oneOf,
  onlyColumns,
  PolicyError,
  placeOf,
  type TableRows,
  text,
  words,
} from '../../domain/privacy/table-rows.ts'
import {
  type Decision,
  type Reason,
  reasons,
  type Treatment,
  treatments,
  withheld,
} from '../../domain/privacy/treatment.ts'
import { NOBODY } from '../../kernel/ids.ts'
import { decidingRules, rulesOfState } from './deciding-rules.ts'
import { planOf } from './explain.ts'
import { categoryOf } from './fields.ts'
import { DECIDED_INSIDE } from './state-decisions.ts'

/** What a caller is expected to see of one field or category of somebody who has decided so. */
export interface PolicyCase {
  /** `cases.csv line 7`. */
  readonly at: string
  /** A client or `role:partner`. */
  readonly as: string
  readonly purpose: string
  /** A category (`user.name`) or a field of the schema (`Contact.email`). */
  readonly data: string
  readonly person: CasePerson
  readonly expected: Treatment
  /** Null: any. */
  readonly reason: Reason | null
}

interface CasePerson {
  readonly country: string | null
  /** What they decided about the purpose, towards the caller where it must be named; null: nothing. */
  readonly consent: ConsentStateName | null
  readonly consentFor: readonly string[] | null
  readonly objected: boolean
  readonly restricted: boolean
  readonly signals: readonly string[]
  readonly segments: readonly string[]
}

export interface CaseOutcome {
  readonly case: PolicyCase
  readonly decision: Decision
  /** The rows that decided, as `policy explain` names them. */
  readonly rules: readonly string[]
  readonly holds: boolean
}

const REQUIRED = ['as', 'purpose', 'data', 'expected']
const OPTIONAL = [
  'country',
  'consent',
  'consent_for',
  'objected',
  'restricted',
  'signals',
  'segments',
  'reason',
]
const YES_OR_NO = ['yes', 'no'] as const

/**
 * A table of cases; one row is as many cases as its column `data` names categories or fields.
 * @throws PolicyError naming the line.
 */
export function readCases(file: string, rows: TableRows): readonly PolicyCase[] {
  onlyColumns(file, rows, REQUIRED, OPTIONAL)
  return rows.flatMap((row, index) => {
    const at = placeOf(file, row, index)
    const oneIfAny = <T extends string>(column: string, allowed: readonly T[]) =>
      row[column] ? oneOf(row, column, allowed, at) : null
    const consentFor = words(row.consent_for)
    const shared = {
      at,
      as: text(row, 'as', at),
      purpose: text(row, 'purpose', at),
      person: {
        country: row.country || null,
        consent: oneIfAny('consent', consentStates),
        consentFor: consentFor.length > 0 ? consentFor : null,
        objected: oneIfAny('objected', YES_OR_NO) === 'yes',
        restricted: oneIfAny('restricted', YES_OR_NO) === 'yes',
        signals: words(row.signals),
        segments: words(row.segments),
      },
      expected: oneOf(row, 'expected', treatments, at),
      reason: oneIfAny('reason', reasons),
    }
    return words(text(row, 'data', at)).map((data) => ({ ...shared, data }))
  })
}

/**
 * Takes the decision of one case by the code that decides about requests.
 * @throws PolicyError where the case names what the policy does not know.
 */
export function tryCase(policy: Policy, caller: KnownCaller, one: PolicyCase): CaseOutcome {
  const { decision, rules } = decided(policy, caller, one)
  const holds =
    decision.treatment === one.expected && (one.reason === null || decision.reason === one.reason)
  return { case: one, decision, rules, holds }
}

function decided(policy: Policy, caller: KnownCaller, { at, data, person, ...one }: PolicyCase) {
  const ofField = categoryOf(data)
  if (ofField === undefined && !isNamedCategory(policy, data))
    throw new PolicyError(
      `${at}: "${data}" is neither a category that the policy's tables name nor a field such as Contact.email`,
    )
  if (DECIDED_INSIDE.has(data))
    throw new PolicyError(`${at}: ${data} is decided piece by piece; name the category of a piece`)
  if (!policy.purposes.has(one.purpose))
    throw new PolicyError(
      `${at}: there is no purpose "${one.purpose}"; the policy knows ${[...policy.purposes.keys()].join(', ')}`,
    )
  const purpose = purposeOf(policy, one.purpose)
  const barrier = barrierOf(caller, purpose)
  if (barrier !== null) return { decision: withheld('PURPOSE'), rules: [barrier] }
  const plan = planOf(policy, caller, purpose, ofField === undefined ? [] : [data])
  const { segments } = plan.grant
  const within = new Abilities(new Map([[KNOWN_BY, 'CLEAR']]), { ...ANYBODY, segments })
  if (!within.allows({ subjectId: NOBODY, segments: person.segments }, KNOWN_BY))
    return {
      decision: withheld('NOT_PERMITTED'),
      rules: [`registration: limited to members of ${segments?.join(' ')}`],
    }
  const decisions = plan.decisionsFor(stateOf(purpose, plan.grant.audience, person))
  const known = decisions.decide(KNOWN_BY)
  // Whom a caller may not know of, it sees nothing of.
  const isHidden = known.reason !== null && !plan.grant.actsForSubject
  const category = isHidden ? KNOWN_BY : (ofField ?? data)
  const decision = isHidden
    ? known
    : ofField === undefined
      ? decisions.decide(data)
      : decisions.decideField(data)
  if (decision.reason === 'SCOPE')
    return { decision, rules: [`registration: ${one.as} has not the scope for ${data}`] }
  const rules = [
    ...decidingRules(plan, category),
    ...rulesOfState(plan, person.country, decisions, decision.reason),
  ]
  return { decision, rules }
}

/** The category without which nobody is told that somebody is there. */
const KNOWN_BY = 'user.unique_id.pseudonym'
const ANYBODY = { subjectId: null, subjects: null }

function stateOf({ key, namesRecipient }: Purpose, audience: string, person: CasePerson): string {
  const { country, consent, consentFor, objected, restricted, signals } = person
  const named = standingKey(key, namesRecipient ? audience : null)
  const standing = consent && ([named, { state: consent, categories: consentFor }] as const)
  return vectorText({
    country,
    restricted,
    objected: new Set(objected ? [key] : []),
    signals: new Set(signals),
    standings: new Map(standing ? [standing] : []),
  })
}
