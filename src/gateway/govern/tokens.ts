import {
  type Client,
  type ClientStore,
  NO_LIMITS,
  type Scope,
} from '../../domain/access/principal.ts'
import type { TokenClaims, TokenSigner } from '../../domain/access/token-signer.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { type Clock, type Instant, MINUTE, SECOND } from '../../kernel/time.ts'
import type { Audiences } from '../scope/audiences.ts'
import type { Denials } from '../scope/denials.ts'
import type { DpopProofs, ShownProof } from '../scope/dpop-proofs.ts'
import type { AuditDraft, Recorder } from '../scope/recorder.ts'
import type { TokenQuestion } from './asked-token.ts'
import { OAuthError } from './oauth-error.ts'
import { boundKeyOf } from './token-binding.ts'
import type { TokenClient, TokenClients } from './token-client.ts'

export const CLIENT_CREDENTIALS = 'client_credentials'
/** RFC 8693 §2.1 and §3. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
/** A subject token of this type, with a kind of identifier behind it, names a person by that identifier. */
export const IDENTIFIER_TYPE = 'urn:bauta:identifier:'

const CLIENT_TOKEN_LIFETIME = 10 * MINUTE
const PERSON_TOKEN_LIFETIME = MINUTE
/** Kinds that a verified sign-in or contract stands behind; a device or a browser identifies nobody. */
const KINDS: ReadonlySet<string> = new Set(['email', 'phone', 'userId', 'crmId', 'providerSubject'])

/** Finds people by identifiers that a trusted source has verified; the value as the caller wrote it. */
export interface People {
  byVerifiedIdentifier(kind: string, value: string): Promise<SubjectId | null>
}

/** A request to the token endpoint. */
export interface TokenRequest extends TokenQuestion {
  /** Of the key that the token shall be bound to (RFC 9449 §5); null: a bearer token is asked for. */
  readonly binding: ShownProof | null
}

interface BoundRequest extends TokenRequest {
  /** Thumbprint of the key that the token is bound to; null: none. */
  readonly jkt: string | null
}

/** RFC 6749 §5.1, RFC 8693 §2.2.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly issued_token_type?: string
  readonly token_type: 'Bearer' | 'DPoP'
  readonly expires_in: number
  readonly scope: string
}

export interface TokensParts {
  readonly store: ClientStore
  readonly clients: TokenClients
  readonly signer: TokenSigner
  readonly proofs: DpopProofs
  readonly audiences: Audiences
  readonly keys: KeyStore
  readonly people: People
  readonly recorder: Recorder
  readonly denials: Denials
  readonly clock: Clock
  readonly randomness: Randomness
}

/**
 * Issues signed tokens. Every request of a client that is known stands on the audit trail before it is answered, granted
 * or not. Whoever is not known is counted.
 */
export class Tokens {
  readonly #parts: TokensParts

  constructor(parts: TokensParts) {
    this.#parts = parts
  }

