import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Client } from '../../domain/access/principal.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { lengthPrefixed } from '../../domain/privacy/pseudonym.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { DAY, type Instant, SECOND } from '../../kernel/time.ts'
import type { Audiences } from './audiences.ts'

/** Browsers cap the life of a cookie at 400 days (RFC 6265bis); half a year is what privacy authorities recommend. */
const LIFETIME = 180 * DAY
const VERSION = 'v1'

export interface VisitorCookie {
  readonly value: string
  readonly expiresAt: Instant
}

/**
 * How a front end's server-set cookie names a visitor: `v1.<pseudonym>.<expiry in seconds>.<HMAC-SHA256>`. The pseudonym
 * is that of the client's audience and the client stands under the MAC, so a cookie taken from one front end means
 * nothing at another.
 */
export class VisitorCookies {
  readonly #keys: KeyStore
  readonly #audiences: Audiences

  constructor(keys: KeyStore, audiences: Audiences) {
    this.#keys = keys
    this.#audiences = audiences
  }

  issue(client: Client, visitor: SubjectId, now: Instant): VisitorCookie {
    const pseudonym = this.#audiences.of(client.audience).of(visitor)
    const expiry = Math.floor((now + LIFETIME) / SECOND)
    const mac = this.#mac(client, pseudonym, String(expiry)).toString('base64url')
    return { value: `${VERSION}.${pseudonym}.${expiry}.${mac}`, expiresAt: expiry * SECOND }
  }

  /** The visitor, or null: forged, expired, another client's, or no such cookie at all. */
  open(value: string, client: Client, now: Instant): SubjectId | null {
    const [version, pseudonym, expiry, mac, ...more] = value.split('.')
    if (version !== VERSION || !pseudonym || !expiry || !mac || more.length > 0) return null
    const given = Buffer.from(mac, 'base64url')
    const expected = this.#mac(client, pseudonym, expiry)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
    if (Number(expiry) * SECOND <= now) return null
    // It is this gateway's own and has an expiry: it need not end with the epoch that it was made in.
    return this.#audiences.everOf(client.audience).open(pseudonym)
  }

  #mac(client: Client, pseudonym: string, expiry: string): Buffer {
    return createHmac('sha256', this.#keys.installationKey('session'))
      .update(lengthPrefixed(['bauta/visitor/v1', client.id, pseudonym, expiry]))
      .digest()
  }
}
