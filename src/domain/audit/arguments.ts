import { createHmac } from 'node:crypto'
import { DAY } from '../../kernel/time.ts'

/** Values of one argument as an entry holds them: strings, numbers and booleans alike, each by itself. */
export interface HashedArgument {
  readonly path: string
  /** Each distinct value once: `argumentHmac` in base64url, under the key of the day. */
  readonly hmacs: readonly string[]
  /**
   * The same of identifiers, under the key of the person whom each led to, or of the day where it led to nobody: which of
   * the two must not show. Absent where none stood there.
   */
  readonly identifiers?: readonly string[]
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

/** The hash of one value, and whether it was an identifier. */
export interface HashedValue {
  readonly hmac: string
  readonly isIdentifier: boolean
}

/**
 * The arguments of a request for its entry.
 * @param given places such as `profileBy.identifier`, in names of the schema, and what stood there.
 * @param hash of one value; null where the entry tells it otherwise.
 */
export function hashArguments(
  given: readonly { readonly path: string; readonly value: unknown }[],
  hash: (value: string | number | boolean) => HashedValue | null,
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
    const hashed = some.flatMap((value) => hash(value) ?? [])
    const [hmacs, identifiers] = [distinct(hashed, false), distinct(hashed, true)]
    room -= some.length
    if (hashed.length === 0 && more === 0) return []
    const [named, counted] = [identifiers.length > 0 && { identifiers }, more > 0 && { more }]
    return [{ path, hmacs, ...named, ...counted }]
  })
}

function distinct(hashed: readonly HashedValue[], isIdentifier: boolean): string[] {
  const those = hashed.filter((one) => one.isIdentifier === isIdentifier)
  return [...new Set(those.map(({ hmac }) => hmac))]
}

/** Where hashes of identifiers are found: behind those of all days. */
const BEHIND_ALL_DAYS = 0xffff

/**
 * What a hash is found by: the day of its entry comes first (2 bytes, days since 1970), so that what was hashed under
 * keys of days lies together day by day, and can go with them. What was hashed as an identifier has no day.
 * @param day of UTC: `2026-01-31`; null for an identifier.
 */
export function argumentLookUp(hmac: Uint8Array, day: string | null): Buffer {
  const number = day === null ? BEHIND_ALL_DAYS : Math.floor(Date.parse(day) / DAY)
  const prefix = Buffer.alloc(2)
  prefix.writeUInt16BE(Math.min(Math.max(number, 0), BEHIND_ALL_DAYS))
  return Buffer.concat([prefix, hmac])
}

function collect(value: unknown, into: Set<string | number | boolean>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    into.add(value)
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) collect(one, into)
}
