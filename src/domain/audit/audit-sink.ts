import type { Instant } from '../../kernel/time.ts'

/** One entry as it is sent on. */
export interface SinkRecord {
  readonly time: Instant
  readonly entryId: string
  /** One line without its newline: the entry's exact bytes, or a rendering of it. */
  readonly line: string
}

/**
 * Somebody outside who keeps a copy of the trail, such as a SIEM.
 * An implementation MUST reject where it can not tell that everything was taken over, and MUST NOT put anything of an entry
 * into the error. A caller MUST expect that records arrive more than once.
 */
export interface AuditSink {
  send(records: readonly SinkRecord[]): Promise<void>
  close(): Promise<void>
}

/** How far the trail has been sent, kept for all gateways together. */
export interface SinkPosition {
  /** Number of the first entry that was not sent yet. */
  next(): Promise<number>
  /** MUST be durable when it resolves. */
  advance(next: number): Promise<void>
  /** Runs `work` unless a gateway, this one or another, is at it: then null, at once. */
  alone<T>(work: () => Promise<T>): Promise<T | null>
}
