import type { Instant } from '../../kernel/time.ts'
import type { AuditEntry, AuditOutcome } from './entry.ts'

/**
 * The trail.
 * An implementation MUST have made every leaf durable before `append` resolves, MUST keep the exact bytes it was given,
 * MUST number entries contiguously from 0 over all gateways, and MUST reject with Refusal AUDIT_UNAVAILABLE rather than
 * resolve in doubt; after a failed sync it MUST go on refusing until restarted. A caller MUST NOT release a byte before.
 */
export interface AuditLog {
  append(leaves: readonly AuditLeaf[]): Promise<void>
  size(): Promise<number>
  /** As many of the first entries as would survive a power cut now, whichever process has appended them. */
  durableSize(): Promise<number>
  /** Entries by filter, newest first; the index of derived columns is brought up to date first. */
  find(
    filter: AuditFilter,
    page: { limit: number; before: number | null },
  ): Promise<readonly StoredAuditEntry[]>
}

/** The exact bytes of one JSON line (no newline) and their RFC 6962 leaf hash. */
export interface AuditLeaf {
  readonly entryId: string
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  /** What the bytes say, for whoever has just written them. */
  readonly entry?: AuditEntry
}

export interface AuditFilter {
  readonly from?: Instant
  readonly to?: Instant
  readonly clientId?: string
  readonly audience?: string
  readonly purpose?: string
  readonly outcome?: AuditOutcome
  /** Path of a field that was disclosed in any form, such as `contact.email`. */
  readonly field?: string
  /** Name of what an administrative entry did, such as `audit.discarded`. */
  readonly action?: string
  /** Audit references of one person: one for each subject that was merged into them. */
  readonly subjectRefs?: readonly string[]
  /** Values of arguments, any of them, as `argumentLookUp` names them. */
  readonly argumentHmacs?: readonly Uint8Array[]
  readonly requestId?: string
}

export interface StoredAuditEntry {
  readonly index: number
  readonly leafHash: Uint8Array
  readonly bytes: Uint8Array
  readonly entry: AuditEntry
}
