import type { Client, ClientStore, Scope } from '../../domain/access/principal.ts'
import type { SecretHasher } from '../../domain/access/secret-hasher.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Authenticator } from '../scope/authenticate.ts'
import { OAuthError } from './oauth-error.ts'

/** How the caller of the token endpoint shows who it is: exactly one of these. */
export interface ClientProof {
  /** From the Basic header or the form: client id and secret. */
  readonly secret: { readonly clientId: string; readonly secret: string } | null
  /** An API key or signed token of the client itself. */
  readonly bearer: string | null
}

/** A client that the token endpoint believes. */
export interface TokenClient {
  readonly client: Client
  readonly scopes: ReadonlySet<Scope>
  /** The token it showed; null: it showed its secret. */
  readonly tokenId: string | null
}

/** Recognises clients at the token endpoint. */
export class TokenClients {
  readonly #store: ClientStore
  readonly #hasher: SecretHasher
  readonly #authenticator: Authenticator

  constructor(store: ClientStore, hasher: SecretHasher, authenticator: Authenticator) {
    this.#store = store
    this.#hasher = hasher
    this.#authenticator = authenticator
  }

  /** @throws OAuthError invalid_client, with one text for every cause; invalid_request on two proofs at once. */
  async recognise({ secret, bearer }: ClientProof): Promise<TokenClient> {
    if (secret && bearer !== null)
      throw new OAuthError('invalid_request', 'Show one credential, not two.')
    if (secret) return await this.#bySecret(secret.clientId, secret.secret)
    if (bearer !== null) return await this.#byToken(bearer)
    throw unknownClient()
  }

  async #bySecret(clientId: string, secret: string): Promise<TokenClient> {
    const found = await this.#store.find(clientId)
    const usable = found !== null && found.disabledAt === null ? found : null
    // Verified also where there is nothing to verify against: the time taken must not tell which clients exist.
    if (!(await this.#hasher.verify(usable?.secretHash ?? null, secret)) || !usable)
      throw unknownClient()
    return { client: usable, scopes: new Set(usable.scopes), tokenId: null }
  }

  async #byToken(bearer: string): Promise<TokenClient> {
    try {
      const principal = await this.#authenticator.authenticate({ bearer, visitorCookie: null })
      // A token that acts for a person is the person's, not the client's.
      if (principal.subject !== null) throw unknownClient()
      return { client: principal.client, scopes: principal.scopes, tokenId: principal.tokenId }
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
