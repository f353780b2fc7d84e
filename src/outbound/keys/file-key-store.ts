import { createHmac } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  KeyRotation,
  RewrapProgress,
  WrappingState,
} from '../../domain/privacy/key-rotation.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { deriveKey } from '../../domain/privacy/pseudonym.ts'
import {
  type EpochRotation,
  type Epochs,
  epochsAt,
  refuseOverlap,
} from '../../domain/privacy/pseudonym-epochs.ts'
import type { Randomness, SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, type Instant, SECOND } from '../../kernel/time.ts'
import { createDurably } from './durable-file.ts'
import { FolderLock } from './folder-lock.ts'
import { Installation } from './installation.ts'
import { finishMasterRotation } from './master-rotation.ts'
import { newHeader, newRecord, numberOf, openRecord, rewrapped } from './subject-log.ts'
import { SubjectLogFile } from './subject-log-file.ts'
import { DERIVED, WrappingKeys } from './wrapping-keys.ts'

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

/** Few enough that whoever waits for the lock, or for this process, hardly notices. */
const REWRAP_AT_ONCE = 200

/**
 * Keys in one folder, shared by all processes of this installation: `installation.json` holds the secret that long-lived
 * keys are derived from, `subjects.log` one fixed-size record per person, wrapped by a key of the folder `wrapping`.
 * Everything is sealed under the master key. Records are appended and synced under a lock before `create` resolves;
 * `destroy` writes the file anew without them. Data keys are opened anew each time; what stays in memory is sealed.
 */
export class FileKeyStore implements KeyStore, KeyRotation {
  readonly #installation: Installation
  readonly #secret: Uint8Array
  readonly #wrapping: WrappingKeys
  readonly #log: SubjectLogFile
  readonly #randomness: Randomness
  readonly #clock: Clock
  readonly #lock: FolderLock
  readonly #installationKeys = new Map<string, Uint8Array>()
  #refs = new Map<SubjectId, string>()
  #refsOf: unknown = null
  #lookedAt = Number.NEGATIVE_INFINITY
  #onDestroyed: () => void = () => {}
  /** Whether this start made the installation its keys. */
  readonly madeNew: boolean

  /** @throws Refusal KEYS_UNAVAILABLE: wrong master key, missing or damaged files. */
  static async open(options: FileKeyStoreOptions): Promise<FileKeyStore> {
    const { dir, randomness, clock, mayCreate } = options
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const path = join(dir, 'subjects.log')
    const fresh = mayCreate && !exists(path)
    const installation = await Installation.open({ ...options, mayCreate: fresh })
    await finishMasterRotation(dir, installation, randomness)
    const wrapping = new WrappingKeys(dir, installation, randomness, clock)
    if (fresh) await createDurably(path, newHeader(randomness))
    const store = new FileKeyStore(options, installation, wrapping, fresh)
    await store.#begin()
    return store
  }

  private constructor(
    options: FileKeyStoreOptions,
    installation: Installation,
    wrapping: WrappingKeys,
    madeNew: boolean,
  ) {
    const { dir, randomness, clock } = options
    this.madeNew = madeNew
    this.#installation = installation
    this.#secret = installation.secret()
    this.#wrapping = wrapping
    this.#log = new SubjectLogFile(join(dir, 'subjects.log'), randomness)
    this.#randomness = randomness
    this.#clock = clock
    this.#lock = new FolderLock(join(dir, 'subjects.lock'))
  }

