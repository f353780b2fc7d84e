import { readFile } from 'node:fs/promises'
import type { OpenWitnessMemory, WitnessMemory } from '../../domain/audit/witness.ts'
import { replaceDurably } from './durable-file.ts'
import { FolderLock } from './folder-lock.ts'

/** A file with the note that a witness has signed last; a lock stands beside it. */
export class FileWitnessMemory implements WitnessMemory {
  readonly #path: string
  readonly #lock: FolderLock

  constructor(path: string) {
    this.#path = path
    this.#lock = new FolderLock(`${path}.lock`)
  }

  async alone<T>(work: (memory: OpenWitnessMemory) => Promise<T>): Promise<T> {
    return await this.#lock.hold(async () => {
      return await work({
        last: () => this.#last(),
        save: (note) => replaceDurably(this.#path, Buffer.from(note)),
      })
    })
  }

  async #last(): Promise<string | null> {
    try {
      return await readFile(this.#path, 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw cause
    }
  }
}
