import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import { NO_LIMITS, scopes } from '../../domain/access/principal.ts'
import type { TokenClaims, TokenSigner } from '../../domain/access/token-signer.ts'
import { type Instant, SECOND } from '../../kernel/time.ts'

const ALGORITHM = 'EdDSA'
const TYPE = 'at+jwt'
/** DER of an Ed25519 private key (RFC 8410 §7) up to its 32 bytes of seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** JWT access tokens (RFC 9068) signed with Ed25519; every gateway of an installation has the same key pair. */
export class JoseTokenSigner implements TokenSigner {
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #issuer: string
  readonly #verified = new LRUCache<string, TokenClaims>({ max: 5_000 })

  /**
   * @param seed 32 bytes: the installation key `token`.
   * @param issuer also the audience: the gateway takes its own tokens only.
   */
  constructor(seed: Uint8Array, issuer: string) {
    const key = Buffer.concat([PKCS8_PREFIX, seed])
    this.#privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
    this.#publicKey = createPublicKey(this.#privateKey)
    this.#issuer = issuer
  }

  keySet(): readonly Readonly<Record<string, unknown>>[] {
    return [{ ...this.#publicKey.export({ format: 'jwk' }), use: 'sig', alg: ALGORITHM }]
  }

  async sign(claims: TokenClaims): Promise<string> {
    const { clientId, sub, actor, scopes: granted, jkt, jti, issuedAt, expiresAt } = claims
    return await new SignJWT({
      client_id: clientId,
      scope: granted.join(' '),
      ...(actor === null ? {} : { act: { sub: actor } }),
      ...(jkt === null ? {} : { cnf: { jkt } }),
    })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
      .setIssuer(this.#issuer)
      .setAudience(this.#issuer)
      .setSubject(sub)
      .setJti(jti)
      .setIssuedAt(Math.floor(issuedAt / SECOND))
      .setExpirationTime(Math.floor(expiresAt / SECOND))
      .sign(this.#privateKey)
  }

  async verify(token: string, now: Instant): Promise<TokenClaims | null> {
    // A signature stays good or bad; only the expiry is asked anew.
    const digest = createHash('sha256').update(token).digest('base64')
    const known = this.#verified.get(digest)
    if (known) return known.expiresAt > now ? known : null
    const claims = await this.#verify(token, now)
    if (claims) this.#verified.set(digest, claims)
    return claims
  }

  async #verify(token: string, now: Instant): Promise<TokenClaims | null> {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: this.#issuer,
        audience: this.#issuer,
        requiredClaims: ['sub', 'client_id', 'scope', 'jti', 'iat', 'exp'],
        currentDate: new Date(now),
      })
      return claimsOf(payload)
    } catch (error) {
      if (error instanceof errors.JOSEError) return null
      throw error
    }
  }
}

function claimsOf(payload: Readonly<Record<string, unknown>>): TokenClaims | null {
  const { client_id: clientId, sub, scope, jti, iat, exp, act, cnf } = payload
  const actor = act === undefined ? null : (act as { sub?: unknown } | null)?.sub
  if (actor !== null && typeof actor !== 'string') return null
  const jkt = cnf === undefined ? null : (cnf as { jkt?: unknown } | null)?.jkt
  // Bound to a key in a way that is not known here: it must not pass for one that is not bound.
  if (jkt !== null && typeof jkt !== 'string') return null
  if (!allText(clientId, sub, scope, jti) || typeof iat !== 'number' || typeof exp !== 'number')
    return null
  const granted = new Set((scope as string).split(' '))
  return {
    clientId: clientId as string,
    sub: sub as string,
    actor,
    scopes: scopes.filter((one) => granted.has(one)),
    limits: NO_LIMITS,
    jkt,
    jti: jti as string,
    issuedAt: iat * SECOND,
    expiresAt: exp * SECOND,
  }
}

function allText(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string')
}
