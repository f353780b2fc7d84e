import { type CategoryTreatments, treatmentsOf } from '../../domain/access/ability.ts'
import type { Grant } from '../../domain/access/grant.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { ReadColumn } from '../../domain/profiles/read-model.ts'
import { derivedFields, fieldRules } from './fields.ts'
import type { PlanRules, Selection } from './plan-rules.ts'
import { ruleIdsOf } from './rule-ids.ts'
import { isOpenAtAll, StateDecisions } from './state-decisions.ts'

/** The rules of a plan, and the decisions that follow from them. */
export interface Plan extends PlanRules {
  /** See `ruleIdsOf`. */
  readonly ruleIds: readonly string[]
  decisionsFor(consentState: string): StateDecisions
}

/** Distinct consent states that one plan remembers decisions for; beyond it they are worked out afresh. */
const REMEMBERED_STATES = 2_000

export function compilePlan(selection: Selection, grant: Grant, policy: Policy): Plan {
  const paths = new Map<string, string[]>()
  for (const { coordinate, path } of selection.personal) {
    const known = paths.get(coordinate)
    if (known) known.push(path)
    else paths.set(coordinate, [path])
  }
  const order = [...fieldRules.keys(), ...Object.keys(derivedFields)]
  const coordinates = [...paths.keys()].sort((a, b) => order.indexOf(a) - order.indexOf(b))
  const treatments = treatmentsOf(policy, grant)
  const remembered = new Map<string, StateDecisions>()
  const plan: Plan = {
    selection,
    grant,
    policy,
    ruleIds: ruleIdsOf(grant),
    treatments,
    columns: columnsOf(coordinates, grant, treatments),
    coordinates,
    paths,
    touchesPersons: coordinates.length > 0,
    decisionsFor(consentState) {
      const found = remembered.get(consentState)
      if (found) return found
      if (remembered.size >= REMEMBERED_STATES) remembered.clear()
      const decisions = new StateDecisions(plan, consentState)
      remembered.set(consentState, decisions)
      return decisions
    },
  }
  return plan
}

/** What neither role nor purpose opens, whatever people decide, is not even read. */
function columnsOf(
  coordinates: readonly string[],
  grant: Grant,
  treatments: CategoryTreatments,
): ReadonlySet<ReadColumn> {
  const columns = new Set<ReadColumn>()
  // Who is seen depends on them.
  if (grant.segments !== null) columns.add('segment_keys')
  for (const coordinate of coordinates) {
    const rule = fieldRules.get(coordinate)
    if (rule && isOpenAtAll({ grant, treatments }, rule.category))
      for (const column of rule.columns) columns.add(column)
    if (coordinate === 'Profile.segments') columns.add('memberships')
    if (coordinate === 'Profile.recommendations') columns.add('recommended')
  }
  return columns
}
