import type { Category } from '../../domain/privacy/categories.ts'
import { type ConsentVector, parseVector, standingOf } from '../../domain/privacy/consent-vector.ts'
import { refusalOfPurpose } from '../../domain/privacy/decide.ts'
import { purposeCovers } from '../../domain/privacy/policy.ts'
import {
  type Decision,
  disclosed,
  type Reason,
  type Treatment,
  withheld,
} from '../../domain/privacy/treatment.ts'
import { profilingOf } from '../../domain/recommendations/profiling.ts'
import type { RecommenderInput } from '../../domain/recommendations/recommender.ts'
import type { FieldTreatments, WithheldField } from '../scope/scope.ts'
import { categoryOf, derivedScopes, type FieldRule, fieldRules } from './fields.ts'
import type { PlanRules } from './plan-rules.ts'

/** One field that is disclosed, ready to be read from a row. */
export interface ProjectedField {
  readonly group: FieldRule['group']
  readonly name: string
  readonly read: FieldRule['clear'] | null
}

/** Roles whose holder is told why; everybody else learns one reason. */
const TOLD_WHY: ReadonlySet<string> = new Set([
  'subject',
  'frontend',
  'visitor',
  'support',
  'compliance',
])

/**
 * All decisions of one plan for one consent state. Pure and shared: made once, asked for every row in that state.
 */
export class StateDecisions {
  readonly #plan: PlanRules
  readonly #vector: ConsentVector
  readonly #byCategory = new Map<Category, Decision>()
  readonly #byField = new Map<string, Decision>()
  /** Canonical text of the consent state. */
  readonly state: string
  readonly #traitSets = new Map<string, FieldTreatments>()
  /** May the caller know that this profile exists? (Besides, everybody may know of the person they act for.) */
  readonly known: boolean
  /** What may be read of the person for personal lists: a consent of its own, whatever this request is for. */
  readonly profiling: RecommenderInput | null
  readonly fields: readonly ProjectedField[]
  /** As they go into the audit entry. */
  readonly treatments: FieldTreatments
  /** As the caller is told. */
  readonly withheld: readonly WithheldField[]
  /** What stood for this purpose: the state's name and the key of the record that decided. */
  readonly standing: { readonly key: string; readonly state: string } | null
  /** The outside signal that closes this purpose, whatever was decided: `gpc`, `tcf:5`; null: none. */
  readonly closedBy: string | null

  constructor(plan: PlanRules, consentState: string) {
    this.#plan = plan
    this.state = consentState
    this.#vector = parseVector(consentState)
    this.standing = this.#standing()
    const { signals } = this.#vector
    this.closedBy = [...signals].sort().find((one) => plan.grant.purpose?.signals.has(one)) ?? null
    this.profiling = profilingOf(plan.policy, consentState)
    this.known = this.decide('user.unique_id.pseudonym').treatment === 'PSEUDONYM'
    const fields: ProjectedField[] = []
    const treatments: { path: string; treatment: Treatment }[] = []
    const hidden: WithheldField[] = []
    for (const coordinate of plan.coordinates) {
      const decision = this.decideField(coordinate)
      treatments.push({ path: auditPath(coordinate), treatment: decision.treatment })
      const rule = fieldRules.get(coordinate)
      if (rule)
        fields.push({ group: rule.group, name: rule.name, read: formOf(rule, decision.treatment) })
      // Traits are decided key by key; recommendations fall back and say so themselves.
      if (decision.reason === null || SPEAKS_FOR_ITSELF.has(coordinate)) continue
      for (const path of plan.paths.get(coordinate) ?? [])
        hidden.push({ path, reason: this.told(decision.reason) })
    }
    this.fields = fields
    this.treatments = treatments
    this.withheld = hidden
  }

  /** The decision about a category for this purpose, caller and consent state. Remembered. */
  decide(category: Category): Decision {
    const remembered = this.#byCategory.get(category)
    if (remembered) return remembered
    const decision = this.#decide(category)
    this.#byCategory.set(category, decision)
    return decision
  }

  /** The decision about a field: its category's, unless the scope or a form for that treatment is missing. Remembered. */
  decideField(coordinate: string): Decision {
    const remembered = this.#byField.get(coordinate)
    if (remembered) return remembered
    const decision = this.#decideField(coordinate)
    this.#byField.set(coordinate, decision)
    return decision
  }

