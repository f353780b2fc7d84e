import { type Cipher, createCipheriv, createDecipheriv, type Decipher, hkdfSync } from 'node:crypto'
import { type SubjectId, uuidFromBytes, uuidToBytes } from '../../kernel/ids.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const BASE32_OF_16_BYTES = 26
const LENGTH_BYTES = 4

/** Length-prefixed parts: no two different lists of strings give the same bytes. */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Buffer {
  let total = 0
  for (const part of parts) total += LENGTH_BYTES + byteLength(part)
  // One buffer for all: this stands in the loop over sealed values.
  const bytes = Buffer.allocUnsafe(total)
  let at = 0
  for (const part of parts) {
    const length = byteLength(part)
    at = bytes.writeUInt32BE(length, at)
    if (typeof part === 'string') bytes.write(part, at, 'utf8')
    else bytes.set(part, at)
    at += length
  }
  return bytes
}

function byteLength(part: string | Uint8Array): number {
  return typeof part === 'string' ? Buffer.byteLength(part, 'utf8') : part.length
}

/** HKDF-SHA256 (RFC 5869) with length-prefixed info. */
export function deriveKey(
  master: Uint8Array,
  info: readonly (string | Uint8Array)[],
  length = 32,
): Buffer {
  return Buffer.from(hkdfSync('sha256', master, new Uint8Array(0), lengthPrefixed(info), length))
}

/**
 * Pairwise pseudonyms of one audience and epoch (privacy row P1): AES-256 over exactly one block, the
 * subject's UUID. A keyed permutation: deterministic, collision-free, reversible by the gateway alone.
 * Printed as `p<epoch>` and 26 base32 letters (RFC 4648 alphabet, lower case, unpadded).
 */
export class Pseudonyms {
  readonly audience: string
  readonly epoch: number
  /** Of an older epoch, which are accepted and no longer made. */
  readonly previous: Pseudonyms | null
  readonly #encrypt: Cipher
  readonly #decrypt: Decipher
  readonly #prefix: string

  constructor(
    master: Uint8Array,
    audience: string,
    epoch: number,
    previous: Pseudonyms | null = null,
  ) {
    this.audience = audience
    this.epoch = epoch
    this.previous = previous
    const key = deriveKey(master, ['bauta/pseudonym/v1', audience, String(epoch)])
    // ECB carries no state from one block to the next, so one cipher object serves every call.
    this.#encrypt = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
    this.#decrypt = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false)
    this.#prefix = `p${epoch}`
  }

  of(subject: SubjectId): string {
    return this.#prefix + base32(this.#encrypt.update(uuidToBytes(subject)))
  }

  /**
   * The subject, or null for anything that is not a well-formed pseudonym of this epoch or of one that is accepted. Any
   * well-formed one opens to some UUID.
   */
  open(pseudonym: string): SubjectId | null {
    return this.openOwn(pseudonym) ?? this.previous?.open(pseudonym) ?? null
  }

  /** As `open`, of this epoch alone. */
  openOwn(pseudonym: string): SubjectId | null {
    if (!pseudonym.startsWith(this.#prefix)) return null
    const block = fromBase32(pseudonym.slice(this.#prefix.length))
    return block && uuidFromBytes(this.#decrypt.update(block))
  }
}

const PSEUDONYM = /\bp\d+[a-z2-7]{26}\b/g

/** A text without what has the form of a pseudonym, of whatever audience and epoch. */
export function blankPseudonyms(text: string): string {
  return text.replaceAll(PSEUDONYM, '')
}

/** By character code; 255: no letter of the alphabet. */
const VALUES = new Uint8Array(128).fill(255)
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value

function base32(block: Buffer): string {
  let text = ''
  let buffer = 0
  let bits = 0
  for (const byte of block) {
    buffer = ((buffer << 8) | byte) & 0xffff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(buffer >> bits) & 31]
    }
  }
  return text + ALPHABET[(buffer << (5 - bits)) & 31]
}

function fromBase32(text: string): Buffer | null {
  if (text.length !== BASE32_OF_16_BYTES) return null
  const block = Buffer.allocUnsafe(16)
  let buffer = 0
  let bits = 0
  let at = 0
  for (let place = 0; place < BASE32_OF_16_BYTES; place++) {
    const value = VALUES[text.charCodeAt(place)] ?? 255
    if (value === 255) return null
    buffer = ((buffer << 5) | value) & 0xffff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      block[at++] = (buffer >> bits) & 0xff
    }
  }
  // The two spare bits must be zero: one id has one spelling.
  return (buffer & ((1 << bits) - 1)) === 0 ? block : null
}
