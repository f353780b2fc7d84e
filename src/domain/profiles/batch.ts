import type { Instant } from '../../kernel/time.ts'

/** What the rows of a batch are. `live` batches collect, per source and UTC day, what comes in one by one. */
export const batchKinds = [
  'customers',
  'events',
  'items',
  'identities',
  'consents',
  'live',
] as const
export type BatchKind = (typeof batchKinds)[number]

/** Exact accounting: received = accepted + quarantined + duplicates + suppressed, always. */
export interface IngestCounts {
  readonly received: number
  readonly accepted: number
  readonly quarantined: number
  readonly duplicates: number
  /** Rows about somebody who was erased: not taken, and not kept. */
  readonly suppressed: number
}

/** Rows that came in together and can be taken back together. */
export interface Batch {
  readonly id: string
  readonly source: string
  readonly kind: BatchKind
  /** Same file and same mapping: the same fingerprint. */
  readonly fingerprint: string
  readonly state: 'running' | 'finished' | 'undone'
  /** Number of the last row that was taken; a restart goes on behind it. */
  readonly position: number
  readonly counts: IngestCounts
  readonly startedAt: Instant
  readonly finishedAt: Instant | null
}
