import { readdirSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DayKeys } from '../../domain/audit/day-keys.ts'
import { deriveKey } from '../../domain/privacy/pseudonym.ts'
import { open, seal } from '../../domain/privacy/seal.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { createDurably, syncFolder } from './durable-file.ts'

const KEY_BYTES = 32
export const DAYS_FOLDER = 'days'
export const DAY_SEAL = 'bauta/wrap-day/v1'
const FORMAT = 'bauta/day-key/v1'
const NAME = /^(\d{4}-\d{2}-\d{2})\.key$/

type UnderMaster = <T>(work: () => Promise<T>) => Promise<T>

/** What the file of a day is bound to. */
export function dayContext(day: string): readonly string[] {
  return [FORMAT, day]
}

/** Days whose keys are in the folder, the oldest first; none where there is no such folder yet. */
export function daysIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .sort()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}

/** One file a day in a folder of its own, sealed under the master key. A key is destroyed by removing its file. */
export class FileDayKeys implements DayKeys {
  readonly #dir: string
  readonly #wrappingKey: Uint8Array
  readonly #randomness: Randomness
  readonly #underMaster: UnderMaster
  #today: { readonly day: string; readonly key: Promise<Uint8Array> } | null = null

  /**
   * @param dir is made when it is missing.
   * @param underMaster runs what makes a key while `master` is the master key of the folder, and refuses otherwise.
   */
  constructor(
    dir: string,
    master: Uint8Array,
    randomness: Randomness,
    underMaster: UnderMaster = async (work) => await work(),
  ) {
    this.#dir = dir
    this.#wrappingKey = deriveKey(master, [DAY_SEAL])
    this.#randomness = randomness
    this.#underMaster = underMaster
  }

  async make(today: string): Promise<Uint8Array> {
    if (this.#today?.day !== today) this.#today = { day: today, key: this.#make(today) }
    try {
      return await this.#today.key
    } catch (cause) {
      this.#today = null
      throw unavailable(cause)
    }
  }

  async find(day: string): Promise<Uint8Array | null> {
    try {
      return await this.#read(day)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw unavailable(cause)
    }
  }

  async days(): Promise<readonly string[]> {
    return daysIn(this.#dir)
  }

  async destroyBefore(day: string): Promise<readonly string[]> {
    const doomed = (await this.days()).filter((one) => one < day)
    for (const one of doomed) await rm(this.#path(one), { force: true })
    if (doomed.length > 0) await syncFolder(this.#dir)
    return doomed
  }

  async #make(day: string): Promise<Uint8Array> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 })
    const key = this.#randomness.bytes(KEY_BYTES)
    // Where another gateway was faster its key stays, and is the one that counts.
    const file = seal(this.#wrappingKey, dayContext(day), key, this.#randomness)
    await this.#underMaster(async () => await createDurably(this.#path(day), file))
    return await this.#read(day)
  }

  async #read(day: string): Promise<Uint8Array> {
    return open(this.#wrappingKey, dayContext(day), await readFile(this.#path(day)))
  }

  #path(day: string): string {
    return join(this.#dir, `${day}.key`)
  }
}

function unavailable(cause: unknown): Refusal {
  return new Refusal('KEYS_UNAVAILABLE', 'The keys of the day can not be read or written.', {
    cause,
  })
}
