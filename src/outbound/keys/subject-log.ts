import { crc32 } from 'node:zlib'
import { open, seal } from '../../domain/privacy/seal.ts'
import { type Randomness, type SubjectId, uuidFromBytes, uuidToBytes } from '../../kernel/ids.ts'
import { DERIVED, type WrappingKey } from './wrapping-keys.ts'

const ID = 16
const NUMBER = 4
const DATA_KEY = 32
const SALT = 32
const SEALED = 12 + DATA_KEY + SALT + 16
const CRC = 4

/** Bytes of one record: subject, number of the wrapping key, sealed data key and salt, CRC-32 of what stands before. */
export const RECORD = ID + NUMBER + SEALED + CRC
/** Records of the first version had no number. */
const FIRST_RECORD = ID + SEALED + CRC

/** First bytes of a log: what it is, then random ones that tell a file that was replaced from one that grew. */
export const HEADER = 16
const MAGIC = Buffer.from('bauta\0k2', 'latin1')

const CONTEXT = 'bauta/subject-keys/v1'

export function newHeader(randomness: Randomness): Buffer {
  // An inode number can come back; these don't.
  return Buffer.concat([MAGIC, randomness.bytes(HEADER - MAGIC.length)])
}

/** What a record is sealed under. */
export type Wrapping = Pick<WrappingKey, 'number' | 'key'>

/** A record with new random keys. */
export function newRecord(subject: SubjectId, wrapping: Wrapping, randomness: Randomness): Buffer {
  return wrapped(subject, wrapping, randomness.bytes(DATA_KEY + SALT), randomness)
}

/** The same keys under another wrapping key. */
export function rewrapped(
  record: Buffer,
  subject: SubjectId,
  from: Wrapping,
  to: Wrapping,
  randomness: Randomness,
): Buffer {
  const keys = open(from.key, contextOf(subject, from.number), sealedIn(record))
  return wrapped(subject, to, keys, randomness)
}

/** The keys in a record. @throws SealError when it was altered or moved to another subject. */
export function openRecord(
  record: Buffer,
  subject: SubjectId,
  wrapping: Wrapping,
): { dataKey: Buffer; salt: Buffer } {
  const keys = open(wrapping.key, contextOf(subject, wrapping.number), sealedIn(record))
  return { dataKey: keys.subarray(0, DATA_KEY), salt: keys.subarray(DATA_KEY) }
}

/** By which wrapping key it is sealed. */
export function numberOf(record: Buffer): number {
  return record.readUInt32LE(ID)
}

function wrapped(
  subject: SubjectId,
  { number, key }: Wrapping,
  keys: Uint8Array,
  randomness: Randomness,
): Buffer {
  const sealed = seal(key, contextOf(subject, number), keys, randomness)
  return recordOf(uuidToBytes(subject), number, sealed)
}

function recordOf(id: Uint8Array, number: number, sealed: Uint8Array): Buffer {
  const record = Buffer.concat([id, Buffer.alloc(NUMBER), sealed], RECORD)
  record.writeUInt32LE(number, ID)
  record.writeUInt32LE(crc32(record.subarray(0, RECORD - CRC)), RECORD - CRC)
  return record
}

function contextOf(subject: SubjectId, number: number): string[] {
  return number === DERIVED ? [CONTEXT, subject] : [CONTEXT, subject, String(number)]
}

function sealedIn(record: Buffer): Buffer {
  return record.subarray(ID + NUMBER, ID + NUMBER + SEALED)
}

/** The log as this version writes it, or null where it is one. @throws DamagedLogError */
export function upgraded(log: Buffer, randomness: Randomness): Buffer | null {
  if (log.length < HEADER || log.subarray(0, MAGIC.length).equals(MAGIC)) return null
  const records = log.subarray(HEADER)
  const whole = wholeBytes(records, FIRST_RECORD)
  const parts = [newHeader(randomness)]
  for (let at = 0; at < whole; at += FIRST_RECORD)
    parts.push(
      recordOf(records.subarray(at, at + ID), DERIVED, records.subarray(at + ID, at + ID + SEALED)),
    )
  return Buffer.concat(parts)
}

/** A record whose neighbours are whole but which is not: not a torn write but damage. */
export class DamagedLogError extends Error {
  override readonly name = 'DamagedLogError'
}

/**
 * The records of a log and where each stands; of several about one subject the last one counts. Bytes of a write that was
 * cut short stand at the end only: they were never acknowledged and are left out.
 */
export class RecordTable {
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  readonly #offsets = new Map<SubjectId, number>()
  readonly #counts = new Map<number, number>()

  /** Bytes of whole records. */
  get length(): number {
    return this.#length
  }

  /** Subjects with keys. */
  get size(): number {
    return this.#offsets.size
  }

  /** How many subjects' keys are sealed under each wrapping key. */
  get counts(): ReadonlyMap<number, number> {
    return this.#counts
  }

  /** Whether records stand in the log that later ones have taken the place of. */
  get hasSuperseded(): boolean {
    return this.#length > this.#offsets.size * RECORD
  }

  /** Subjects whose keys are sealed under another wrapping key than this one. */
  notUnder(number: number): SubjectId[] {
    return [...this.#offsets].flatMap(([subject, at]) =>
      this.#numberAt(at) === number ? [] : [subject],
    )
  }

  get(subject: SubjectId): Buffer | null {
    const at = this.#offsets.get(subject)
    return at === undefined ? null : this.#bytes.subarray(at, at + RECORD)
  }

  /** Whether the subject's record stands within the first `length` bytes. */
  holds(subject: SubjectId, length = this.#length): boolean {
    const at = this.#offsets.get(subject)
    return at !== undefined && at < length
  }

  /**
   * Takes over the whole records at the start of `tail`.
   * @throws DamagedLogError when whole records follow a broken one.
   */
  append(tail: Buffer): void {
    const whole = wholeBytes(tail, RECORD)
    this.#reserve(this.#length + whole)
    tail.copy(this.#bytes, this.#length, 0, whole)
    for (let at = this.#length; at < this.#length + whole; at += RECORD) this.#place(at)
    this.#length += whole
  }

  /** All records but those of the given subjects. */
  without(subjects: ReadonlySet<SubjectId>): Buffer {
    const kept: Buffer[] = []
    for (const [subject, at] of this.#offsets)
      if (!subjects.has(subject)) kept.push(this.#bytes.subarray(at, at + RECORD))
    return Buffer.concat(kept)
  }

  #place(at: number): void {
    const subject = uuidFromBytes(this.#bytes.subarray(at, at + ID))
    const before = this.#offsets.get(subject)
    if (before !== undefined) this.#count(this.#numberAt(before), -1)
    this.#offsets.set(subject, at)
    this.#count(this.#numberAt(at), 1)
  }

  #numberAt(at: number): number {
    return numberOf(this.#bytes.subarray(at, at + RECORD))
  }

  #count(number: number, by: number): void {
    const count = (this.#counts.get(number) ?? 0) + by
    if (count === 0) this.#counts.delete(number)
    else this.#counts.set(number, count)
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

function wholeBytes(tail: Buffer, size: number): number {
  let end = 0
  for (let at = 0; at + size <= tail.length; at += size) {
    const crc = crc32(tail.subarray(at, at + size - CRC))
    if (crc !== tail.readUInt32LE(at + size - CRC)) continue
    if (at !== end) throw new DamagedLogError(`record ${end / size} is broken`)
    end = at + size
  }
  return end
}
