import { DETAILS_TYPE } from '../../domain/access/authorization-details.ts'
import {
  type Client,
  type ClientStore,
  NO_LIMITS,
  type Scope,
  type TokenLimits,
} from '../../domain/access/principal.ts'
import { narrowedClient } from '../../domain/access/token-limits.ts'
import type { TokenClaims, TokenSigner } from '../../domain/access/token-signer.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, type Instant, MINUTE } from '../../kernel/time.ts'
import type { Audiences } from '../scope/audiences.ts'
import { type Denials, isDenial } from '../scope/denials.ts'
import type { DpopProofs, ShownProof } from '../scope/dpop-proofs.ts'
import type { AuditDraft, Recorder } from '../scope/recorder.ts'
import { askedReach, type Reach } from './asked-limits.ts'
import type { TokenQuestion } from './asked-token.ts'
import { OAuthError } from './oauth-error.ts'
import { boundKeyOf } from './token-binding.ts'
import type { TokenClient, TokenClients } from './token-client.ts'
import { TokenIssuer, type TokenResponse } from './token-issuer.ts'
import { type People, VouchedPeople } from './vouched-people.ts'

export const CLIENT_CREDENTIALS = 'client_credentials'
/** RFC 8693 §2.1 and §3. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** The type of authorization details that may be asked for. */
export const TOKEN_DETAILS = DETAILS_TYPE
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

const CLIENT_TOKEN_LIFETIME = 10 * MINUTE
const PERSON_TOKEN_LIFETIME = MINUTE
/** Tokens can be narrowed so often one from the other: all of them are looked up whenever the last one is used. */
const MOST_NARROWINGS = 4

/** A request to the token endpoint. */
export interface TokenRequest extends TokenQuestion {
  /** Of the key that the token shall be bound to (RFC 9449 §5); null: a bearer token is asked for. */
  readonly binding: ShownProof | null
}

interface BoundRequest extends TokenRequest {
  /** Thumbprint of the key that the token is bound to; null: none. */
  readonly jkt: string | null
}

export interface TokensParts {
  readonly store: ClientStore
  readonly clients: TokenClients
  readonly signer: TokenSigner
  readonly proofs: DpopProofs
  readonly policy: Policy
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
  readonly #issuer: TokenIssuer
  readonly #vouched: VouchedPeople

