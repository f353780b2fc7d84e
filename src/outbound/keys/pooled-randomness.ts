import { randomFillSync } from 'node:crypto'
import type { Randomness } from '../../kernel/ids.ts'

/** Nonces and ids are 12 and 16 bytes; asking the system for each costs more than the ciphers they are for. */
const POOL_BYTES = 16 * 1024

/** The system's strong random bytes, fetched in larger pieces. No byte is handed out twice. */
export class PooledRandomness implements Randomness {
  #pool = Buffer.alloc(0)

  bytes(length: number): Uint8Array {
    if (length > this.#pool.length)
      this.#pool = randomFillSync(Buffer.alloc(Math.max(POOL_BYTES, length)))
    const taken = this.#pool.subarray(0, length)
    this.#pool = this.#pool.subarray(length)
    return taken
  }
}
