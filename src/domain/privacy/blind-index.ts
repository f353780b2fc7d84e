import { createHmac } from 'node:crypto'
import { lengthPrefixed } from './pseudonym.ts'

/**
 * Keyed reference to an identifier that needs no way back (privacy row P1b): HMAC-SHA256 over
 * length-prefixed kind and normalised value. Without the key nobody can test a guess.
 */
export function blindIndex(key: Uint8Array, kind: string, normalised: string): Buffer {
  return createHmac('sha256', key)
    .update(lengthPrefixed([kind, normalised]))
    .digest()
}
