import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import { detailsOf, readDetails } from '../../domain/access/authorization-details.ts'
import { type HeldBudget, scopes } from '../../domain/access/principal.ts'
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
    const { clientId, sub, actors, jkt, jti, madeFrom, issuedAt, expiresAt } = claims
    const details = detailsOf(claims.limits)
    return await new SignJWT({
      client_id: clientId,
      scope: claims.scopes.join(' '),
      roles: claims.roles,
      ...(actors.length === 0 ? {} : { act: actOf(actors) }),
      ...(details && { authorization_details: details }),
      ...(jkt === null ? {} : { cnf: { jkt } }),
      ...(madeFrom.length === 0 ? {} : { made_from: madeFrom }),
      ...(claims.budgetsFrom && { budgets_from: claims.budgetsFrom.map(budgetInWords) }),
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
  const {
    client_id: clientId,
    sub,
    scope,
    jti,
    iat,
    exp,
    roles,
    made_from: madeFrom = [],
    budgets_from: budgets,
  } = payload
  const budgetsFrom = budgets === undefined ? undefined : budgetsOf(budgets)
  const actors = actorsOf(payload.act)
  const jkt = thumbprintOf(payload.cnf)
  const details = readDetails(payload.authorization_details)
  if (actors === null || jkt === undefined || !('limits' in details)) return null
  if (!isText(clientId) || !isText(sub) || !isText(scope) || !isText(jti)) return null
  if (typeof iat !== 'number' || typeof exp !== 'number') return null
  if (!areTexts(roles) || !areTexts(madeFrom) || budgetsFrom === null) return null
  const granted = new Set(scope.split(' '))
  return {
    clientId,
    sub,
    actors,
    roles,
    scopes: scopes.filter((one) => granted.has(one)),
    limits: details.limits,
    jkt,
    jti,
    madeFrom,
    ...(budgetsFrom && { budgetsFrom }),
    issuedAt: iat * SECOND,
    expiresAt: exp * SECOND,
  }
}

/** The last actor outermost, each with the one before it inside (RFC 8693 §4.1). */
function actOf([last, ...before]: readonly string[]): object {
  return { sub: last, ...(before.length === 0 ? {} : { act: actOf(before) }) }
}

function actorsOf(act: unknown): readonly string[] | null {
  const actors: string[] = []
  for (let one = act; one !== undefined; ) {
    const { sub, act: before } = (one ?? {}) as { sub?: unknown; act?: unknown }
    if (!isText(sub)) return null
    actors.push(sub)
    one = before
  }
  return actors
}

/** As in `authorization_details`; what has no budget of a kind does not name it. */
function budgetInWords({ jti, requestsPerMinute, costPerMinute }: HeldBudget): object {
  return {
    jti,
    ...(requestsPerMinute === null ? {} : { requests_per_minute: requestsPerMinute }),
    ...(costPerMinute === null ? {} : { cost_per_minute: costPerMinute }),
  }
}

/** Null: not what `sign` writes. */
function budgetsOf(value: unknown): readonly HeldBudget[] | null {
  if (!Array.isArray(value)) return null
  const budgets: HeldBudget[] = []
  for (const one of value as readonly Readonly<Record<string, unknown>>[]) {
    const { jti, requests_per_minute: requests = null, cost_per_minute: cost = null } = one
    if (!isText(jti) || !isAmount(requests) || !isAmount(cost)) return null
    budgets.push({ jti, requestsPerMinute: requests, costPerMinute: cost })
  }
  return budgets
}

function isAmount(value: unknown): value is number | null {
  return value === null || typeof value === 'number'
}

/** Null: a bearer token. Undefined: bound by a method that is not known here. */
function thumbprintOf(confirmation: unknown): string | null | undefined {
  if (confirmation === undefined) return null
  const { jkt } = (confirmation ?? {}) as { jkt?: unknown }
  return isText(jkt) ? jkt : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}
