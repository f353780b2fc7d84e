import type { Instant } from '../../kernel/time.ts'

/** Algorithms of proofs: asymmetric ones with keys of one size, so that a stranger's key can't make a check costly. */
export const PROOF_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519'] as const

/** What a proof of possession says (RFC 9449 §4.2), once its signature holds under the key that it brings along. */
export interface DpopProof {
  /** Thumbprint of that key (RFC 7638, SHA-256). */
  readonly jkt: string
  readonly jti: string
  /** Method and address of the request that it was made for. */
  readonly htm: string
  readonly htu: string
  readonly issuedAt: Instant
  /** Hash of the token that it was made for; null: for none. */
  readonly ath: string | null
}

/**
 * Reads proofs.
 * An implementation MUST accept PROOF_ALGORITHMS, the type `dpop+jwt` and a public key in the header, and MUST answer null
 * to everything else: another signature, a private key, a claim missing or of the wrong type.
 */
export interface DpopReader {
  read(proof: string, now: Instant): Promise<DpopProof | null>
}

/**
 * Remembers which proofs were used, so that none is used twice (RFC 9449 §11.1).
 * An implementation MUST answer true to one caller only within the lifetime, in its own process at least.
 */
export interface UsedProofs {
  /** @param lifetime milliseconds for which it must be remembered. */
  take(id: string, lifetime: number): Promise<boolean>
}
