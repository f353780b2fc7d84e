import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DayKeys } from '../../domain/audit/day-keys.ts'
import { deriveKey } from '../../domain/privacy/pseudonym.ts'
import { open, seal } from '../../domain/privacy/seal.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { createDurably, syncFolder } from './durable-file.ts'

const KEY_BYTES = 32
const FORMAT = 'bauta/day-key/v1'
const NAME = /^(\d{4}-\d{2}-\d{2})\.key$/

/** One file a day in a folder of its own, sealed under the master key. A key is destroyed by removing its file. */
export class FileDayKeys implements DayKeys {
  readonly #dir: string
  readonly #wrappingKey: Uint8Array
  readonly #randomness: Randomness
  #today: { readonly day: string; readonly key: Promise<Uint8Array> } | null = null

  /** @param dir is made when it is missing. */
  constructor(dir: string, master: Uint8Array, randomness: Randomness) {
    this.#dir = dir
    this.#wrappingKey = deriveKey(master, ['bauta/wrap-day/v1'])
    this.#randomness = randomness
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
    await mkdir(this.#dir, { recursive: true, mode: 0o700 })
    return (await readdir(this.#dir)).flatMap((name) => NAME.exec(name)?.[1] ?? []).sort()
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
    await createDurably(
      this.#path(day),
      seal(this.#wrappingKey, [FORMAT, day], key, this.#randomness),
    )
    return await this.#read(day)
  }

  async #read(day: string): Promise<Uint8Array> {
    return open(this.#wrappingKey, [FORMAT, day], await readFile(this.#path(day)))
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