  /** @throws OAuthError in the terms of RFC 6749 and RFC 8693; Refusal when a store can't be reached. */
  async grant(request: TokenRequest): Promise<TokenResponse> {
    let caller: TokenClient | null = null
    try {
      caller = await this.#parts.clients.recognise(request.proof, request.requestId)
      const type = request.form.get('grant_type')
      const bound = { ...request, jkt: await boundKeyOf(this.#parts.proofs, request.binding) }
      if (type === CLIENT_CREDENTIALS) return await this.#forClient(bound, caller)
      if (type === TOKEN_EXCHANGE) return await this.#exchange(bound, caller)
      throw type === undefined
        ? new OAuthError('invalid_request', 'grant_type is missing.')
        : new OAuthError(
            'unsupported_grant_type',
            `Use ${CLIENT_CREDENTIALS} or ${TOKEN_EXCHANGE}.`,
          )
    } catch (error) {
      if (error instanceof OAuthError && caller)
        await this.#recordDenial(request.requestId, caller, error)
      throw error
    }
  }

  /**
   * A token with which a front end acts for one person.
   * @param lifetime milliseconds: one minute, unless the demo of a development gateway asks for more.
   */
  async forPerson(
    wanted: {
      readonly client: Client
      readonly subject: SubjectId
      readonly scopes: readonly Scope[]
      readonly lifetime: Instant
      /** The key that the token is bound to; absent or null: none. */
      readonly jkt?: string | null
      readonly requestId: string
    },
    actor: AuditEntry['actor'],
  ): Promise<TokenResponse> {
    const { client, subject, scopes, lifetime, jkt = null, requestId } = wanted
    const { audiences, keys } = this.#parts
    const ref = keys.auditRefOf(subject)
    if (ref === null) throw new OAuthError('invalid_request', 'The subject token names nobody.')
    const sub = audiences.of(client.audience).of(subject)
    const said = { sub, actor: actor.clientId, scopes, jkt }
    const response = await this.#issue(client, said, lifetime, (action) => ({
      ...entryOf(
        requestId,
        { ...actor, userPseudonym: audiences.of('audit').of(subject) },
        client.audience,
      ),
      sets: [{ fields: [] }],
      subjects: [{ ref, set: 0, consent: null }],
      action: { ...action, client: client.id },
    }))
    return { ...response, issued_token_type: ACCESS_TOKEN }
  }

  async #forClient(
    { form, requestId, proof, jkt }: BoundRequest,
    caller: TokenClient,
  ): Promise<TokenResponse> {
    // A token must not renew itself: whoever steals one would keep it for ever.
    if (!proof.secret)
      throw new OAuthError('unauthorized_client', 'This grant needs the client secret.')
    const { client } = caller
    const scopes = narrowed(client.scopes, form.get('scope'))
    const said = { sub: client.id, actor: null, scopes, jkt }
    return await this.#issue(client, said, CLIENT_TOKEN_LIFETIME, (action) => ({
      ...entryOf(requestId, actorOf(caller), client.audience),
      action,
    }))
  }

  async #exchange(
    { form, requestId, jkt }: BoundRequest,
    caller: TokenClient,
  ): Promise<TokenResponse> {
    // Whoever may say who somebody is must be a server: a public write key stands in every browser.
    if (!caller.scopes.has('tokens:exchange') || caller.client.writeKey === 'public')
      throw new OAuthError('unauthorized_client', 'This grant needs the scope tokens:exchange.')
    checkExchange(form)
    const client = await this.#frontEnd(form.get('audience'))
    const scopes = narrowed(client.scopes, form.get('scope'))
    const subject = await this.#person(form, caller)
    return await this.forPerson(
      { client, subject, scopes, lifetime: PERSON_TOKEN_LIFETIME, jkt, requestId },
      actorOf(caller),
    )
  }

  async #frontEnd(id: string | undefined): Promise<Client> {
    if (!id)
      throw new OAuthError('invalid_request', 'audience must name the front end that will act.')
    const client = await this.#parts.store.find(id)
    if (
      client?.disabledAt !== null ||
      !client.roles.some((role) => role === 'frontend' || role === 'subject')
    )
      throw new OAuthError(
        'invalid_target',
        'The audience is not a front end that acts for people.',
      )
    return client
  }

  async #person(form: ReadonlyMap<string, string>, { client }: TokenClient): Promise<SubjectId> {
    const type = form.get('subject_token_type') ?? ''
    const value = form.get('subject_token') ?? ''
    const kind = type.startsWith(IDENTIFIER_TYPE) ? type.slice(IDENTIFIER_TYPE.length) : ''
    const own = kind === `partner:${client.audience}`
    if (!own && (client.roles.includes('partner') || !KINDS.has(kind)))
      throw new OAuthError(
        'invalid_request',
        `subject_token_type must be ${IDENTIFIER_TYPE} and a kind: ${[...KINDS].join(', ')}, or partner: and the own audience.`,
      )
    const subject = value ? await this.#parts.people.byVerifiedIdentifier(kind, value) : null
    if (subject === null) throw new OAuthError('invalid_request', 'The subject token names nobody.')
    return subject
  }

  async #issue(
    client: Client,
    said: Pick<TokenClaims, 'sub' | 'actor' | 'scopes' | 'jkt'>,
    lifetime: Instant,
    entry: (action: NonNullable<AuditEntry['action']>) => AuditDraft,
  ): Promise<TokenResponse> {
    const { clock, randomness, signer, recorder } = this.#parts
    const issuedAt = clock.now()
    const jti = uuidV7(issuedAt, randomness)
    const claims = {
      clientId: client.id,
      ...said,
      limits: NO_LIMITS,
      jti,
      issuedAt,
      expiresAt: issuedAt + lifetime,
    }
    const token = await signer.sign(claims)
    const [seconds, scope] = [lifetime / SECOND, said.scopes.join(' ')]
    await recorder.record(entry({ action: 'token.issue', jti, seconds, scope }))
    return {
      access_token: token,
      token_type: said.jkt === null ? 'Bearer' : 'DPoP',
      expires_in: seconds,
      scope,
    }
  }

  async #recordDenial(requestId: string, caller: TokenClient, { code }: OAuthError): Promise<void> {
    const [actor, { audience }] = [actorOf(caller), caller.client]
    await this.#parts.denials.spend({ actor, audience, requestId })
    await this.#parts.recorder.record({
      ...entryOf(requestId, actor, audience),
      outcome: 'deny',
      code,
      action: { action: 'token.refuse' },
    })
  }
}

function actorOf({ client, tokenId, cnfJkt }: TokenClient): AuditEntry['actor'] {
  return {
    clientId: client.id,
    userPseudonym: null,
    roles: client.roles,
    tokenJti: tokenId,
    cnfJkt,
  }
}

function entryOf(requestId: string, actor: AuditEntry['actor'], audience: string): AuditDraft {
  return {
    requestId,
    phase: 'admin',
    outcome: 'permit',
    actor,
    audience,
    operation: { documentId: null, name: 'token' },
    purpose: null,
    purposeIri: null,
    legalBasis: null,
    sets: [],
    subjects: [],
    argsHmac: null,
  }
}

// Parameters that would change what is meant are refused where they aren't understood (RFC 8693 §2.1).
function checkExchange(form: ReadonlyMap<string, string>): void {
  const requested = form.get('requested_token_type') ?? ACCESS_TOKEN
  if (requested !== ACCESS_TOKEN)
    throw new OAuthError('invalid_request', `Only ${ACCESS_TOKEN} is issued.`)
  if (form.has('actor_token'))
    throw new OAuthError('invalid_request', 'The caller is the actor; send no actor_token.')
  if (form.has('resource'))
    throw new OAuthError('invalid_target', 'Name the front end with audience, not resource.')
}

/** The scopes asked for (RFC 6749 §3.3), none of them beyond the client's own. */
function narrowed(granted: readonly Scope[], asked: string | undefined): readonly Scope[] {
  if (!asked) return granted
  const wanted = asked.split(' ').filter((scope) => scope !== '')
  if (!wanted.every((scope) => (granted as readonly string[]).includes(scope)))
    throw new OAuthError('invalid_scope', 'A scope is asked for that the client does not have.')
  return granted.filter((scope) => wanted.includes(scope))
}
