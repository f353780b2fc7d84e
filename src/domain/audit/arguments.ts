import { createHmac } from 'node:crypto'

/** Values of one argument as an entry holds them: strings, numbers and booleans alike, each by itself. */
export interface HashedArgument {
  readonly path: string
  /** Each distinct value once: `argumentHmac` in base64url. */
  readonly hmacs: readonly string[]
  /** Values beyond those that one entry has room for. */
  readonly more?: number
}

const HMAC_BYTES = 16
/** 25 bytes each: with more of them an entry could not be one leaf. */
const MOST_VALUES = 1_000

/** A value as it is hashed: how it was typed, in upper or lower case or as a number, makes no difference. */
export function canonicalValue(value: string | number | boolean): string {
  return String(value).normalize('NFC').trim().toLowerCase()
}

/** HMAC-SHA256 of a canonical value, its first 128 bits: without the key nobody can even test a guess. */
export function argumentHmac(key: Uint8Array, canonical: string): Buffer {
  return createHmac('sha256', key).update(canonical).digest().subarray(0, HMAC_BYTES)
}

/**
 * The arguments of a request for its entry.
 * @param given places such as `profileBy.identifier`, in names of the schema, and what stood there.
 * @param hash of one value; null where the entry tells it otherwise.
 */
export function hashArguments(
  given: readonly { readonly path: string; readonly value: unknown }[],
  hash: (value: string | number | boolean) => string | null,
): HashedArgument[] {
  let room = MOST_VALUES
  const byPath = new Map<string, Set<string | number | boolean>>()
  for (const { path, value } of given) {
    const values = byPath.get(path) ?? new Set()
    collect(value, values)
    byPath.set(path, values)
  }
  return [...byPath].flatMap(([path, values]) => {
    const some = [...values].slice(0, room)
    const more = values.size - some.length
    const hmacs = [...new Set(some.flatMap((value) => hash(value) ?? []))]
    room -= some.length
    return hmacs.length > 0 || more > 0 ? [{ path, hmacs, ...(more > 0 ? { more } : {}) }] : []
  })
}

function collect(value: unknown, into: Set<string | number | boolean>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    into.add(value)
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) collect(one, into)
}
