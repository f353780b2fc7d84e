import { createHash } from 'node:crypto'
import type { Randomness } from '../../kernel/ids.ts'

/** 192 random bits: nobody guesses one, so its hash needs no salt and no slowness. */
const BYTES = 24
const SHAPE = /^[A-Za-z0-9_-]{32}$/

/** What stands in a link that somebody is given. It says nothing about anybody. */
export function newLinkToken(randomness: Randomness): string {
  return Buffer.from(randomness.bytes(BYTES)).toString('base64url')
}

/** SHA-256, as stored; null: it can not be one of ours. */
export function linkTokenHash(token: string): Buffer | null {
  return SHAPE.test(token) ? createHash('sha256').update(token).digest() : null
}