  async create(subjects: readonly SubjectId[]): Promise<void> {
    if (subjects.every((subject) => this.#log.isDurable(subject))) return
    await this.#alone(async () => {
      const { table } = this.#log
      const missing = [...new Set(subjects)].filter((subject) => !table.holds(subject))
      const { current } = this.#wrapping
      await this.#log.append(
        missing.map((subject) => newRecord(subject, current, this.#randomness)),
      )
    })
  }

  dataKeyOf(subject: SubjectId): Uint8Array | null {
    return this.#keysOf(subject)?.dataKey ?? null
  }

  auditRefOf(subject: SubjectId): string | null {
    this.#lookIfDue()
    const known = this.#refs.get(subject)
    if (known !== undefined) return known
    const keys = this.#keysOf(subject)
    if (!keys) return null
    const mac = createHmac('sha256', keys.salt).update('bauta/audit-ref/v1').digest()
    const ref = mac.toString('base64url', 0, AUDIT_REF_BYTES)
    this.#refs.set(subject, ref)
    return ref
  }

  argumentKeyOf(subject: SubjectId): Uint8Array | null {
    const keys = this.#keysOf(subject)
    return keys && createHmac('sha256', keys.salt).update('bauta/argument-key/v1').digest()
  }

  async refresh(): Promise<void> {
    this.#look()
  }

  /** @param tell called whenever this process has destroyed keys. */
  whenDestroyed(tell: () => void): void {
    this.#onDestroyed = tell
  }

  async destroy(subjects: readonly SubjectId[]): Promise<void> {
    await this.#alone(async () => {
      const doomed = new Set(subjects.filter((subject) => this.#log.table.holds(subject)))
      if (doomed.size === 0) return
      try {
        await this.#log.rewrite(doomed)
      } catch (cause) {
        throw new Refusal('KEYS_UNAVAILABLE', 'Keys can not be destroyed now.', { cause })
      }
      this.#look()
      this.#onDestroyed()
    })
  }

  installationKey(use: string): Uint8Array {
    let key = this.#installationKeys.get(use)
    if (!key) {
      key = deriveKey(this.#secret, ['bauta/installation-key/v1', use])
      this.#installationKeys.set(use, key)
    }
    return key
  }

  epochsOf(audience: string): Epochs {
    this.#lookIfDue()
    return epochsAt(this.#installation.rotations, audience, this.#clock.now())
  }

  rotations(): readonly EpochRotation[] {
    this.#look()
    return this.#installation.rotations
  }

  async rotatePseudonyms(rotation: EpochRotation): Promise<void> {
    await this.#installation.addRotation(rotation, (rotations) =>
      refuseOverlap(rotations, rotation.audience, this.#clock.now()),
    )
  }

  masterFingerprint(): string {
    return this.#installation.masterFingerprint
  }

  async wrappingKeys(): Promise<readonly WrappingState[]> {
    this.#look()
    const { counts } = this.#log.table
    const { all, current } = this.#wrapping
    const derived = current.number === DERIVED || counts.has(DERIVED)
    const keys = derived ? [this.#wrapping.of(DERIVED), ...all] : all
    return keys.map(({ number, since }) => ({
      number,
      since,
      retiredAt: number === current.number ? null : this.#retiredAt(number),
      people: counts.get(number) ?? 0,
    }))
  }

  async renewWrapping(after: number): Promise<void> {
    await this.#wrapping.make(after)
  }

  async *rewrap(): AsyncGenerator<RewrapProgress> {
    this.#look()
    const { number } = this.#wrapping.current
    const { table } = this.#log
    const left = table.counts.get(number) === table.size ? [] : table.notUnder(number)
    const total = left.length
    for (let done = 0; done < total; ) {
      const some = left.slice(done, done + REWRAP_AT_ONCE)
      await this.#alone(async () => await this.#rewrapThese(some))
      done += some.length
      yield { done, total }
    }
    // What was wrapped before stands in the file until it is written anew.
    if (this.#log.table.hasSuperseded)
      await this.#alone(async () => {
        await this.#log.rewrite(new Set())
        this.#look()
      })
  }

  async destroyRetiredBefore(before: Instant): Promise<readonly number[]> {
    return await this.#alone(async () => {
      const doomed = (await this.wrappingKeys()).filter(
        ({ number, retiredAt, people }) =>
          number !== DERIVED && people === 0 && retiredAt !== null && retiredAt < before,
      )
      const numbers = doomed.map(({ number }) => number)
      await this.#wrapping.destroy(numbers)
      return numbers
    })
  }

  /** Runs `work` under the current master key: what it seals in the key folder will open. */
  async underMaster<T>(work: () => Promise<T>): Promise<T> {
    return await this.#installation.hold(work)
  }

  async #begin(): Promise<void> {
    await this.#lock.hold(async () => await this.#log.upgrade())
    this.#look()
    const { counts } = this.#log.table
    for (const number of counts.keys()) this.#wrapping.of(number)
    if (this.#wrapping.current.number === DERIVED && !counts.has(DERIVED))
      await this.#wrapping.make(DERIVED)
  }

  async #rewrapThese(subjects: readonly SubjectId[]): Promise<void> {
    const { current } = this.#wrapping
    const records = subjects.flatMap((subject) => {
      const record = this.#log.table.get(subject)
      // Whoever was erased meanwhile has none any more.
      if (record === null || numberOf(record) === current.number) return []
      const from = this.#wrapping.of(numberOf(record))
      return rewrapped(record, subject, from, current, this.#randomness)
    })
    if (records.length > 0) await this.#log.append(records)
  }

  #retiredAt(number: number): Instant | null {
    return this.#wrapping.all.find((one) => one.number > number)?.since ?? null
  }

  /** Alone among all processes, with what stands in the folder now. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    return await this.#lock.hold(async () => {
      this.#look()
      return await work()
    })
  }

  #keysOf(subject: SubjectId): { dataKey: Buffer; salt: Buffer } | null {
    this.#lookIfDue()
    const record = this.#log.table.get(subject)
    return record && openRecord(record, subject, this.#wrapping.of(numberOf(record)))
  }

  #lookIfDue(): void {
    const since = this.#clock.now() - this.#lookedAt
    if (since >= LOOK_EVERY_MS || since < 0) this.#look()
  }

  /** What could not be looked at is looked at again by the next call: nobody goes on with what may be gone. */
  #look(): void {
    const now = this.#clock.now()
    this.#installation.look()
    this.#wrapping.look()
    this.#log.look()
    this.#lookedAt = now
    if (this.#refsOf === this.#log.table) return
    this.#refsOf = this.#log.table
    this.#refs = new Map()
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