  constructor(parts: TokensParts) {
    this.#parts = parts
    this.#issuer = new TokenIssuer(parts)
    this.#vouched = new VouchedPeople(parts)
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
      if (caller && isRefused(error)) await this.#recordDenial(request.requestId, caller, error)
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
      /** Absent: none beyond those of the client. */
      readonly limits?: TokenLimits
      readonly lifetime: Instant
      /** The key that the token is bound to; absent or null: none. */
      readonly jkt?: string | null
      readonly requestId: string
    },
    actor: AuditEntry['actor'],
  ): Promise<TokenResponse> {
    const { subject, requestId, limits = NO_LIMITS, jkt = null, ...rest } = wanted
    const sub = this.#parts.audiences.of(rest.client.audience).of(subject)
    const vouched = { sub, actors: [actor.clientId], limits, jkt, madeFrom: [] }
    const issued = { ...rest, ...vouched, notAfter: null }
    const entry = entryOf(requestId, actor, rest.client.audience)
    return exchanged(await this.#issuer.issueForPerson(issued, subject, entry))
  }

  async #forClient(
    { form, requestId, proof, jkt }: BoundRequest,
    caller: TokenClient,
  ): Promise<TokenResponse> {
    // A token must not renew itself: whoever steals one would keep it for ever.
    if (!proof.secret)
      throw new OAuthError('unauthorized_client', 'This grant needs the client secret.')
    const { client } = caller
    const reach = this.#reach(client, null, form)
    const wanted = {
      ...reach,
      client,
      sub: client.id,
      actors: [],
      jkt,
      madeFrom: [],
      lifetime: CLIENT_TOKEN_LIFETIME,
      notAfter: null,
    }
    return await this.#issuer.issue(wanted, entryOf(requestId, actorOf(caller), client.audience))
  }

  async #exchange(request: BoundRequest, caller: TokenClient): Promise<TokenResponse> {
    const { form, requestId, jkt } = request
    checkExchange(form)
    if (form.get('subject_token_type') === ACCESS_TOKEN) return await this.#narrow(request, caller)
    // Whoever may say who somebody is must be a server: a public write key stands in every browser.
    if (!caller.scopes.has('tokens:exchange') || caller.client.writeKey === 'public')
      throw new OAuthError('unauthorized_client', 'This grant needs the scope tokens:exchange.')
    const client = await this.#frontEnd(form.get('audience'))
    const reach = this.#reach(client, null, form)
    const by = { actor: actorOf(caller), audience: caller.client.audience, requestId }
    const subject = await this.#vouched.find(form, caller.client, by)
    return await this.forPerson(
      { ...reach, client, subject, lifetime: PERSON_TOKEN_LIFETIME, jkt, requestId },
      by.actor,
    )
  }

  /** A narrower token of one that the client has: for the same person, not longer, bound to the same key. */
  async #narrow(request: BoundRequest, caller: TokenClient): Promise<TokenResponse> {
    const { form, requestId } = request
    const held = await this.#parts.clients.heldBy(caller, form.get('subject_token') ?? '')
    const client = narrowedClient(caller.client, held.limits, held.roles)
    if ((form.get('audience') ?? client.id) !== client.id)
      throw new OAuthError('invalid_target', 'A token is narrowed for its own client alone.')
    const { sub, expiresAt } = held
    const jkt = held.jkt ?? request.jkt
    if (request.jkt !== null && request.jkt !== jkt)
      throw new OAuthError('invalid_dpop_proof', 'The subject token is bound to another key.')
    const madeFrom = [held.jti, ...held.madeFrom]
    if (madeFrom.length > MOST_NARROWINGS)
      throw new OAuthError('invalid_request', 'This token has been narrowed too often.')
    const reach = this.#reach(client, held, form)
    const budgets = budgetsFrom(held)
    const made = { ...reach, client, sub, jkt, madeFrom, ...budgets, notAfter: expiresAt }
    const entry = entryOf(requestId, actorOf(caller), client.audience)
    const subject =
      held.actors.length === 0 ? null : this.#parts.audiences.of(client.audience).open(sub)
    if (subject !== null) {
      // Whoever hands a token on to itself is named once.
      const actors = [client.id, ...held.actors.filter((one) => one !== client.id)]
      const wanted = { ...made, actors, lifetime: PERSON_TOKEN_LIFETIME }
      return exchanged(await this.#issuer.issueForPerson(wanted, subject, entry))
    }
    const wanted = { ...made, actors: [], lifetime: CLIENT_TOKEN_LIFETIME }
    return exchanged(await this.#issuer.issue(wanted, entry))
  }

  #reach(client: Client, held: Reach | null, form: ReadonlyMap<string, string>): Reach {
    return askedReach(
      client,
      held ?? { scopes: client.scopes, limits: NO_LIMITS },
      form,
      this.#parts,
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

  async #recordDenial(
    requestId: string,
    caller: TokenClient,
    { code }: OAuthError | Refusal,
  ): Promise<void> {
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

function isRefused(error: unknown): error is OAuthError | Refusal {
  return error instanceof OAuthError || (error instanceof Refusal && isDenial(error.code))
}

/** A holder could make a hundred of one token: together they have no more than that one. */
function budgetsFrom({ jti, limits, budgetsFrom: before = [] }: TokenClaims) {
  const { requestsPerMinute, costPerMinute } = limits
  if (requestsPerMinute === null && costPerMinute === null)
    return before.length > 0 && { budgetsFrom: before }
  return { budgetsFrom: [{ jti, requestsPerMinute, costPerMinute }, ...before] }
}

function exchanged(response: TokenResponse): TokenResponse {
  return { ...response, issued_token_type: ACCESS_TOKEN }
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
