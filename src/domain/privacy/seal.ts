import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Randomness } from '../../kernel/ids.ts'
import { lengthPrefixed } from './pseudonym.ts'

const NONCE = 12
const TAG = 16

/** Sealed bytes that do not open: wrong key, wrong place or altered. Says nothing about the content. */
export class SealError extends Error {
  override readonly name = 'SealError'
}

/**
 * AES-256-GCM with a random 96-bit nonce: `nonce ‖ ciphertext ‖ tag`. The context (such as subject and
 * category) is bound as associated data: a value moved to another person or column does not open.
 */
export function seal(
  key: Uint8Array,
  context: readonly string[],
  plain: Uint8Array | string,
  randomness: Randomness,
): Buffer {
  const nonce = randomness.bytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(lengthPrefixed(context))
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain)
  cipher.final()
  return Buffer.concat([nonce, body, cipher.getAuthTag()])
}

/** @throws SealError */
export function open(key: Uint8Array, context: readonly string[], sealed: Uint8Array): Buffer {
  if (sealed.length < NONCE + TAG) throw new SealError('sealed value is too short')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE))
    decipher.setAAD(lengthPrefixed(context))
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG))
    const body = decipher.update(sealed.subarray(NONCE, sealed.length - TAG))
    decipher.final()
    return body
  } catch (cause) {
    throw new SealError('sealed value does not open', { cause })
  }
}
