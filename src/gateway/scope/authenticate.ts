import { apiKeyHash, isApiKey } from '../../domain/access/api-key.ts'
import {
  type Client,
  type ClientStore,
  defaultScopes,
  type Principal,
  type Scope,
} from '../../domain/access/principal.ts'
import type { TokenClaims, TokenSigner } from '../../domain/access/token-signer.ts'
import type { SecurityEvent } from '../../domain/audit/security-counts.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import type { Audiences } from './audiences.ts'
import { type ForeignCallers, rolesThrough } from './foreign-caller.ts'
import { NextAnswer } from './next-answer.ts'
import type { SecurityCounters } from './security-counters.ts'
import type { VisitorCookies } from './visitor-cookie.ts'

/** What a request shows of itself; nothing else identifies a caller. */
export interface Credentials {
  readonly bearer: string | null
  readonly visitorCookie: string | null
  /** For the counts of refusals: which line of the log tells more; absent where nobody asked over HTTP. */
  readonly requestId?: string
}

export interface AuthenticatorParts {
  readonly clients: ClientStore
  readonly signer: TokenSigner
  readonly audiences: Audiences
  readonly cookies: VisitorCookies
  readonly foreign: ForeignCallers
  readonly keys: Pick<KeyStore, 'auditRefOf' | 'refresh'>
  readonly policy: Policy
  readonly counters: SecurityCounters
  readonly clock: Clock
}

/** Roles whose tokens may stand for one person. */
const FOR_A_PERSON: readonly string[] = ['frontend', 'subject']

/** What a token turned out to be, before anybody asks for whom. */
interface Believed {
  readonly client: Client
  /** It was one of ours, and has expired or was revoked, or its client was. */
  readonly isRetired: boolean
  readonly tokenId: string
  readonly expiresAt: Instant | null
  /** Null: all that the client has. */
  readonly scopes: readonly Scope[] | null
  readonly subject: SubjectId | null
  /** Set where an identity provider issued it: in which roles its holder comes. */
  readonly foreign?: { readonly roles: readonly string[]; readonly staff: string | null }
}

