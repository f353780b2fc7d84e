import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { replaceDurably, writeAll } from './durable-file.ts'
import { DamagedLogError, HEADER, newHeader, RecordTable, upgraded } from './subject-log.ts'

/**
 * `subjects.log` as one process sees it. Writers hold the lock of the folder and look before they write; readers look as
 * often as they have to.
 */
export class SubjectLogFile {
  readonly #path: string
  readonly #randomness: Randomness
  #table = new RecordTable()
  #generation: Buffer = Buffer.alloc(0)
  /** Bytes of the table that this process saw synced. */
  #durable = 0
  /** After a failed sync the system may take lost pages for written ones: only a new file can be trusted. */
  #suspect = false

  constructor(path: string, randomness: Randomness) {
    this.#path = path
    this.#randomness = randomness
  }

  get table(): RecordTable {
    return this.#table
  }

  /** Whether the subject's record is known to be synced. */
  isDurable(subject: SubjectId): boolean {
    return this.#table.holds(subject, this.#durable)
  }

  /** Rewrites a log of an older version; a crash leaves the one or the other. */
  async upgrade(): Promise<void> {
    try {
      const now = upgraded(readFileSync(this.#path), this.#randomness)
      if (now) await replaceDurably(this.#path, now)
    } catch (cause) {
      throw this.#unreadable(cause)
    }
  }

  /** Takes over what stands in the file now: its new tail, or all of it where the file was replaced. */
  look(): void {
    try {
      const file = openSync(this.#path, 'r')
      try {
        this.#read(file)
      } finally {
        closeSync(file)
      }
    } catch (cause) {
      throw this.#unreadable(cause)
    }
  }

  /** Makes these records durable, and those of writers that may have died before their own sync. */
  async append(records: readonly Buffer[]): Promise<void> {
    try {
      if (this.#suspect) await this.rewrite(new Set(), records)
      else await this.#write(Buffer.concat(records))
      this.#suspect = false
    } catch (cause) {
      this.#suspect = true
      throw new Refusal('KEYS_UNAVAILABLE', 'New keys can not be written.', { cause })
    }
    this.look()
    this.#durable = this.#table.length
  }

  /** A new file with the last record of each subject, but not of these, and with more behind them. */
  async rewrite(without: ReadonlySet<SubjectId>, more: readonly Buffer[] = []): Promise<void> {
    const parts = [newHeader(this.#randomness), this.#table.without(without), ...more]
    await replaceDurably(this.#path, Buffer.concat(parts))
  }

  async #write(bytes: Buffer): Promise<void> {
    const end = HEADER + this.#table.length
    const file = await open(this.#path, 'r+')
    try {
      // A writer that died in the middle left a torn record: cut, or ours would stand askew.
      await file.truncate(end)
      await writeAll(file, bytes, end)
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  #read(file: number): void {
    const { size } = fstatSync(file)
    const generation = readFrom(file, 0, HEADER)
    if (generation.length < HEADER) throw new DamagedLogError('it has no beginning')
    if (!generation.equals(this.#generation)) {
      this.#table = new RecordTable()
      this.#durable = 0
      this.#generation = generation
    }
    const known = HEADER + this.#table.length
    if (size > known) this.#table.append(readFrom(file, known, size))
  }

  #unreadable(cause: unknown): Refusal {
    const what =
      cause instanceof DamagedLogError ? `damaged: ${cause.message}` : 'missing or unreadable'
    const message = `${this.#path} is ${what}; restore it from its backup.`
    return new Refusal('KEYS_UNAVAILABLE', message, { cause })
  }
}

function readFrom(file: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from)
  let at = 0
  while (at < bytes.length) {
    const count = readSync(file, bytes, at, bytes.length - at, from + at)
    if (count === 0) break
    at += count
  }
  return bytes.subarray(0, at)
}
