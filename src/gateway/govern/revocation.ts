import type { ClientStore } from '../../domain/access/principal.ts'
import type { Clock } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { AskedTokens, TokenQuestion } from './asked-token.ts'
import { OAuthError } from './oauth-error.ts'

/**
 * Ends a token before its time, for the client that holds it or has vouched for the person in it (RFC 7009). From the
 * moment this resolves no gateway takes it, and none will after a restart.
 */
export class Revocation {
  readonly #asked: AskedTokens
  readonly #store: Pick<ClientStore, 'revokeToken'>
  readonly #recorder: Recorder
  readonly #clock: Clock

  constructor(
    asked: AskedTokens,
    store: Pick<ClientStore, 'revokeToken'>,
    recorder: Recorder,
    clock: Clock,
  ) {
    this.#asked = asked
    this.#store = store
    this.#recorder = recorder
    this.#clock = clock
  }

  /**
   * Nothing is left to do where the token is unknown or has ended already (§2.2).
   * @throws OAuthError, invalid_request for the token of another client (§2.1); Refusal AUDIT_UNAVAILABLE, or when a
   *   store can't be reached: the token still counts.
   */
  async revoke(question: TokenQuestion): Promise<void> {
    await this.#asked.answer(question, async ({ believed, isOwn, context }) => {
      if (!believed || believed.isRetired) return
      if (!isOwn) throw new OAuthError('invalid_request', 'The token is another client’s.')
      const { tokenId: jti, client } = believed
      const action = { action: 'token.revoke', jti, client: client.id }
      await this.#recorder.recordAction(action, context)
      await this.#store.revokeToken(jti, this.#clock.now())
    })
  }
}
