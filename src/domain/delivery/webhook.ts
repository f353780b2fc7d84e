import { Webhook } from 'standardwebhooks'
import type { Randomness } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

const PREFIX = 'whsec_'
/** Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32

export function newWebhookSecret(randomness: Randomness): string {
  return `${PREFIX}${Buffer.from(randomness.bytes(SECRET_BYTES)).toString('base64')}`
}

/**
 * Headers by Standard Webhooks 1.0: id, timestamp, and a signature (HMAC-SHA256) by every secret that is valid, so that a
 * receiver may hold the older or the newer one while they are exchanged.
 */
export function signedHeaders(
  id: string,
  now: Instant,
  body: string,
  secrets: readonly string[],
): Readonly<Record<string, string>> {
  const at = new Date(now)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  }
}