/**
 * Decides on whose behalf a request is made. A front end acts for a person only with a signed token that names them; with
 * its own token and a visitor cookie it acts for that visitor, with neither for nobody, in both cases as `visitor`.
 * Tokens are looked up for every request, because a revocation must count at once.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts
  readonly #tokens: NextAnswer<Awaited<ReturnType<ClientStore['findToken']>>>
  readonly #clients: NextAnswer<Awaited<ReturnType<ClientStore['find']>>>
  readonly #revocations: NextAnswer<boolean>

  constructor(parts: AuthenticatorParts) {
    const { clients } = parts
    this.#parts = parts
    this.#tokens = new NextAnswer((hash) => clients.findToken(Buffer.from(hash, 'base64')))
    this.#clients = new NextAnswer((id) => clients.find(id))
    this.#revocations = new NextAnswer((jti) => clients.isRevoked(jti))
  }

  /**
   * A refusal is counted and leaves no entry: whoever has no valid token must not be able to fill the trail.
   * @throws Refusal UNAUTHENTICATED: unknown, malformed, expired, revoked, or of a disabled client; PROVIDER_UNAVAILABLE.
   */
  async authenticate(credentials: Credentials): Promise<Principal> {
    const { bearer } = credentials
    if (bearer === null) {
      this.#count('no-credential', credentials)
      throw new Refusal('UNAUTHENTICATED', 'Show a token: Authorization: Bearer …')
    }
    const now = this.#parts.clock.now()
    const believed = bearer.includes('.')
      ? ((await this.#signedToken(bearer, now)) ?? (await this.#foreignToken(bearer, now)))
      : await this.#apiKey(bearer, now)
    if (!believed || believed.isRetired) {
      // A known client's old token tells more than one of many guesses, and must not drown among them.
      this.#count(believed ? 'retired-token' : 'bad-token', credentials, believed?.client)
      throw notValid()
    }
    const { client, subject } = believed
    if (subject !== null && (await this.#isErased(subject))) {
      this.#count('retired-token', credentials, client)
      throw notValid()
    }
    if (subject !== null || !client.roles.includes('frontend')) {
      const device = this.#device(credentials, believed, now)
      const roles = believed.foreign?.roles ?? client.roles
      return { ...this.#principal(believed, roles, subject), ...(device && { device }) }
    }
    return this.#principal(believed, ['visitor'], await this.#visitor(credentials, client, now))
  }

  /** Whoever was acted for had keys; without them, they were erased. Keys may have come since this process last looked. */
  async #isErased(subject: SubjectId): Promise<boolean> {
    const { keys } = this.#parts
    if (keys.auditRefOf(subject) !== null) return false
    await keys.refresh()
    return keys.auditRefOf(subject) === null
  }

  #count(event: SecurityEvent, { requestId }: Credentials, client?: Client): void {
    this.#parts.counters.note(event, {
      requestId: requestId ?? null,
      clientId: client?.id ?? null,
    })
  }

  async #apiKey(key: string, now: Instant): Promise<Believed | null> {
    if (!isApiKey(key)) return null
    const found = await this.#tokens.to(apiKeyHash(key).toString('base64'))
    if (!found) return null
    const { client, token } = found
    const { id, expiresAt, revokedAt } = token
    const isRetired =
      client.disabledAt !== null || revokedAt !== null || (expiresAt !== null && expiresAt <= now)
    return { client, isRetired, tokenId: id, expiresAt, scopes: null, subject: null }
  }

  async #signedToken(token: string, now: Instant): Promise<Believed | null> {
    const claims = await this.#parts.signer.verify(token, now)
    if (!claims) return null
    const [client, isRevoked] = await Promise.all([
      this.#clients.to(claims.clientId),
      this.#revocations.to(claims.jti),
    ])
    if (!client) return null
    const isRetired = isRevoked || client.disabledAt !== null
    const subject = this.#personOf(claims, client)
    if (subject === null && claims.sub !== client.id) return null
    const { jti: tokenId, expiresAt, scopes } = claims
    return { client, isRetired, tokenId, expiresAt, scopes, subject }
  }

  /** Of the customer's own identity provider. Whoever is not known here acts for nobody, as if they had not signed in. */
  async #foreignToken(token: string, now: Instant): Promise<Believed | null> {
    const caller = await this.#parts.foreign.understand(token, now)
    if (!caller) return null
    const { clientId, staff, ...believed } = caller
    const client = await this.#clients.to(clientId)
    const roles = client && rolesThrough(client, caller)
    if (!roles) return null
    const scopes = roles.flatMap(
      (role): readonly Scope[] => defaultScopes[role] ?? ['profile:read'],
    )
    const isRetired = client.disabledAt !== null
    return { ...believed, client, isRetired, scopes, foreign: { roles, staff } }
  }

  /** Somebody must have vouched for the person, and the client must be one that acts for people. */
  #personOf({ actor, sub }: TokenClaims, client: Client): SubjectId | null {
    if (actor === null || !client.roles.some((role) => FOR_A_PERSON.includes(role))) return null
    return this.#parts.audiences.of(client.audience).open(sub)
  }

  /** Of a request that acts for a person: what its cookie adds, if it is one of ours. It opens nothing. */
  #device({ visitorCookie }: Credentials, { client, subject }: Believed, now: Instant) {
    if (subject === null || visitorCookie === null) return null
    const device = this.#parts.cookies.open(visitorCookie, client, now)
    return device === subject ? null : device
  }

  async #visitor(
    credentials: Credentials,
    client: Client,
    now: Instant,
  ): Promise<SubjectId | null> {
    const { visitorCookie } = credentials
    if (visitorCookie === null) return null
    const visitor = this.#parts.cookies.open(visitorCookie, client, now)
    if (visitor === null || (await this.#isErased(visitor))) {
      this.#count('bad-cookie', credentials, client)
      throw new Refusal(
        'UNAUTHENTICATED',
        'The visitor cookie is not valid; POST /v1/visitor sets a new one.',
      )
    }
    return visitor
  }

  #principal(believed: Believed, roles: readonly string[], subject: SubjectId | null): Principal {
    const { client, tokenId, expiresAt, foreign } = believed
    const limits = [believed.scopes, roles.includes('visitor') ? defaultScopes.visitor : null]
    const scopes = client.scopes.filter((scope) =>
      limits.every((limit) => limit?.includes(scope) ?? true),
    )
    const purposes = new Set(
      client.purposes.filter((key) => {
        const purpose = this.#parts.policy.purposes.get(key)
        return roles.some((role) => purpose?.roles.has(role))
      }),
    )
    const { defaultPurpose: wanted } = client
    const defaultPurpose = wanted !== null && purposes.has(wanted) ? wanted : null
    return {
      client,
      roles,
      scopes: new Set(scopes),
      subject,
      purposes,
      defaultPurpose,
      tokenId,
      expiresAt,
      subjects: null,
      cnfJkt: null,
      ...(foreign && { foreign: { staff: foreign.staff } }),
    }
  }
}

// One message for every cause: which one it was would help only those who try keys.
function notValid(): Refusal {
  return new Refusal('UNAUTHENTICATED', 'The token is not valid.')
}
