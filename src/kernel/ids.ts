import type { Instant } from './time.ts'

/** The internal id of a person or visitor: a UUID that never leaves the gateway. */
export type SubjectId = string

/** Nobody has this id (RFC 9562 §5.9). Looked for where an identifier is unknown, so that a miss takes the steps of a hit. */
export const NOBODY: SubjectId = '00000000-0000-0000-0000-000000000000'

/** Cryptographically strong bytes; a parameter, so that rules stay repeatable. */
export interface Randomness {
  bytes(length: number): Uint8Array
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** UUID version 7 (RFC 9562 §5.7): sortable by time, 74 random bits. */
export function uuidV7(now: Instant, randomness: Randomness): string {
  const bytes = Buffer.from(randomness.bytes(16))
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  return uuidFromBytes(bytes)
}

/** When a UUID version 7 was made; null for any other text. */
export function instantOf(uuid: string): Instant | null {
  return isUuid(uuid) && uuid[14] === '7' ? uuidToBytes(uuid).readUIntBE(0, 6) : null
}

export function uuidFromBytes(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function uuidToBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}
