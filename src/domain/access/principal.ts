import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

/** What a holder may do at all; roles and purposes then decide about each field. */
export const scopes = [
  'profile:read',
  'profile:contact',
  'profile:lookup',
  'profile:search',
  'segments:read',
  'segments:write',
  'recommendations:read',
  'items:write',
  'events:write',
  'consent:write',
  'rights:write',
  'audit:read',
  'audit:export',
  'tokens:exchange',
  'clients:write',
  'health:read',
] as const
export type Scope = (typeof scopes)[number]

/** Scopes a client has when its registration names none. */
export const defaultScopes: Readonly<Record<string, readonly Scope[]>> = {
  subject: [
    'profile:read',
    'profile:contact',
    'segments:read',
    'recommendations:read',
    'consent:write',
    'rights:write',
    'events:write',
  ],
  frontend: [
    'profile:read',
    'profile:contact',
    'segments:read',
    'recommendations:read',
    'consent:write',
    'rights:write',
    'events:write',
  ],
  visitor: [
    'profile:read',
    'segments:read',
    'recommendations:read',
    'consent:write',
    'rights:write',
    'events:write',
  ],
  partner: ['profile:read', 'profile:search', 'segments:read', 'recommendations:read'],
  analyst: ['profile:read', 'segments:read', 'recommendations:read'],
  marketer: [
    'profile:read',
    'profile:contact',
    'profile:search',
    'profile:lookup',
    'segments:read',
    'segments:write',
    'recommendations:read',
    'items:write',
  ],
  support: ['profile:read', 'profile:contact', 'profile:lookup', 'profile:search'],
  compliance: [
    'profile:read',
    'profile:contact',
    'profile:lookup',
    'profile:search',
    'segments:read',
    'recommendations:read',
    'audit:read',
    'audit:export',
    'consent:write',
    'rights:write',
    'health:read',
  ],
  admin: ['segments:read', 'segments:write', 'items:write', 'clients:write', 'health:read'],
  ingest: ['events:write', 'items:write', 'consent:write', 'tokens:exchange'],
}

const CLIENT_ID = /^[A-Za-z][A-Za-z0-9._-]{0,62}$/

/** Whether a client could have this id; no other text need be looked up. */
export function isClientId(text: string): boolean {
  return CLIENT_ID.test(text)
}

/** A registered caller: a front end, a partner, a person of the staff, a feeding system. */
export interface Client {
  readonly id: string
  readonly name: string
  readonly roles: readonly string[]
  /** Domain of its pseudonyms; also the recipient that consent must name. */
  readonly audience: string
  readonly scopes: readonly Scope[]
  /** Purposes it may declare; always within what its roles may. */
  readonly purposes: readonly string[]
  readonly defaultPurpose: string | null
  /** Null: all that the roles allow. */
  readonly categories: readonly string[] | null
  readonly segments: readonly string[] | null
  /** For ingest: whether its identifiers are verified (server key) or not (public key). */
  readonly writeKey: 'public' | 'server' | null
  /** Look-ups by identifier per UTC day; null: no limit (staff). */
  readonly lookupsPerDay: number | null
  /** Requests, and units of estimated cost, within any minute; null: those of the installation. */
  readonly requestsPerMinute: number | null
  readonly costPerMinute: number | null
  /** Origins of pages that may call in this client's name: `https://shop.example`. */
  readonly origins: readonly string[]
  /** May send documents that were not registered (development only). */
  readonly adhoc: boolean
  readonly disabledAt: Instant | null
}

/** To what a token is limited beyond its client; null: no further. A narrower token can be made of it, never a wider one. */
export interface TokenLimits {
  readonly purposes: readonly string[] | null
  readonly categories: readonly string[] | null
  /** The holder sees members of at least one of these segments only. */
  readonly segments: readonly string[] | null
  /** People, by pseudonyms in the client's audience. */
  readonly subjects: readonly string[] | null
  readonly requestsPerMinute: number | null
  readonly costPerMinute: number | null
  readonly lookupsPerDay: number | null
}

