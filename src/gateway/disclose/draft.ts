import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { ReadRow } from '../../domain/profiles/read-model.ts'
import type { Segment } from '../../domain/segments/rule.ts'
import type { Scope } from '../scope/scope.ts'
import type { OpenedPseudonyms } from './opened-pseudonyms.ts'
import type { Plan } from './plan.ts'
import type { StateDecisions } from './state-decisions.ts'

/** One row on its way out. Each step adds what it decided; a step that says no ends the way. */
export interface Draft {
  readonly scope: Scope
  readonly plan: Plan
  readonly keys: KeyStore
  readonly pseudonyms: OpenedPseudonyms
  /** Definitions by key; empty where the caller is not limited to segments. */
  readonly defined: ReadonlyMap<string, Segment>
  readonly row: ReadRow
  decisions: StateDecisions | null
  /** Reference of the person in the trail. */
  ref: string | null
  id: string
  groups: Record<string, Record<string, unknown>>
  own: Record<string, unknown>
}
