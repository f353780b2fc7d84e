import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Randomness } from '../../kernel/ids.ts'

const PREFIX = 'bauta_'
const BODY = 30
const CHECK = 6
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${BODY + CHECK}}$`)

/**
 * A new API key: `bauta_`, 30 random base62 letters (178 bits) and their CRC-32 in 6 base62 letters (GitHub's token
 * format, with which secret scanners find leaked keys and typing errors cost no database call).
 */
export function newApiKey(randomness: Randomness): string {
  let body = ''
  while (body.length < BODY)
    // 248 is the largest multiple of 62 in a byte: beyond it, some letters would come more often than others.
    for (const byte of randomness.bytes(BODY))
      if (byte < 248 && body.length < BODY) body += BASE62[byte % 62]
  return PREFIX + body + checksumOf(body)
}

/** Whether a text can be an API key at all: right shape, right checksum. */
export function isApiKey(text: string): boolean {
  if (!SHAPE.test(text)) return false
  const body = text.slice(PREFIX.length, PREFIX.length + BODY)
  return text.slice(PREFIX.length + BODY) === checksumOf(body)
}

/** SHA-256, as stored: 178 random bits need no slow hash. */
export function apiKeyHash(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** CRC-32 of a body in base62, left-padded to 6 letters. */
export function checksumOf(body: string): string {
  let rest = crc32(body)
  let text = ''
  for (let letter = 0; letter < CHECK; letter++) {
    text = BASE62[rest % 62] + text
    rest = Math.floor(rest / 62)
  }
  return text
}
