import { detailsOf } from '../../domain/access/authorization-details.ts'
import type { Client } from '../../domain/access/principal.ts'
import type { TokenClaims, TokenSigner } from '../../domain/access/token-signer.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { type Clock, type Instant, SECOND } from '../../kernel/time.ts'
import { AUDIT_AUDIENCE, type Audiences } from '../scope/audiences.ts'
import type { AuditDraft, Recorder } from '../scope/recorder.ts'
import { OAuthError } from './oauth-error.ts'

/** RFC 6749 §5.1, RFC 8693 §2.2.1, RFC 9396 §7. */
export interface TokenResponse {
  readonly access_token: string
  readonly issued_token_type?: string
  readonly token_type: 'Bearer' | 'DPoP'
  readonly expires_in: number
  readonly scope: string
  /** The limits that were granted; absent: none beyond the client's. */
  readonly authorization_details?: ReturnType<typeof detailsOf>
}

/** A token as it is wanted: the rest of its claims is settled when it is issued. */
export type WantedToken = Omit<
  TokenClaims,
  'clientId' | 'roles' | 'jti' | 'issuedAt' | 'expiresAt'
> & {
  readonly client: Client
  readonly lifetime: Instant
  /** End of the token that it is made from, which it can't outlive; null: of none. */
  readonly notAfter: Instant | null
}

export interface TokenIssuerParts {
  readonly signer: TokenSigner
  readonly audiences: Audiences
  readonly keys: KeyStore
  readonly recorder: Recorder
  readonly clock: Clock
  readonly randomness: Randomness
}

/** Signs tokens, and hands none out before its entry is durable. */
export class TokenIssuer {
  readonly #parts: TokenIssuerParts

  constructor(parts: TokenIssuerParts) {
    this.#parts = parts
  }

  async issue(
    { client, lifetime, notAfter, ...claimed }: WantedToken,
    entry: AuditDraft,
  ): Promise<TokenResponse> {
    const { clock, randomness, signer, recorder } = this.#parts
    const issuedAt = clock.now()
    const jti = uuidV7(issuedAt, randomness)
    const expiresAt = Math.min(issuedAt + lifetime, notAfter ?? Number.POSITIVE_INFINITY)
    const { id: clientId, roles } = client
    const token = await signer.sign({ ...claimed, clientId, roles, jti, issuedAt, expiresAt })
    const seconds = Math.floor((expiresAt - issuedAt) / SECOND)
    const scope = claimed.scopes.join(' ')
    const action = { action: 'token.issue', jti, seconds, scope, ...inWords(claimed) }
    await recorder.record({ ...entry, action: { ...action, ...entry.action } })
    const details = detailsOf(claimed.limits)
    return {
      access_token: token,
      token_type: claimed.jkt === null ? 'Bearer' : 'DPoP',
      expires_in: seconds,
      scope,
      ...(details && { authorization_details: details }),
    }
  }

  /** A token for a person, who stands in the entry. @throws OAuthError where their keys are gone */
  async issueForPerson(
    wanted: WantedToken,
    subject: SubjectId,
    entry: AuditDraft,
  ): Promise<TokenResponse> {
    const { audiences, keys } = this.#parts
    const ref = keys.auditRefOf(subject)
    if (ref === null) throw new OAuthError('invalid_request', 'The subject token names nobody.')
    return await this.issue(wanted, {
      ...entry,
      actor: { ...entry.actor, userPseudonym: audiences.of(AUDIT_AUDIENCE).of(subject) },
      sets: [{ fields: [] }],
      subjects: [{ ref, set: 0, consent: null }],
      action: { client: wanted.client.id },
    })
  }
}

/** How a token was made narrow, for its entry; of people, how many. */
function inWords({ limits, madeFrom }: Pick<WantedToken, 'limits' | 'madeFrom'>) {
  const { subjects, ...others } = limits
  const given = Object.entries({ ...others, subjects: subjects?.length ?? null }).flatMap(
    ([name, limit]) => (limit === null ? [] : [[name, wordsOf(limit)] as const]),
  )
  const [from] = madeFrom
  return { ...Object.fromEntries(given), ...(from === undefined ? {} : { madeFrom: from }) }
}

function wordsOf(limit: number | readonly string[]): number | string {
  return typeof limit === 'number' ? limit : limit.join(' ')
}
