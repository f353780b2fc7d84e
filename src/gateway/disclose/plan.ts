import { type CategoryTreatments, treatmentsOf } from '../../domain/access/ability.ts'
import type { Grant } from '../../domain/access/grant.ts'
import type { Scope as TokenScope } from '../../domain/access/principal.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { ReadColumn } from '../../domain/profiles/read-model.ts'
import { derivedFields, fieldRules } from './fields.ts'
import { StateDecisions } from './state-decisions.ts'

/** A document's operation as the doors see it: no GraphQL left in it. */
export interface Selection {
  readonly operation: 'query' | 'mutation' | 'subscription'
  readonly operationName: string | null
  /** Hash of the document, as it stands in the audit entry. */
  readonly documentId: string
  /** Personal fields: schema coordinate and path of the response without list positions. */
  readonly personal: readonly { readonly coordinate: string; readonly path: string }[]
  /** Scopes that the root fields ask for. */
  readonly scopes: readonly TokenScope[]
  /** Root fields, for messages and metrics. */
  readonly rootFields: readonly string[]
}

/**
 * What an operation touches, decided as far as it can be before any row is read: the columns needed, and for each
 * consent state (few distinct ones exist) the treatment of every field. Shared by all requests with the same document,
 * purpose, grant and policy version; it holds nothing of a person.
 */
export interface Plan {
  readonly selection: Selection
  readonly grant: Grant
  readonly policy: Policy
  readonly treatments: CategoryTreatments
  readonly columns: ReadonlySet<ReadColumn>
  /** Coordinates selected, each once, in order of the field table: the same for any spelling of a query. */
  readonly coordinates: readonly string[]
  /** Coordinate -> paths of the response. */
  readonly paths: ReadonlyMap<string, readonly string[]>
  /** Some personal field is selected: a purpose is required. */
  readonly touchesPersons: boolean
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
    columns: columnsOf(coordinates),
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

function columnsOf(coordinates: readonly string[]): ReadonlySet<ReadColumn> {
  const columns = new Set<ReadColumn>()
  for (const coordinate of coordinates) {
    for (const column of fieldRules.get(coordinate)?.columns ?? []) columns.add(column)
    if (coordinate === 'Profile.segments') columns.add('memberships')
    if (coordinate === 'Profile.recommendations') columns.add('recommended')
  }
  return columns
}
