import type { Instant } from '../../kernel/time.ts'

/** Signatures that are believed: asymmetric ones (RFC 7518, RFC 8037, RFC 9864), so that whoever checks them can make none. */
export const foreignAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
] as const
export type ForeignAlgorithm = (typeof foreignAlgorithms)[number]

/** What a token is, by its header (RFC 8725 §3.11): an ID token, or an access token (RFC 9068 §2.1). */
export const foreignTypes = ['JWT', 'at+jwt'] as const
export type ForeignType = (typeof foreignTypes)[number]

/** Kinds of identifier that a sign-in stands behind. */
export const personKinds = ['email', 'phone', 'userId', 'crmId', 'providerSubject'] as const
export type PersonKind = (typeof personKinds)[number]

/** People of the customer: a claim is the identifier by which they are known here. */
export interface PersonClaim {
  readonly claim: string
  readonly kind: PersonKind
}

/** People of the staff: values of a claim are roles here. */
export interface RoleClaim {
  readonly claim: string
  readonly roleOf: ReadonlyMap<string, string>
}

/** An identity provider of the customer, and for whom its tokens speak here. */
export interface IdentityProvider {
  readonly issuer: string
  readonly audience: string
  /** Where it publishes its keys. */
  readonly jwks: URL
  readonly algorithms: readonly ForeignAlgorithm[]
  readonly type: ForeignType
  /** How far its clock may be off. */
  readonly clockTolerance: Instant
  /** The client through which its people come: its audience, purposes and limits hold for them. */
  readonly clientId: string
  readonly people: { readonly person: PersonClaim } | { readonly roles: RoleClaim }
}

/** A token of an identity provider, once it has been believed. */
export interface ForeignToken {
  readonly provider: IdentityProvider
  readonly claims: Readonly<Record<string, unknown>>
  /** Until when it is believed: its own expiry, and as much later as the provider's clock may be behind. */
  readonly expiresAt: Instant
}

/**
 * Reads tokens of identity providers.
 * An implementation MUST check signature, algorithm, type, issuer, audience and expiry against one registered provider, and
 * MUST answer null to everything else. Where the keys of a provider can not be had it MUST refuse (Refusal
 * PROVIDER_UNAVAILABLE): it believes nobody in its stead.
 */
export interface ForeignTokens {
  read(token: string, now: Instant): Promise<ForeignToken | null>
}
