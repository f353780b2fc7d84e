import { crc32 } from 'node:zlib'
import { open, seal } from '../../domain/privacy/seal.ts'
import { type Randomness, type SubjectId, uuidFromBytes, uuidToBytes } from '../../kernel/ids.ts'

const ID = 16
const DATA_KEY = 32
const SALT = 32
const SEALED = 12 + DATA_KEY + SALT + 16
const CRC = 4

/** Bytes of one record: subject, its sealed data key and salt, CRC-32 of what stands before. */
export const RECORD = ID + SEALED + CRC

const CONTEXT = 'bauta/subject-keys/v1'

/** A record with new random keys. */
export function newRecord(
  subject: SubjectId,
  wrappingKey: Uint8Array,
  randomness: Randomness,
): Buffer {
  const sealed = seal(
    wrappingKey,
    [CONTEXT, subject],
    randomness.bytes(DATA_KEY + SALT),
    randomness,
  )
  const record = Buffer.concat([uuidToBytes(subject), sealed], RECORD)
  record.writeUInt32LE(crc32(record.subarray(0, RECORD - CRC)), RECORD - CRC)
  return record
}

/** The keys in a record. @throws SealError when it was altered or moved to another subject. */
export function openRecord(
  record: Buffer,
  subject: SubjectId,
  wrappingKey: Uint8Array,
): { dataKey: Buffer; salt: Buffer } {
  const keys = open(wrappingKey, [CONTEXT, subject], record.subarray(ID, ID + SEALED))
  return { dataKey: keys.subarray(0, DATA_KEY), salt: keys.subarray(DATA_KEY) }
}

/** A record whose neighbours are whole but which is not: not a torn write but damage. */
export class DamagedLogError extends Error {
  override readonly name = 'DamagedLogError'
}

/**
 * The records of a log and where each stands. Bytes of a write that was cut short stand at the end only: they were never
 * acknowledged and are left out.
 */
export class RecordTable {
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  readonly #offsets = new Map<SubjectId, number>()

  /** Bytes of whole records. */
  get length(): number {
    return this.#length
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
    const whole = wholeBytes(tail)
    this.#reserve(this.#length + whole)
    tail.copy(this.#bytes, this.#length, 0, whole)
    for (let at = this.#length; at < this.#length + whole; at += RECORD)
      this.#offsets.set(uuidFromBytes(this.#bytes.subarray(at, at + ID)), at)
    this.#length += whole
  }

  /** All records but those of the given subjects. */
  without(subjects: ReadonlySet<SubjectId>): Buffer {
    const kept: Buffer[] = []
    for (const [subject, at] of this.#offsets)
      if (!subjects.has(subject)) kept.push(this.#bytes.subarray(at, at + RECORD))
    return Buffer.concat(kept)
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

function wholeBytes(tail: Buffer): number {
  let end = 0
  for (let at = 0; at + RECORD <= tail.length; at += RECORD) {
    const crc = crc32(tail.subarray(at, at + RECORD - CRC))
    if (crc !== tail.readUInt32LE(at + RECORD - CRC)) continue
    if (at !== end) throw new DamagedLogError(`record ${end / RECORD} is broken`)
    end = at + RECORD
  }
  return end
}