export const NO_LIMITS: TokenLimits = {
  purposes: null,
  categories: null,
  segments: null,
  subjects: null,
  requestsPerMinute: null,
  costPerMinute: null,
  lookupsPerDay: null,
}

/** What a token that others were made of may spend within a minute; null: as its client. */
export interface HeldBudget {
  /** Of that token. */
  readonly jti: string
  readonly requestsPerMinute: number | null
  readonly costPerMinute: number | null
}

/** For whom one request is made, once its credentials have been believed. */
export interface Principal {
  /** As registered, narrowed by the limits of the token. */
  readonly client: Client
  /** The client's own budgets, where the token narrows them: all tokens of a client share these. */
  readonly registered?: Pick<Client, 'requestsPerMinute' | 'costPerMinute'>
  /** Budgets of the tokens that this one was narrowed from, the nearest first: all that are made of one share its. */
  readonly budgetsFrom?: readonly HeldBudget[]
  /** Effective roles: a front end acting for a person has `frontend`, for an unknown visitor `visitor`. */
  readonly roles: readonly string[]
  readonly scopes: ReadonlySet<Scope>
  /** The person or visitor acted for; they see no one else. */
  readonly subject: SubjectId | null
  /** The visitor whose cookie came along with a token for a person: the device, as it was known before. */
  readonly device?: SubjectId
  /** Purposes this token may declare. */
  readonly purposes: ReadonlySet<string>
  readonly defaultPurpose: string | null
  readonly tokenId: string
  readonly expiresAt: Instant | null
  /** The people to whom the token is limited; null: all whom the client may see. */
  readonly subjects: readonly SubjectId[] | null
  /** Thumbprint (RFC 7638) of the key that the token is bound to (RFC 9449); null: a bearer token. */
  readonly cnfJkt: string | null
  /** An identity provider of the customer vouches for whoever bears the token; absent: the token or key is one of ours. */
  readonly foreign?: {
    /** Somebody of the staff, as the trail names them; null: a person of the customer. */
    readonly staff: string | null
  }
}

/** Clients and their tokens. Tokens are stored as SHA-256 only. */
export interface ClientStore {
  /** The client with this id; disabled ones too. Null for whatever strangers send in the place of one. */
  find(id: string): Promise<(Client & { readonly secretHash: string | null }) | null>
  /** Registers a client with its first key; false, and nothing has changed, when its id is taken. */
  add(client: Client, secretHash: string | null, key: StoredToken): Promise<boolean>
  /**
   * From now on this is the only key of its client. All at once, and nothing where the client is disabled by then: false.
   * A revocation made meanwhile must not be undone.
   * @param secretHash of a new secret; null: what there was stays.
   */
  renew(key: StoredToken, secretHash: string | null): Promise<boolean>
  /** Ends a registration with all of its stored tokens; false when it had ended before. */
  disable(id: string, at: Instant): Promise<boolean>
  /** Takes the place of the hash that was read, unless that was replaced meanwhile: a rotation must not be undone. */
  replaceSecretHash(id: string, from: string, to: string): Promise<void>
  list(): Promise<readonly Client[]>
  /** The token with this hash and its client, in one look-up; expired and revoked ones too. */
  findToken(hash: Uint8Array): Promise<{ token: StoredToken; client: Client } | null>
  revokeToken(id: string, at: Instant): Promise<boolean>
  isRevoked(tokenId: string): Promise<boolean>
  /** Counts one look-up of the UTC day; false when the budget was used up already. Atomic over all gateways. */
  spendLookup(clientId: string, day: string, budget: number): Promise<boolean>
  /** Counts one use of the UTC day, such as a denial; how many there were with this one. Atomic over all gateways. */
  countUse(clientId: string, what: string, day: string): Promise<number>
  /** How many uses of the UTC day were counted so far. */
  usesOf(clientId: string, what: string, day: string): Promise<number>
}

export interface StoredToken {
  readonly id: string
  readonly hash: Uint8Array
  readonly clientId: string
  readonly createdAt: Instant
  readonly expiresAt: Instant | null
  readonly revokedAt: Instant | null
}
