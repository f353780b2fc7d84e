import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { Authenticator } from '../scope/authenticate.ts'
import type { Believed } from '../scope/believed.ts'
import type { Denials } from '../scope/denials.ts'
import type { Recorder } from '../scope/recorder.ts'
import { OAuthError } from './oauth-error.ts'
import type { ClientProof, TokenClient, TokenClients } from './token-client.ts'

/** A request about a token: parameters of the form (each at most once) and the caller's credential. */
export interface TokenQuestion {
  readonly requestId: string
  readonly form: ReadonlyMap<string, string>
  readonly proof: ClientProof
}

/** A token that a client asks about, and what it is. */
export interface AskedToken {
  readonly text: string
  /** Null: none of ours. */
  readonly believed: Believed | null
  /** It was issued to the client that asks, or that client has vouched for the person in it; nobody else's business. */
  readonly isOwn: boolean
  readonly caller: TokenClient
  /** Under what entries about it stand. */
  readonly context: {
    readonly actor: AuditEntry['actor']
    readonly audience: string
    readonly requestId: string
  }
}

export interface AskedTokensParts {
  readonly clients: TokenClients
  readonly authenticator: Authenticator
  readonly recorder: Recorder
  readonly denials: Denials
}

/** What introspection and revocation have in common: who asks, about which token, and the entry of a refusal. */
export class AskedTokens {
  readonly #parts: AskedTokensParts

  constructor(parts: AskedTokensParts) {
    this.#parts = parts
  }

  /** @throws OAuthError; Refusal when a store can't be reached. */
  async answer<T>(
    { requestId, form, proof }: TokenQuestion,
    how: (asked: AskedToken) => Promise<T>,
  ): Promise<T> {
    const { clients, authenticator, recorder, denials } = this.#parts
    const caller = await clients.recognise(proof, requestId)
    const { client } = caller
    const context = { actor: actorOf(caller), audience: client.audience, requestId }
    try {
      // It stands in every browser: whoever shows it might be anybody.
      if (client.writeKey === 'public')
        throw new OAuthError('invalid_client', 'A public write key proves nothing here.')
      const text = form.get('token')
      if (text === undefined) throw new OAuthError('invalid_request', 'token is missing.')
      const believed = await authenticator.believe(text)
      const isOwn =
        believed?.client.id === client.id || believed?.claims?.actors.includes(client.id) === true
      return await how({ text, believed, isOwn, caller, context })
    } catch (error) {
      if (error instanceof OAuthError) {
        await denials.spend(context)
        const action = { action: 'token.refuse', error: error.code }
        await recorder.recordAction(action, { ...context, refused: 'FORBIDDEN' })
      }
      throw error
    }
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
