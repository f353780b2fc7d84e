import type { Instant } from '../../kernel/time.ts'

/**
 * What happens without leaving an entry, because nobody vouches for who did it or because a client has used up its
 * denials: entries of that would let a stranger fill the trail. Counted instead.
 */
export const securityEvents = [
  'no-credential',
  'bad-token',
  'retired-token',
  'bad-proof',
  'bad-cookie',
  'bad-client-proof',
  'bad-witness',
  'foreign-host',
  'foreign-origin',
  'denied-beyond-budget',
  'rate-limited',
] as const
export type SecurityEvent = (typeof securityEvents)[number]

/** One of the counted: enough to find its line in the log, nothing that came from the caller. */
export interface SecuritySample {
  readonly at: Instant
  /** As in the response header `request-id` and in the log; null where it never became a request. */
  readonly requestId: string | null
  /** A registered client whose credential it was or would have been; null: none that is known. */
  readonly clientId: string | null
}

/** How often it happened within one minute. */
export interface SecurityCount {
  /** Its first instant. */
  readonly minute: Instant
  readonly event: SecurityEvent
  readonly count: number
  /** The first few of them, at most `SAMPLES`. */
  readonly samples: readonly SecuritySample[]
}

/** Samples that are kept of one event in one minute, over all gateways. */
export const SAMPLES = 5

/**
 * Counts of all gateways, one row per minute and event however many there were.
 * An implementation MUST add up what several gateways bring for the same minute, and MUST keep no more than `SAMPLES`.
 */
export interface SecurityCountStore {
  add(counts: readonly SecurityCount[]): Promise<void>
  /** Newest first: minutes that begin within [from, to). */
  find(from: Instant, to: Instant, limit: number): Promise<readonly SecurityCount[]>
  /** @returns how many rows went. */
  discardBefore(minute: Instant): Promise<number>
}
