import type { ConsentRecord } from './consent.ts'

/** A line of a consent history with how it came about. */
export type KeptConsent = ConsentRecord & ConsentCircumstances

/** How a decision came about, as ISO/IEC TS 27560 wants it known. */
export interface ConsentCircumstances {
  readonly method: string | null
  readonly collectionPoint: string | null
  readonly notice: string | null
  readonly noticeVersion: string | null
  /** SHA-256 of the words that were shown, hex. */
  readonly noticeHash: string | null
  readonly language: string | null
  /** Who told us: a client, or a source. */
  readonly entity: string | null
  /** Places and raw signals; nothing that people wrote. */
  readonly evidence: Readonly<Record<string, unknown>> | null
}
