import { aessiv } from '@noble/ciphers/aes.js'
import { deriveKey, lengthPrefixed } from '../../domain/privacy/pseudonym.ts'
import { Refusal } from '../../kernel/refusal.ts'

/**
 * Cursors are sealed: they carry a position to nobody but this gateway, and only back into the same list of the same
 * audience. AES-SIV (RFC 5297) needs no nonce, so the same position has the same cursor and two equal answers are
 * equal byte for byte.
 */
export class Cursors {
  readonly #key: Uint8Array

  /** @param key 32 bytes; SIV takes two keys, derived from it. */
  constructor(key: Uint8Array) {
    this.#key = deriveKey(key, ['bauta/cursor/v1'], 64)
  }

  /** @param list what the position belongs to: audience, kind of list, filter, order. */
  seal(list: readonly string[], position: unknown): string {
    const sealed = aessiv(this.#key, lengthPrefixed(list)).encrypt(
      Buffer.from(JSON.stringify(position), 'utf8'),
    )
    return Buffer.from(sealed).toString('base64url')
  }

  /** @throws Refusal BAD_USER_INPUT for anything that was not sealed for this very list. */
  open(list: readonly string[], cursor: string): unknown {
    try {
      const bytes = Buffer.from(cursor, 'base64url')
      // base64url decoding forgives; a cursor has one spelling only.
      if (bytes.toString('base64url') !== cursor) throw new Error('not canonical')
      return JSON.parse(
        Buffer.from(aessiv(this.#key, lengthPrefixed(list)).decrypt(bytes)).toString('utf8'),
      )
    } catch (cause) {
      throw new Refusal(
        'BAD_USER_INPUT',
        'The cursor does not belong to this list; start again without "after".',
        { cause },
      )
    }
  }
}
