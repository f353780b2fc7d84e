import type { Instant } from '../../kernel/time.ts'
import type { HeldBudget, Scope, TokenLimits } from './principal.ts'

/** What a signed access token says (RFC 9068). Instants have whole seconds: the format carries no more. */
export interface TokenClaims {
  readonly clientId: string
  /** The client itself, or the pseudonym, in the client's audience, of the person it acts for. */
  readonly sub: string
  /** Clients that vouched for the person, the last one first (RFC 8693 §4.1); none on a client's own token. */
  readonly actors: readonly string[]
  /** Of the client when it was issued (RFC 9068 §2.2.3.1): one that it is given later is not the token's. */
  readonly roles: readonly string[]
  readonly scopes: readonly Scope[]
  readonly limits: TokenLimits
  /** Thumbprint of the key that the holder must prove to have (RFC 9449 §6); null: whoever bears it. */
  readonly jkt: string | null
  readonly jti: string
  /** Ids of the tokens it was narrowed from, the nearest first: it ends when one of them is revoked. */
  readonly madeFrom: readonly string[]
  /** Of those, the budgets that they have, the nearest first; absent: none has any. */
  readonly budgetsFrom?: readonly HeldBudget[]
  readonly issuedAt: Instant
  readonly expiresAt: Instant
}

/**
 * Signs and reads access tokens.
 * An implementation MUST accept one algorithm and one token type, its own issuer and audience, and MUST answer null to
 * everything else: another signature, expired at `now`, a claim missing or of the wrong type.
 */
export interface TokenSigner {
  /** The public keys under which `sign` signs, as JWK (RFC 7517): whoever takes such tokens elsewhere checks them by it. */
  keySet(): readonly Readonly<Record<string, unknown>>[]
  sign(claims: TokenClaims): Promise<string>
  verify(token: string, now: Instant): Promise<TokenClaims | null>
}
