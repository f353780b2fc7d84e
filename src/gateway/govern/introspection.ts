import { SECOND } from '../../kernel/time.ts'
import type { Believed } from '../scope/believed.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Reserve } from '../scope/reserve.ts'
import type { AskedTokens, TokenQuestion } from './asked-token.ts'

/** RFC 7662 §2.2: whatever is not active tells nothing else. */
export type Introspected =
  | { readonly active: false }
  | { readonly active: true; readonly [claim: string]: unknown }

/**
 * Tells a client what a token of its own says and whether it counts now (RFC 7662). Unknown, expired and revoked tokens
 * and those of others are answered alike.
 */
export class Introspection {
  readonly #asked: AskedTokens
  readonly #recorder: Recorder
  readonly #issuer: string
  readonly #reserve: Pick<Reserve, 'assertRoom'>

  constructor(
    asked: AskedTokens,
    recorder: Recorder,
    issuer: string,
    reserve: Pick<Reserve, 'assertRoom'>,
  ) {
    this.#asked = asked
    this.#recorder = recorder
    this.#issuer = issuer
    this.#reserve = reserve
  }

  /** @throws OAuthError; Refusal AUDIT_UNAVAILABLE, or when a store can't be reached. */
  async introspect(question: TokenQuestion): Promise<Introspected> {
    return await this.#asked.answer(question, async ({ text, believed, isOwn, context }) => {
      this.#reserve.assertRoom()
      const told = believed && isOwn && !believed.isRetired ? believed : null
      const jti = told?.tokenId ?? null
      await this.#recorder.recordAction({ action: 'token.introspect', jti }, context)
      return told ? this.#told(told, text) : { active: false }
    })
  }

  #told(token: Believed, text: string): Introspected {
    const { client, claims, tokenId, issuedAt, expiresAt } = token
    const granted = token.scopes ?? client.scopes
    return {
      active: true,
      ...(claims ? payloadOf(text) : { sub: client.id }),
      client_id: client.id,
      // As registered today: a scope that was taken from the client since counts no more.
      scope: client.scopes.filter((scope) => granted.includes(scope)).join(' '),
      token_type: claims?.jkt ? 'DPoP' : 'Bearer',
      iss: this.#issuer,
      aud: this.#issuer,
      jti: tokenId,
      iat: Math.floor(issuedAt / SECOND),
      ...(expiresAt === null ? {} : { exp: Math.floor(expiresAt / SECOND) }),
    }
  }
}

/** What a signed token carries, all of it: its signature was checked a moment ago. */
function payloadOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
}
