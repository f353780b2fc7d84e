import type { CategoryTreatments } from '../../domain/access/ability.ts'
import type { Grant } from '../../domain/access/grant.ts'
import type { Scope as TokenScope } from '../../domain/access/principal.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { ReadColumn } from '../../domain/profiles/read-model.ts'

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
  /** Root fields. */
  readonly rootFields: readonly string[]
}

/**
 * What an operation touches, decided as far as it can be before any row is read: the columns needed, and for each
 * consent state (few distinct ones exist) the treatment of every field. Shared by all requests with the same document,
 * purpose, grant and policy version; it holds nothing of a person.
 */
export interface PlanRules {
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
}
