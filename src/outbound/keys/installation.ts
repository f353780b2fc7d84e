import { createHmac, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deriveKey } from '../../domain/privacy/pseudonym.ts'
import type { EpochRotation } from '../../domain/privacy/pseudonym-epochs.ts'
import { seal, open as unseal } from '../../domain/privacy/seal.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { createDurably, replaceDurably } from './durable-file.ts'
import { FolderLock } from './folder-lock.ts'

export const INSTALLATION_FILE = 'installation.json'
const FORMAT = 'bauta/installation/v2'
/** Files of the first version know no rotations. What is sealed in them is bound to its name in both. */
const FIRST_FORMAT = 'bauta/installation/v1'
const PREVIOUS_MASTER = 'bauta/previous-master/v1'
const SECRET_BYTES = 32
const FINGERPRINT_BYTES = 8

interface InstallationFile {
  readonly format: string
  /** Tells a wrong master key from a damaged file. */
  readonly check: string
  /** The installation secret, sealed under the master key; base64. */
  readonly secret: string
  readonly rotations?: readonly EpochRotation[]
  /** While the folder is sealed anew: the master key before, sealed under this one; base64. */
  readonly previous?: string
}

export interface InstallationOptions {
  /** The key folder. */
  readonly dir: string
  readonly master: Uint8Array
  readonly randomness: Randomness
  /** False where data sealed with its keys exists already. */
  readonly mayCreate: boolean
}

/**
 * `installation.json` in the key folder: the random secret that all long-lived keys of this installation are derived
 * from, sealed under the master key, and the epochs of pseudonyms. All processes share it; changes are made under a lock.
 */
export class Installation {
  readonly #path: string
  readonly #master: Uint8Array
  readonly #randomness: Randomness
  readonly #lock: FolderLock
  #file: InstallationFile

  /** @throws Refusal KEYS_UNAVAILABLE: wrong master key, damaged file, or missing where it may not be created. */
  static async open(options: InstallationOptions): Promise<Installation> {
    const { dir, master, randomness, mayCreate } = options
    const path = join(dir, INSTALLATION_FILE)
    if (!existsSync(path)) {
      if (!mayCreate)
        throw new Refusal(
          'KEYS_UNAVAILABLE',
          `${path} is missing, but data sealed with its keys exists; restore the key folder from its backup.`,
        )
      const secret = randomness.bytes(SECRET_BYTES)
      const file = { format: FORMAT, ...sealedUnder(master, secret, randomness), rotations: [] }
      await createDurably(path, contentOf(file))
    }
    const installation = new Installation(options, path)
    // Also says whether it opens, before anything rests on it.
    installation.secret()
    return installation
  }

  private constructor({ dir, master, randomness }: InstallationOptions, path: string) {
    this.#path = path
    this.#master = master
    this.#randomness = randomness
    this.#lock = new FolderLock(join(dir, 'installation.lock'))
    this.#file = this.#read(`This master key is not the one that ${path} was made with.`)
  }

  /** As of the last look. */
  get rotations(): readonly EpochRotation[] {
    return this.#file.rotations ?? []
  }

  secret(): Uint8Array {
    return this.#opened([FIRST_FORMAT], this.#file.secret)
  }

  /** What tells master keys apart and nothing else of them: the beginning of what a key is checked by, in hex. */
  get masterFingerprint(): string {
    return Buffer.from(this.#file.check, 'base64').toString('hex', 0, FINGERPRINT_BYTES)
  }

  /** The key under which files of one kind are sealed: derived from the master key. */
  sealingKey(kind: string): Buffer {
    return deriveKey(this.#master, [kind])
  }

  /** The master key before, while the folder is sealed anew under this one. */
  previousMaster(): Uint8Array | null {
    const { previous } = this.#file
    return previous === undefined ? null : this.#opened([PREVIOUS_MASTER], previous)
  }

  /** Takes over what stands in the file now. @throws Refusal KEYS_UNAVAILABLE, also where the master key was rotated. */
  look(): void {
    this.#file = this.#read('The master key was rotated; start again with the new one.')
  }

  /** Runs `work` alone and under the current master key: what it seals will open. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    return await this.#lock.hold(async () => {
      this.look()
      return await work()
    })
  }

  /** @param judge sees the rotations so far, and may refuse. */
  async addRotation(
    rotation: EpochRotation,
    judge: (rotations: readonly EpochRotation[]) => void,
  ): Promise<void> {
    await this.hold(async () => {
      judge(this.rotations)
      await this.#write({ ...this.#file, rotations: [...this.rotations, rotation] })
    })
  }

  /**
   * From when this resolves on, `master` is the master key, and this object of no more use. Until `forgetPrevious` the
   * old one is kept, sealed under the new.
   */
  async changeMaster(master: Uint8Array): Promise<void> {
    const previous = seal(
      wrappingKey(master),
      [PREVIOUS_MASTER],
      this.#master,
      this.#randomness,
    ).toString('base64')
    const sealed = sealedUnder(master, this.secret(), this.#randomness)
    await this.#write({ ...this.#file, ...sealed, previous })
  }

  async forgetPrevious(): Promise<void> {
    const { previous: _previous, ...file } = this.#file
    await this.#write(file)
  }

  async #write(file: InstallationFile): Promise<void> {
    const content = { ...file, format: FORMAT }
    try {
      await replaceDurably(this.#path, contentOf(content))
    } catch (cause) {
      throw new Refusal('KEYS_UNAVAILABLE', `${this.#path} can not be written.`, { cause })
    }
    this.#file = content
  }

  #read(otherMaster: string): InstallationFile {
    const file = this.#parsed()
    const check = Buffer.from(file.check, 'base64')
    const expected = checkOf(this.#master)
    if (check.length !== expected.length || !timingSafeEqual(check, expected))
      throw new Refusal('KEYS_UNAVAILABLE', otherMaster)
    return file
  }

  #parsed(): InstallationFile {
    try {
      const file = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<InstallationFile>
      const isKnown = file.format === FORMAT || file.format === FIRST_FORMAT
      if (isKnown && typeof file.check === 'string' && typeof file.secret === 'string')
        return file as InstallationFile
      throw new Error('not an installation file of this version')
    } catch (cause) {
      const message = `${this.#path} can not be read; restore it from its backup.`
      throw new Refusal('KEYS_UNAVAILABLE', message, { cause })
    }
  }

  #opened(context: readonly string[], sealed: string): Uint8Array {
    try {
      return unseal(wrappingKey(this.#master), context, Buffer.from(sealed, 'base64'))
    } catch (cause) {
      const message = `${this.#path} is damaged; restore it from its backup.`
      throw new Refusal('KEYS_UNAVAILABLE', message, { cause })
    }
  }
}

function sealedUnder(master: Uint8Array, secret: Uint8Array, randomness: Randomness) {
  const sealed = seal(wrappingKey(master), [FIRST_FORMAT], secret, randomness)
  return { check: checkOf(master).toString('base64'), secret: sealed.toString('base64') }
}

function contentOf(file: InstallationFile): Buffer {
  return Buffer.from(`${JSON.stringify(file)}\n`)
}

function wrappingKey(master: Uint8Array): Buffer {
  return deriveKey(master, ['bauta/wrap-installation/v1'])
}

function checkOf(master: Uint8Array): Buffer {
  return createHmac('sha256', deriveKey(master, ['bauta/master-key-check/v1']))
    .update(FIRST_FORMAT)
    .digest()
    .subarray(0, 16)
}
