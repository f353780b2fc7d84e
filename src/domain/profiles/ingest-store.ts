import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { SealedMessage } from '../delivery/outbox.ts'
import type { KeptConsent } from '../privacy/kept-consent.ts'
import type { Batch, BatchKind, IngestCounts } from './batch.ts'
import type { TraitValue } from './normalise.ts'
import type { IndexedIdentifier, KnownIdentifier, Resolution, RootSubject } from './resolution.ts'
import type { HeldRequest } from './subject-request-store.ts'

/** One version of a source's record, as it is kept: plain traits, and sealed ones per category under the home's key. */
export interface StoredRecord {
  /** Keyed hash of the source's own key: those keys identify people. */
  readonly recordKey: string
  readonly home: SubjectId
  readonly observedAt: Instant
  readonly receivedAt: Instant
  /** HMAC-SHA256 in hex of what the source said: the same again is a duplicate. */
  readonly contentHash: string
  readonly traits: Readonly<Record<string, TraitValue>>
  /** Category -> base64 of the sealed JSON `{key: value}`; context (home, category). */
  readonly sealed: Readonly<Record<string, string>>
  /** What was sealed. Never stored: it spares the rebuild in the same transaction from opening it again. */
  readonly vault: Vault
}

/** Data category -> values of that category, in plain. */
export type Vault = ReadonlyMap<string, Readonly<Record<string, unknown>>>

export interface StoredEvent {
  readonly messageId: string
  readonly home: SubjectId
  readonly name: string
  readonly occurredAt: Instant
  readonly receivedAt: Instant
  readonly itemId: string | null
  readonly orderId: string | null
  readonly value: number
  readonly properties: Readonly<Record<string, unknown>>
}

export interface StoredConsent extends KeptConsent {
  readonly home: SubjectId
}

export interface StoredItem {
  readonly id: string
  readonly title: string
  readonly category: string | null
  readonly price: number | null
  readonly available: boolean
  readonly attributes: Readonly<Record<string, unknown>>
}

/** What was not taken, sealed under the installation key `quarantine` with the context (`quarantine`, id). */
export interface QuarantinedRow {
  readonly id: string
  readonly rowNumber: number
  readonly kind: string
  /** In words that repeat nothing of the row. */
  readonly reasons: readonly string[]
  readonly payload: Uint8Array
  /** Whom it names, as far as that can be read; null: it can not be read at all. */
  readonly about: readonly IndexedIdentifier[] | null
}

/** Ids of a chunk, to ask which of them were taken before. */
export interface ChunkIds {
  readonly recordKeys: readonly string[]
  readonly messageIds: readonly string[]
  readonly consentIds: readonly string[]
  readonly itemIds: readonly string[]
}

export interface KnownIds {
  /** Record key -> content hash of the version that stands, and homes of all its versions. */
  readonly records: ReadonlyMap<
    string,
    { readonly contentHash: string; readonly homes: readonly SubjectId[] }
  >
  readonly messageIds: ReadonlySet<string>
  readonly consentIds: ReadonlySet<string>
  readonly items: ReadonlyMap<string, StoredItem>
}

/** What a batch contributes when something is written for it. */
export interface BatchOrigin {
  /** Null: a decision of the person, which no undo takes back. */
  readonly id: string | null
  readonly source: string
}

/** Steps of one transaction. Each is a handful of statements, whatever the number of rows. */
export interface IngestTransaction {
  /** Locks the batch until the transaction ends. @throws Refusal NOT_FOUND */
  lockBatch(id: string): Promise<Batch>
  knownIds(source: string, ids: ChunkIds): Promise<KnownIds>
  /**
   * Those of these hashes under which somebody is suppressed, in hex. To be asked after `knownIdentifiers`: an erasure
   * that commits in between has then taken what was found there, and `lockPeople` loses the race.
   */
  suppressed(hashes: readonly Uint8Array[]): Promise<ReadonlySet<string>>
  /** Known ones among these identifiers. */
  knownIdentifiers(identifiers: readonly IndexedIdentifier[]): Promise<readonly KnownIdentifier[]>
  /** Locks the people that these homes belong to, in a fixed order, until the transaction ends; unknown homes are absent. */
  lockPeople(homes: Iterable<SubjectId>): Promise<ReadonlyMap<SubjectId, RootSubject>>
  saveIdentities(origin: BatchOrigin, resolution: Resolution, now: Instant): Promise<void>
  saveRecords(origin: BatchOrigin, records: readonly StoredRecord[]): Promise<void>
  /** Also counts them. */
  saveEvents(origin: BatchOrigin, events: readonly StoredEvent[]): Promise<void>
  saveConsents(origin: BatchOrigin, consents: readonly StoredConsent[]): Promise<void>
  saveItems(origin: BatchOrigin, items: readonly StoredItem[], now: Instant): Promise<void>
  saveQuarantine(
    origin: BatchOrigin,
    rows: readonly QuarantinedRow[],
    receivedAt: Instant,
  ): Promise<void>
  /** Composes the read-model rows of the people that these homes belong to, removes those of former roots, and tells the change feed. */
  rebuild(homes: Iterable<SubjectId>, now: Instant): Promise<void>
  /** A line of the register of requests, met by what this transaction writes. */
  noteMet(request: HeldRequest): Promise<void>
  /** Messages that leave if this transaction commits. */
  tell(messages: readonly SealedMessage[]): Promise<void>
  /** Adds to the counters; `position` null: leaves it. */
  advance(batchId: string, counts: IngestCounts, position: number | null): Promise<void>
  /**
   * Takes everything of a batch back: rows, claims, links and counts; merges come undone where no other link stands.
   * @returns homes whose people must be rebuilt, and subjects that nothing is left of (their keys are to be destroyed).
   */
  takeBack(
    batchId: string,
    now: Instant,
  ): Promise<{ readonly homes: readonly SubjectId[]; readonly gone: readonly SubjectId[] }>
}

/**
 * Where records come to rest. Several gateways may write at once: an implementation MUST lock people in a fixed order,
 * MUST run `work` again when it lost a race (so `work` MUST have no effect outside of the transaction that can't be
 * repeated), and MUST leave nothing behind when `work` throws.
 */
export interface IngestStore {
  transaction<T>(work: (transaction: IngestTransaction) => Promise<T>): Promise<T>
  /** The batch of this source and kind that is running or finished with this fingerprint, else a new one. */
  openBatch(request: {
    readonly id: string
    readonly source: string
    readonly kind: BatchKind
    readonly fingerprint: string
    readonly now: Instant
  }): Promise<Batch>
  finishBatch(id: string, now: Instant): Promise<Batch>
  /** Newest first. */
  batches(): Promise<readonly Batch[]>
}
