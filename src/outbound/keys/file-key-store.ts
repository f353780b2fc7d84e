import { createHmac } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { deriveKey } from '../../domain/privacy/pseudonym.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, SECOND } from '../../kernel/time.ts'
import { createDurably, replaceDurably, writeAll } from './durable-file.ts'
import { FolderLock } from './folder-lock.ts'
import { openInstallation } from './installation.ts'
import { DamagedLogError, newRecord, openRecord, RecordTable } from './subject-log.ts'

const AUDIT_REF_BYTES = 16
/** The most that another process's destruction of keys may go unnoticed here. */
const LOOK_EVERY_MS = SECOND

export interface FileKeyStoreOptions {
  /** The key folder. Kept apart from the database: whoever holds both and the master key can open the vault. */
  readonly dir: string
  readonly master: Uint8Array
  readonly randomness: Randomness
  readonly clock: Clock
  /** False where the database knows people already: their keys must exist, new ones could open nothing. */
  readonly mayCreate: boolean
}

/**
 * Keys in two files of one folder, shared by all processes of this installation: `installation.json` holds the secret
 * that long-lived keys are derived from, `subjects.log` one fixed-size record per person. Everything is sealed under
 * the master key. Records are appended and synced under a lock before `create` resolves; `destroy` writes the file anew
 * without them. Data keys are opened anew each time; what stays in memory is sealed.
 */
export class FileKeyStore implements KeyStore {
  readonly #path: string
  readonly #installation: Uint8Array
  readonly #wrappingKey: Uint8Array
  readonly #randomness: Randomness
  readonly #clock: Clock
  readonly #lock: FolderLock
  readonly #installationKeys = new Map<string, Uint8Array>()
  #table = new RecordTable()
  #refs = new Map<SubjectId, string>()
  #generation: Buffer = Buffer.alloc(0)
  /** Bytes of the table that this process saw synced. */
  #durable = 0
  /** After a failed sync the system may take lost pages for written ones: only a new file can be trusted. */
  #suspect = false
  #lookedAt = 0
  /** Whether this start made the installation its keys. */
  readonly madeNew: boolean

  /** @throws Refusal KEYS_UNAVAILABLE: wrong master key, missing or damaged files. */
  static async open(options: FileKeyStoreOptions): Promise<FileKeyStore> {
    const { dir, master, randomness, mayCreate } = options
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const path = join(dir, 'subjects.log')
    const fresh = mayCreate && !exists(path)
    const installation = await openInstallation(dir, master, randomness, fresh)
    if (fresh) await createDurably(path, newGeneration(randomness))
    const store = new FileKeyStore(options, path, installation, fresh)
    store.#look()
    return store
  }

  private constructor(
    options: FileKeyStoreOptions,
    path: string,
    installation: Uint8Array,
    madeNew: boolean,
  ) {
    this.madeNew = madeNew
    this.#path = path
    this.#installation = installation
    this.#wrappingKey = deriveKey(options.master, ['bauta/wrap-subject/v1'])
    this.#randomness = options.randomness
    this.#clock = options.clock
    this.#lock = new FolderLock(join(options.dir, 'subjects.lock'))
  }

