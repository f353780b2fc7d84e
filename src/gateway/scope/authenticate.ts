import { apiKeyHash, isApiKey } from '../../domain/access/api-key.ts'
import {
  type Client,
  type ClientStore,
  defaultScopes,
  type Principal,
  type Scope,
} from '../../domain/access/principal.ts'
import { narrowedClient, scopesWithin } from '../../domain/access/token-limits.ts'
import type { TokenClaims, TokenSigner } from '../../domain/access/token-signer.ts'
import type { SecurityEvent } from '../../domain/audit/security-counts.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import type { Audiences } from './audiences.ts'
import { type Believed, principalOf } from './believed.ts'
import type { DpopProofs, ShownProof } from './dpop-proofs.ts'
import { type ForeignCallers, rolesThrough } from './foreign-caller.ts'
import { NextAnswer } from './next-answer.ts'
import type { SecurityCounters } from './security-counters.ts'
import type { VisitorCookies } from './visitor-cookie.ts'

/** What a request shows of itself; nothing else identifies a caller. */
export interface Credentials {
  readonly bearer: string | null
  /** Of the key that the token is bound to; null or absent: the token was shown as a bearer token. */
  readonly proof?: ShownProof | null
  readonly visitorCookie: string | null
  /** For the counts of refusals: which line of the log tells more; absent where nobody asked over HTTP. */
  readonly requestId?: string
}

export interface AuthenticatorParts {
  readonly clients: ClientStore
  readonly signer: TokenSigner
  readonly proofs: DpopProofs
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

/**
 * Decides on whose behalf a request is made. A front end acts for a person only with a signed token that names them; with
 * its own token and a visitor cookie it acts for that visitor, with neither for nobody, in both cases as `visitor`.
 * Tokens are looked up for every request, because a revocation must count at once.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts
  readonly #tokens: NextAnswer<Awaited<ReturnType<ClientStore['findToken']>>>
  readonly #clients: NextAnswer<Client | null>
  readonly #revocations: NextAnswer<boolean>

  constructor(parts: AuthenticatorParts) {
    const { clients } = parts
    this.#parts = parts
    this.#tokens = new NextAnswer((hash) => clients.findToken(Buffer.from(hash, 'base64')))
    this.#clients = new NextAnswer(async (id) => withoutSecret(await clients.find(id)))
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
    const believed = (await this.believe(bearer)) ?? (await this.#foreignToken(bearer, now))
    if (!believed || believed.isRetired) {
      // A known client's old token tells more than one of many guesses, and must not drown among them.
      this.#count(believed ? 'retired-token' : 'bad-token', credentials, believed?.client)
      throw notValid()
    }
    const { client, subject } = believed
    const jkt = believed.claims?.jkt ?? null
    if (!(await this.#parts.proofs.cover(bearer, jkt, credentials.proof ?? null))) {
      this.#count('bad-proof', credentials, client)
      throw notProven(jkt)
    }
    if (subject !== null || !client.roles.includes('frontend')) {
      const device = this.#device(credentials, believed, now)
      const roles = believed.foreign?.roles ?? client.roles
      return {
        ...principalOf(believed, roles, subject, this.#parts.policy),
        ...(device && { device }),
      }
    }
    return principalOf(
      believed,
      ['visitor'],
      await this.#visitor(credentials, client, now),
      this.#parts.policy,
    )
  }

  /** What a signed token says that would be believed now, whoever shows it; null: any other. */
  async held(token: string): Promise<TokenClaims | null> {
    const believed = await this.believe(token)
    return believed && !believed.isRetired ? believed.claims : null
  }

  /** What a token is, whoever shows it: null where it is none of ours. One that is bound to a key counts only with a proof. */
  async believe(token: string): Promise<Believed | null> {
    const now = this.#parts.clock.now()
    const believed = token.includes('.')
      ? await this.#signedToken(token, now)
      : await this.#apiKey(token, now)
    return believed && (await this.#unlessErased(believed))
  }

  async #unlessErased(believed: Believed): Promise<Believed> {
    const { subject } = believed
    const isErased = subject !== null && (await this.#isErased(subject))
    return isErased ? { ...believed, isRetired: true } : believed
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
    const { id, createdAt: issuedAt, expiresAt, revokedAt } = token
    const isRetired =
      client.disabledAt !== null || revokedAt !== null || (expiresAt !== null && expiresAt <= now)
    return {
      client,
      isRetired,
      tokenId: id,
      claims: null,
      issuedAt,
      expiresAt,
      scopes: null,
      subjects: null,
      subject: null,
    }
  }

  async #signedToken(token: string, now: Instant): Promise<Believed | null> {
    const claims = await this.#parts.signer.verify(token, now)
    return claims && (await this.#believed(claims))
  }

  async #believed(claims: TokenClaims): Promise<Believed | null> {
    const { jti: tokenId, madeFrom, issuedAt, expiresAt, limits, roles } = claims
    const [registered, revoked] = await Promise.all([
      this.#clients.to(claims.clientId),
      Promise.all([tokenId, ...madeFrom].map((jti) => this.#revocations.to(jti))),
    ])
    if (!registered) return null
    const client = narrowedClient(registered, limits, roles)
    const isRetired = revoked.includes(true) || client.disabledAt !== null
    const subject = this.#personOf(claims, client)
    if (subject === null && claims.sub !== client.id) return null
    const people = this.#parts.audiences.of(client.audience)
    const subjects = limits.subjects?.flatMap((one) => people.open(one) ?? []) ?? null
    // It would act for somebody whom it may not know of.
    if (subject !== null && subjects?.includes(subject) === false) return null
    const scopes = scopesWithin(limits, claims.scopes)
    return {
      client,
      registered,
      isRetired,
      tokenId,
      claims,
      issuedAt,
      expiresAt,
      scopes,
      subjects,
      subject,
    }
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
    return await this.#unlessErased({
      ...believed,
      claims: null,
      issuedAt: now,
      client,
      isRetired,
      scopes,
      subjects: null,
      foreign: { roles, staff },
    })
  }

  /** Somebody must have vouched for the person, and the client must be one that acts for people. */
  #personOf({ actors, sub }: TokenClaims, client: Client): SubjectId | null {
    if (actors.length === 0 || !client.roles.some((role) => FOR_A_PERSON.includes(role)))
      return null
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
}

/** Who is let in goes far; what proves it stays here. */
function withoutSecret(found: Awaited<ReturnType<ClientStore['find']>>): Client | null {
  if (!found) return null
  const { secretHash: _, ...client } = found
  return client
}

// One message for every cause: which one it was would help only those who try keys.
function notValid(): Refusal {
  return new Refusal('UNAUTHENTICATED', 'The token is not valid.')
}

/** Of a token that is what it should be and was shown as it should not. */
function notProven(jkt: string | null): Refusal {
  return new Refusal(
    'UNAUTHENTICATED',
    jkt === null
      ? 'This token is bound to no key; show it as Authorization: Bearer …'
      : 'This token is bound to a key; show it as Authorization: DPoP … with a fresh proof of that key (RFC 9449).',
  )
}
