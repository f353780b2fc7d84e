import type { Treatment } from '../privacy/treatment.ts'
import type { HashedArgument } from './arguments.ts'

export type AuditPhase = 'decision' | 'export' | 'admin'
export type AuditOutcome = 'permit' | 'deny' | 'error'

/** One distinct list of fields and how each was treated; rows of a list share it. */
export interface AuditSet {
  readonly fields: readonly { readonly path: string; readonly treatment: Treatment }[]
}

export interface AuditSubject {
  /** Keyed reference: unlinkable once the person's salt is destroyed. */
  readonly ref: string
  /** Index into `sets`. */
  readonly set: number
  readonly consent: {
    readonly recordId: string | null
    readonly state: string
    readonly source: string
  } | null
}

/**
 * One entry per response (semantics of IHE BALP; privacy.md 1.5). Its log index never stands inside: the leaf is
 * durable before it is numbered. No direct identifier and no free text may enter any field.
 */
export interface AuditEntry {
  readonly v: 1
  readonly entryId: string
  readonly time: string
  readonly requestId: string
  readonly phase: AuditPhase
  readonly outcome: AuditOutcome
  /** Refusal code for deny and error. */
  readonly code?: string
  readonly actor: {
    readonly clientId: string
    /** Pairwise pseudonym (audience `audit`) of the person acted for. */
    readonly userPseudonym: string | null
    readonly roles: readonly string[]
    readonly tokenJti: string | null
    readonly cnfJkt: string | null
  }
  readonly audience: string
  readonly operation: { readonly documentId: string | null; readonly name: string | null }
  readonly purpose: string | null
  readonly purposeIri: string | null
  readonly legalBasis: string | null
  readonly policy: { readonly version: string; readonly ruleIds: readonly string[] }
  readonly sets: readonly AuditSet[]
  readonly subjects: readonly AuditSubject[]
  /** Of a noised count: what it has cost in ε or ρ, what it was paid from, and what was left of that. */
  readonly dp?: {
    readonly epsilon?: number
    readonly rho?: number
    readonly budgetLeft: number
    readonly population: string
    readonly window: string
  }
  /** Of all arguments together, in entries older than `args`; null since. */
  readonly argsHmac: string | null
  /** The arguments, value by value; in the first piece of an entry that was too large for one leaf. */
  readonly args?: readonly HashedArgument[]
  /** Set on the pieces of an entry that was too large for one leaf. */
  readonly part?: { readonly of: string; readonly number: number; readonly count: number }
  /** For fits, exports and changes of rules: what was done, in Bauta's own words and counts. */
  readonly action?: Readonly<Record<string, string | number | boolean | null>>
}