  async create(subjects: readonly SubjectId[]): Promise<void> {
    if (subjects.every((subject) => this.#table.holds(subject, this.#durable))) return
    await this.#lock.hold(async () => {
      this.#look()
      const missing = [...new Set(subjects)].filter((subject) => !this.#table.holds(subject))
      await this.#append(
        missing.map((subject) => newRecord(subject, this.#wrappingKey, this.#randomness)),
      )
      this.#look()
      this.#durable = this.#table.length
    })
  }

  dataKeyOf(subject: SubjectId): Uint8Array | null {
    this.#lookIfDue()
    const record = this.#table.get(subject)
    return record && openRecord(record, subject, this.#wrappingKey).dataKey
  }

  auditRefOf(subject: SubjectId): string | null {
    this.#lookIfDue()
    const known = this.#refs.get(subject)
    if (known !== undefined) return known
    const record = this.#table.get(subject)
    if (!record) return null
    const { salt } = openRecord(record, subject, this.#wrappingKey)
    const mac = createHmac('sha256', salt).update('bauta/audit-ref/v1').digest()
    const ref = mac.toString('base64url', 0, AUDIT_REF_BYTES)
    this.#refs.set(subject, ref)
    return ref
  }

  argumentKeyOf(subject: SubjectId): Uint8Array | null {
    this.#lookIfDue()
    const record = this.#table.get(subject)
    if (!record) return null
    const { salt } = openRecord(record, subject, this.#wrappingKey)
    return createHmac('sha256', salt).update('bauta/argument-key/v1').digest()
  }

  async refresh(): Promise<void> {
    this.#look()
  }

  async destroy(subjects: readonly SubjectId[]): Promise<void> {
    await this.#lock.hold(async () => {
      this.#look()
      const doomed = new Set(subjects.filter((subject) => this.#table.holds(subject)))
      if (doomed.size === 0) return
      try {
        await this.#rewrite(doomed, [])
      } catch (cause) {
        throw new Refusal('KEYS_UNAVAILABLE', 'Keys can not be destroyed now.', { cause })
      }
      this.#look()
    })
  }

  installationKey(use: string): Uint8Array {
    let key = this.#installationKeys.get(use)
    if (!key) {
      key = deriveKey(this.#installation, ['bauta/installation-key/v1', use])
      this.#installationKeys.set(use, key)
    }
    return key
  }

  #lookIfDue(): void {
    const since = this.#clock.now() - this.#lookedAt
    if (since >= LOOK_EVERY_MS || since < 0) this.#look()
  }

  /** Makes these records durable, and those of writers that may have died before their own sync. */
  async #append(records: readonly Buffer[]): Promise<void> {
    try {
      if (this.#suspect) await this.#rewrite(new Set(), records)
      else await this.#write(Buffer.concat(records))
      this.#suspect = false
    } catch (cause) {
      this.#suspect = true
      throw new Refusal('KEYS_UNAVAILABLE', 'New keys can not be written.', { cause })
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const end = GENERATION + this.#table.length
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

  async #rewrite(without: ReadonlySet<SubjectId>, more: readonly Buffer[]): Promise<void> {
    const parts = [newGeneration(this.#randomness), this.#table.without(without), ...more]
    await replaceDurably(this.#path, Buffer.concat(parts))
  }

  /** Takes over what stands in the file now: its new tail, or all of it where the file was replaced. */
  #look(): void {
    this.#lookedAt = this.#clock.now()
    try {
      const file = openSync(this.#path, 'r')
      try {
        this.#read(file)
      } finally {
        closeSync(file)
      }
    } catch (cause) {
      const what =
        cause instanceof DamagedLogError ? `damaged: ${cause.message}` : 'missing or unreadable'
      const message = `${this.#path} is ${what}; restore it from its backup.`
      throw new Refusal('KEYS_UNAVAILABLE', message, { cause })
    }
  }

  #read(file: number): void {
    const { size } = fstatSync(file)
    const generation = readFrom(file, 0, GENERATION)
    if (generation.length < GENERATION) throw new DamagedLogError('it has no beginning')
    if (!generation.equals(this.#generation)) {
      this.#table = new RecordTable()
      this.#refs = new Map()
      this.#durable = 0
      this.#generation = generation
    }
    const known = GENERATION + this.#table.length
    if (size > known) this.#table.append(readFrom(file, known, size))
  }
}

/** First bytes of the log, random: tell a file that was replaced from one that grew (an inode number can come back). */
const GENERATION = 16

function newGeneration(randomness: Randomness): Buffer {
  return Buffer.from(randomness.bytes(GENERATION))
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
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
