import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { SealedMessage } from '../delivery/outbox.ts'
import type { IndexedIdentifier } from './resolution.ts'
import type { HeldRequest } from './subject-request-store.ts'

/**
 * How far an erasure has come. `begun`: nothing of the person can be read any more; `keyless`: keys are destroyed;
 * `stopped`: no store knows them, and no index.
 */
export const erasureStates = ['begun', 'keyless', 'stopped'] as const
export type ErasureState = (typeof erasureStates)[number]

/** One erasure. It names nobody: its id is random, and whose keys it destroys it forgets with them. */
export interface ErasureRecord {
  readonly id: string
  readonly state: ErasureState
  /** Whose keys are still to be destroyed. */
  readonly subjects: readonly SubjectId[]
  /** References and argument look-ups under which the index of the trail is still to forget them. */
  readonly refs: readonly string[]
  readonly lookUps: readonly Uint8Array[]
  /** Rows removed, by table. */
  readonly removed: Readonly<Record<string, number>>
  readonly begunAt: Instant
  readonly stoppedAt: Instant | null
  /** When the first recommender model was fitted without them; null: not yet, or there was none. */
  readonly refittedAt: Instant | null
  /** When the tables were written anew without what was deleted; null: not yet. */
  readonly rewrittenAt: Instant | null
  /** When the write-ahead log held nothing of it any more; null: not yet. */
  readonly goneAt: Instant | null
}

/** What a person's rows hold that says where else something of them lies. */
export interface PersonTraces {
  /** All subjects that were merged into the person. */
  readonly members: readonly SubjectId[]
  readonly identifiers: readonly IndexedIdentifier[]
  readonly records: readonly {
    readonly home: SubjectId
    readonly traits: Readonly<Record<string, unknown>>
    /** Category -> base64, as in a StoredRecord. */
    readonly sealed: Readonly<Record<string, string>>
  }[]
}

/** What has to go, or to be remembered, because of these traces. */
export interface ErasurePlan {
  readonly suppressions: readonly Uint8Array[]
  readonly refs: readonly string[]
  readonly lookUps: readonly Uint8Array[]
  /** What recipients are told, by the audience under which they know the person. */
  notices(audiences: readonly string[]): readonly SealedMessage[]
  /** Whether a quarantined row that names nobody legibly is about the person. */
  isAbout(row: { readonly id: string; readonly payload: Uint8Array }): boolean
}

/**
 * Where erasures are kept, and what they take from the database.
 * An implementation MUST remove everything of the person, note the erasure, its suppressions and what partners who were
 * told of the person are to hear in one transaction, so that a crash leaves all of the person or nothing; and MUST lose the race against rows that are being filed with them
 * rather than leave those behind.
 */
export interface ErasureStore {
  /** @returns null where nobody stands under this subject. */
  begin(request: {
    readonly id: string
    readonly subject: SubjectId
    readonly now: Instant
    readonly plan: (traces: PersonTraces) => ErasurePlan
    /** A line of the register of requests, met by this erasure. It names nobody. */
    readonly met?: HeldRequest
  }): Promise<ErasureRecord | null>
  /** Takes these out of the index of the trail, once it has caught up with everything appended before the call. */
  unlist(refs: readonly string[], lookUps: readonly Uint8Array[]): Promise<void>
  /** Notes that an erasure has come to this state; whose it was is forgotten with the state that needs it no more. */
  advance(id: string, state: 'keyless' | 'stopped', now: Instant): Promise<void>
  find(id: string): Promise<ErasureRecord | null>
  /** Those that have not stopped yet, oldest first. */
  unfinished(): Promise<readonly ErasureRecord[]>
  /** The erasure under way of this subject, or null. */
  underWay(subject: SubjectId): Promise<ErasureRecord | null>
  /** Newest first. */
  list(limit: number): Promise<readonly ErasureRecord[]>
  /** Lets the people come back of whom these hashes are left, with all that was suppressed with them. @returns how many identifiers. */
  lift(hashes: readonly Uint8Array[]): Promise<number>
}