  #decideField(coordinate: string): Decision {
    const category = categoryOf(coordinate)
    if (category === undefined) return withheld('ROLE')
    const rule = fieldRules.get(coordinate)
    const scope = rule?.scope ?? derivedScopes[coordinate]
    const { scopes } = this.#plan.grant
    if (!scopes.has('profile:read') || (scope && !scopes.has(scope))) return withheld('SCOPE')
    if (DECIDED_INSIDE.has(coordinate)) return disclosed('CLEAR')
    // Whoever acts for one person may know of that person, whatever they decided.
    if (coordinate === 'Profile.id' && this.#plan.grant.actsForSubject)
      return disclosed('PSEUDONYM')
    const decision = this.decide(category)
    if (decision.reason === null && rule && formOf(rule, decision.treatment) === null)
      return withheld('ROLE')
    return decision
  }

  /** Whether consent (and not role, purpose or scope) is what stands in the way: the person could open it. */
  isConsentMatter(reason: Reason | null): boolean {
    return reason !== null && reason !== 'ROLE' && reason !== 'SCOPE' && reason !== 'PURPOSE'
  }

  /** The reason as this caller is told it. */
  told(reason: Reason): Reason {
    return this.#plan.grant.roles.some((role) => TOLD_WHY.has(role)) && !this.#plan.grant.isPartner
      ? reason
      : 'NOT_PERMITTED'
  }

  /** The audit set of a request for traits by key: one object per distinct list, so that rows share it. */
  traitSet(keys: readonly { key: string; treatment: Treatment }[]): FieldTreatments {
    const name = keys.map(({ key, treatment }) => `${key} ${treatment}`).join(',')
    const found = this.#traitSets.get(name)
    if (found) return found
    const set = keys.map(({ key, treatment }) => ({ path: `trait.${key}`, treatment }))
    this.#traitSets.set(name, set)
    return set
  }

  #decide(category: Category): Decision {
    const { grant, policy, treatments } = this.#plan
    const treatment = treatments.get(category) ?? this.#inherited(category)
    if (treatment === 'WITHHELD') return withheld('ROLE')
    if (grant.purpose === null) return withheld('PURPOSE')
    const recipient = grant.purpose.namesRecipient ? grant.audience : null
    const refused = refusalOfPurpose(policy, grant.purpose, this.#vector, category, recipient)
    return refused === null ? disclosed(treatment) : withheld(refused)
  }

  /** A category that no table names has the treatment of the nearest one above it. */
  #inherited(category: Category): Treatment {
    const { treatments } = this.#plan
    for (let at = category.lastIndexOf('.'); at > 0; at = category.lastIndexOf('.', at - 1)) {
      const found = treatments.get(category.slice(0, at))
      if (found) return found
    }
    return 'WITHHELD'
  }

  #standing(): { key: string; state: string } | null {
    const { purpose, audience } = this.#plan.grant
    if (purpose?.legalBasis !== 'consent') return null
    const recipient = purpose.namesRecipient ? audience : null
    const { key, standing } = standingOf(this.#vector, purpose.key, recipient)
    return { key, state: standing?.state ?? 'ConsentUnknown' }
  }
}

/** Their content is decided piece by piece behind the field: per trait key, per event. */
export const DECIDED_INSIDE: ReadonlySet<string> = new Set([
  'Profile.trait',
  'Profile.traits',
  'Profile.timeline',
])
const SPEAKS_FOR_ITSELF: ReadonlySet<string> = new Set(['Profile.recommendations'])

function formOf(rule: FieldRule, treatment: Treatment): FieldRule['clear'] | null {
  if (treatment === 'CLEAR') return rule.clear
  if (treatment === 'GENERALISED') return rule.generalise ?? null
  if (treatment === 'MASKED') return rule.mask ?? null
  return null
}

/** `Contact.email` -> `contact.email`, `Profile.segments` -> `segments`. */
export function auditPath(coordinate: string): string {
  const [type = '', field = ''] = coordinate.split('.')
  return type === 'Profile' || type === 'Query'
    ? field
    : `${type.charAt(0).toLowerCase()}${type.slice(1)}.${field}`
}

/** Used where a purpose is named but no row is at hand: whether it covers a category for this plan at all. */
export function staticDecision(plan: PlanRules, category: Category): Decision {
  const treatment = plan.treatments.get(category) ?? 'WITHHELD'
  if (treatment === 'WITHHELD') return withheld('ROLE')
  if (!plan.grant.purpose || !purposeCovers(plan.grant.purpose, category))
    return withheld('PURPOSE')
  return disclosed(treatment)
}

/** Whether role and purpose open a category to this caller at all; if not, no consent does. */
export function isOpenAtAll(
  { grant, treatments }: Pick<PlanRules, 'grant' | 'treatments'>,
  category: Category,
): boolean {
  const { purpose } = grant
  return (
    treatments.get(category) !== 'WITHHELD' && purpose !== null && purposeCovers(purpose, category)
  )
}
