import { createRemoteJWKSet, decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type {
  ForeignToken,
  ForeignTokens,
  IdentityProvider,
} from '../../domain/access/identity-provider.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Instant, MINUTE, SECOND } from '../../kernel/time.ts'

/** How a provider's keys are fetched. */
export interface KeyFetching {
  /** Keys are asked for anew after this long; one that was withdrawn counts as long at most. */
  readonly maxAge: Instant
  /** Tokens that name an unknown key make no more fetches than one in this time. */
  readonly cooldown: Instant
  readonly timeout: Instant
}

const FETCHING: KeyFetching = { maxAge: 10 * MINUTE, cooldown: 30 * SECOND, timeout: 3 * SECOND }

/** JWTs (RFC 7519) of registered providers, by the keys that these publish (RFC 7517 §5). */
export class JoseForeignTokens implements ForeignTokens {
  readonly #providers: readonly {
    readonly provider: IdentityProvider
    readonly key: JWTVerifyGetKey
  }[]

  constructor(providers: readonly IdentityProvider[], fetching: KeyFetching = FETCHING) {
    this.#providers = providers.map((provider) => ({ provider, key: keysOf(provider, fetching) }))
  }

  async read(token: string, now: Instant): Promise<ForeignToken | null> {
    const [found, ...others] = this.#candidates(token)
    // A token for two of our doors says not by which its holder wants to come in.
    if (!found || others.length > 0) return null
    const { provider, key } = found
    try {
      const { payload, protectedHeader } = await jwtVerify(token, key, {
        algorithms: [...provider.algorithms],
        issuer: provider.issuer,
        audience: provider.audience,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: provider.clockTolerance / SECOND,
        currentDate: new Date(now),
      })
      if (!isOfType(provider, protectedHeader.typ)) return null
      return {
        provider,
        claims: payload,
        expiresAt: (payload.exp ?? 0) * SECOND + provider.clockTolerance,
      }
    } catch (error) {
      if (error instanceof Refusal) throw error
      // What the provider published may be no usable key: then the token is not valid either.
      return null
    }
  }

  /** Nothing is believed yet: this only says by whose keys the token is to be checked. */
  #candidates(token: string) {
    try {
      const { iss, aud } = decodeJwt(token)
      const audiences = [aud].flat()
      return this.#providers.filter(
        ({ provider }) => provider.issuer === iss && audiences.includes(provider.audience),
      )
    } catch {
      return []
    }
  }
}

function isOfType({ type }: IdentityProvider, typ: string | undefined): boolean {
  // Many providers leave it out of ID tokens (RFC 7519 §5.1 recommends it only for where kinds are mixed).
  if (typ === undefined) return type === 'JWT'
  return typ.toLowerCase().replace(/^application\//, '') === type.toLowerCase()
}

/** The provider's keys; what is wrong with the token is told apart from what is wrong with the provider. */
function keysOf({ jwks }: IdentityProvider, fetching: KeyFetching): JWTVerifyGetKey {
  const published = createRemoteJWKSet(jwks, {
    cacheMaxAge: fetching.maxAge,
    cooldownDuration: fetching.cooldown,
    timeoutDuration: fetching.timeout,
  })
  return async (header, token) => {
    try {
      return await published(header, token)
    } catch (cause) {
      if (OF_THE_TOKEN.some((kind) => cause instanceof kind)) throw cause
      throw new Refusal(
        'PROVIDER_UNAVAILABLE',
        'The keys of the identity provider can not be had; try again shortly.',
        { cause },
      )
    }
  }
}

const OF_THE_TOKEN = [
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSENotSupported,
]
