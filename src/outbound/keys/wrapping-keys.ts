import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { open, seal } from '../../domain/privacy/seal.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import { createDurably, syncFolder } from './durable-file.ts'
import type { Installation } from './installation.ts'

export const WRAPPING_FOLDER = 'wrapping'
export const WRAPPING_SEAL = 'bauta/wrap-wrapping/v1'
const FORMAT = 'bauta/wrapping-key/v1'
const NAME = /^(\d{1,9})\.key$/
const KEY_BYTES = 32
const SINCE_BYTES = 8

/** Records of the first version name no key: theirs is derived from the master key. */
export const DERIVED = 0

export interface WrappingKey {
  readonly number: number
  /** Null: since the installation began, derived from the master key. */
  readonly since: Instant | null
  readonly key: Uint8Array
}

/** What the file of a wrapping key is bound to. */
export function wrappingContext(number: number): readonly string[] {
  return [FORMAT, String(number)]
}

/**
 * The keys that data keys of people are wrapped by: one file each in a folder of its own, so that it can be left out of
 * the backups of the rest. New records are wrapped by the one with the highest number. A key is destroyed by removing its
 * file; copies of records that it wrapped open nothing from then on.
 */
export class WrappingKeys {
  readonly #dir: string
  readonly #installation: Installation
  readonly #randomness: Randomness
  readonly #clock: Clock
  readonly #derived: WrappingKey
  #keys: ReadonlyMap<number, WrappingKey> = new Map()

  constructor(dir: string, installation: Installation, randomness: Randomness, clock: Clock) {
    this.#dir = join(dir, WRAPPING_FOLDER)
    this.#installation = installation
    this.#randomness = randomness
    this.#clock = clock
    const key = installation.sealingKey('bauta/wrap-subject/v1')
    this.#derived = { number: DERIVED, since: null, key }
  }

  /** The one that new records are wrapped by. */
  get current(): WrappingKey {
    return this.of(Math.max(DERIVED, ...this.#keys.keys()))
  }

  /** As of the last look, the oldest first. */
  get all(): readonly WrappingKey[] {
    return [...this.#keys.values()].sort((one, other) => one.number - other.number)
  }

  /** @throws Refusal KEYS_UNAVAILABLE where it is not there. */
  of(number: number): WrappingKey {
    const known = this.#keys.get(number)
    if (known) return known
    if (number === DERIVED) return this.#derived
    this.look()
    const found = this.#keys.get(number)
    if (found) return found
    const message = `${this.#path(number)} is missing, but data keys are wrapped by it; restore it from its backup.`
    throw new Refusal('KEYS_UNAVAILABLE', message)
  }

  /** Takes over keys that another process has made, and drops those that it has destroyed. */
  look(): void {
    const numbers = numbersIn(this.#dir)
    if (numbers.length === this.#keys.size && numbers.every((number) => this.#keys.has(number)))
      return
    this.#keys = new Map(
      numbers.map((number) => [number, this.#keys.get(number) ?? this.#read(number)]),
    )
  }

  /**
   * Makes the key that new records are wrapped by from now on; durable when this resolves.
   * @param after the one that it follows; where another process was faster, its key counts.
   */
  async make(after: number): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 })
    await this.#installation.hold(async () => {
      this.look()
      if (this.current.number !== after) return
      const since = Buffer.alloc(SINCE_BYTES)
      since.writeBigInt64BE(BigInt(this.#clock.now()))
      const content = Buffer.concat([since, this.#randomness.bytes(KEY_BYTES)])
      const sealingKey = this.#installation.sealingKey(WRAPPING_SEAL)
      const number = after + 1
      const file = seal(sealingKey, wrappingContext(number), content, this.#randomness)
      await createDurably(this.#path(number), file)
      this.look()
    })
  }

  async destroy(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) await rm(this.#path(number), { force: true })
    if (numbers.length > 0) await syncFolder(this.#dir)
    this.look()
  }

  #read(number: number): WrappingKey {
    const sealingKey = this.#installation.sealingKey(WRAPPING_SEAL)
    try {
      const content = open(sealingKey, wrappingContext(number), readFileSync(this.#path(number)))
      const since = Number(content.readBigInt64BE())
      return { number, since, key: content.subarray(SINCE_BYTES) }
    } catch (cause) {
      const message = `${this.#path(number)} is damaged or can not be read; restore it from its backup.`
      throw new Refusal('KEYS_UNAVAILABLE', message, { cause })
    }
  }

  #path(number: number): string {
    return join(this.#dir, `${number}.key`)
  }
}

/** Numbers of the keys in the folder; none where there is no such folder yet. */
export function numbersIn(dir: string): readonly number[] {
  try {
    return readdirSync(dir).flatMap((name) => {
      const number = NAME.exec(name)?.[1]
      return number === undefined ? [] : Number(number)
    })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}
