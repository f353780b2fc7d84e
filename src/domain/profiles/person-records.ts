import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

/** Data category -> base64 of the sealed JSON `{key: value}`; context (home, category), as in a StoredRecord. */
export type SealedValues = Readonly<Record<string, string>>

/** What one source says about a person, as it is kept. */
export interface KeptRecord {
  readonly home: SubjectId
  readonly source: string
  readonly observedAt: Instant
  readonly receivedAt: Instant
  readonly traits: Readonly<Record<string, unknown>>
  readonly sealed: SealedValues
}

/** What a person did, as it is kept. */
export interface KeptEvent {
  readonly home: SubjectId
  readonly source: string
  readonly messageId: string
  readonly name: string
  readonly at: Instant
  readonly itemId: string | null
  readonly orderId: string | null
  readonly value: number
  readonly properties: Readonly<Record<string, unknown>>
}

/** Everything that came in about one person, as far as it stands: for the person alone, who may ask for all of it. */
export interface PersonRecords {
  /** The standing version of each record, by source and time. */
  recordsOf(subject: SubjectId): Promise<readonly KeptRecord[]>
  /** Oldest first, page by page. */
  eventsOf(subject: SubjectId): AsyncIterable<readonly KeptEvent[]>
}
