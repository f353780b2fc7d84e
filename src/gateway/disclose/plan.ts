import { treatmentsOf } from '../../domain/access/ability.ts'
import type { Grant } from '../../domain/access/grant.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { ReadColumn } from '../../domain/profiles/read-model.ts'
import { derivedFields, fieldRules } from './fields.ts'
import type { PlanRules, Selection } from './plan-rules.ts'
import { StateDecisions } from './state-decisions.ts'

/** The rules of a plan, and the decisions that follow from them. */
export interface Plan extends PlanRules {
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
  const remembered = new Map<string, StateDecisions>()
  const plan: Plan = {
    selection,
    grant,
    policy,
    treatments: treatmentsOf(policy, grant),
    columns: columnsOf(coordinates, grant),
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

function columnsOf(coordinates: readonly string[], grant: Grant): ReadonlySet<ReadColumn> {
  const columns = new Set<ReadColumn>()
  // Who is seen depends on them.
  if (grant.segments !== null) columns.add('segment_keys')
  for (const coordinate of coordinates) {
    for (const column of fieldRules.get(coordinate)?.columns ?? []) columns.add(column)
    if (coordinate === 'Profile.segments') columns.add('memberships')
    if (coordinate === 'Profile.recommendations') columns.add('recommended')
  }
  return columns
}
