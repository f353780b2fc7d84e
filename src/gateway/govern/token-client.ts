import type { Client, ClientStore, Scope } from '../../domain/access/principal.ts'
import type { SecretHasher } from '../../domain/access/secret-hasher.ts'
import type { TokenClaims } from '../../domain/access/token-signer.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Authenticator } from '../scope/authenticate.ts'
import type { Budgets, Spender } from '../scope/budgets.ts'
import type { ShownProof } from '../scope/dpop-proofs.ts'
import type { SecurityCounters } from '../scope/security-counters.ts'
import { OAuthError } from './oauth-error.ts'

/** How the caller of the token endpoint shows who it is: exactly one of these. */
export interface ClientProof {
  /** From the Basic header or the form: client id and secret. */
  readonly secret: { readonly clientId: string; readonly secret: string } | null
  /** An API key or signed token of the client itself. */
  readonly bearer: string | null
  /** Of the key that this token is bound to; null: it was shown as a bearer token, or none was. */
  readonly possession: ShownProof | null
}

/** A client that the token endpoint believes. */
export interface TokenClient {
  readonly client: Client
  readonly scopes: ReadonlySet<Scope>
  /** The token it showed; null: it showed its secret. */
  readonly tokenId: string | null
  /** The key that this token is bound to. */
  readonly cnfJkt: string | null
}

/** Recognises clients at the token endpoint. */
export class TokenClients {
  readonly #store: ClientStore
  readonly #hasher: SecretHasher
  readonly #authenticator: Authenticator
  readonly #counters: SecurityCounters
  readonly #budgets: Budgets

  constructor(
    store: ClientStore,
    hasher: SecretHasher,
    authenticator: Authenticator,
    counters: SecurityCounters,
    budgets: Budgets,
  ) {
    this.#store = store
    this.#hasher = hasher
    this.#authenticator = authenticator
    this.#counters = counters
    this.#budgets = budgets
  }

  /**
   * Whoever is not recognised is counted and leaves no entry. Who is has spent a request of its minute by that.
   * @throws OAuthError invalid_client, with one text for every cause; invalid_request on two proofs at once;
   *   Refusal RATE_LIMITED.
   */
  async recognise(proof: ClientProof, requestId: string): Promise<TokenClient> {
    const { secret, bearer } = proof
    if (secret && bearer !== null) {
      this.#counters.note('bad-client-proof', { requestId, clientId: null })
      throw new OAuthError('invalid_request', 'Show one credential, not two.')
    }
    if (secret) return await this.#bySecret(secret.clientId, secret.secret, requestId)
    return await this.#byToken(proof, requestId)
  }

  /**
   * What the token says of which a client wants a narrower one: its own alone, whether it speaks for itself or for a
   * person. Keys are none: whoever has one only could renew what is made of it for ever.
   * @throws OAuthError invalid_request
   */
  async heldBy({ client }: TokenClient, token: string): Promise<TokenClaims> {
    const claims = await this.#authenticator.held(token)
    if (claims?.clientId === client.id) return claims
    throw new OAuthError('invalid_request', 'The subject token is not a valid one of this client.')
  }

  async #bySecret(clientId: string, secret: string, requestId: string): Promise<TokenClient> {
    const found = await this.#store.find(clientId)
    const usable = found !== null && found.disabledAt === null ? found : null
    // Verified also where there is nothing to verify against: the time taken must not tell which clients exist.
    if (!(await this.#hasher.verify(usable?.secretHash ?? null, secret)) || !usable) {
      this.#counters.note('bad-client-proof', { requestId, clientId: found?.id ?? null })
      throw unknownClient()
    }
    const { secretHash, ...client } = usable
    await this.#upgrade(client.id, secretHash, secret)
    await this.#spend({ client, tokenId: '' }, requestId)
    return { client, scopes: new Set(client.scopes), tokenId: null, cnfJkt: null }
  }

  /** The secret is at hand only now. It stays the same, so this is no change of rules; in a crowd it waits for the next use. */
  async #upgrade(id: string, hash: string | null, secret: string): Promise<void> {
    if (hash === null || !this.#hasher.isOutdated(hash)) return
    try {
      await this.#store.replaceSecretHash(id, hash, await this.#hasher.hash(secret))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }

  async #spend(spender: Spender, requestId: string): Promise<void> {
    await this.#budgets.of(spender, requestId).spendRequest()
  }

  async #byToken({ bearer, possession }: ClientProof, requestId: string): Promise<TokenClient> {
    try {
      const credentials = { bearer, proof: possession, visitorCookie: null, requestId }
      const principal = await this.#authenticator.authenticate(credentials)
      // A token that acts for a person is the person's, not the client's; so is one that somebody else has issued.
      if (principal.subject !== null || principal.foreign) {
        this.#counters.note('bad-client-proof', { requestId, clientId: principal.client.id })
        throw unknownClient()
      }
      await this.#spend(principal, requestId)
      const { client, scopes, tokenId, cnfJkt } = principal
      return { client, scopes, tokenId, cnfJkt }
    } catch (error) {
      if (error instanceof Refusal && error.code === 'UNAUTHENTICATED') throw unknownClient(error)
      throw error
    }
  }
}

function unknownClient(cause?: unknown): OAuthError {
  return new OAuthError(
    'invalid_client',
    'The client is not known here or its credential is wrong.',
    { cause },
  )
}
