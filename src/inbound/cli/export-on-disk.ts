import { createReadStream } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExportReader } from '../../gateway/attest/export-reader.ts'

/** Files that are read whole are of this size at most; what lies beyond is left, and then does not verify. */
const SMALL_FILE_BYTES = 1024 * 1024
const PIECE_BYTES = 1024 * 1024

/** An exported folder. What is no plain file, a link for example, counts as missing: an export has none. */
export class ExportOnDisk implements ExportReader {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
  }

  async read(file: string): Promise<Uint8Array | null> {
    const path = await this.#pathOf(file)
    if (path === null) return null
    const handle = await open(path)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(SMALL_FILE_BYTES), 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  }

  async stream(file: string): Promise<AsyncIterable<Uint8Array> | null> {
    const path = await this.#pathOf(file)
    return path === null ? null : piecesOf(path)
  }

  async #pathOf(file: string): Promise<string | null> {
    const path = join(this.#dir, file)
    try {
      return (await lstat(path)).isFile() ? path : null
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw cause
    }
  }
}

/** Opens the file only when it is read: whoever does not read it leaves nothing open. */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: PIECE_BYTES })
}
