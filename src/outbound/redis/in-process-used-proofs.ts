import { LRUCache } from 'lru-cache'
import type { UsedProofs } from '../../domain/access/dpop.ts'

/** Only holders of tokens get here: a thousand proofs a second for more than a minute. */
const REMEMBERED = 100_000

/** Remembered by this process alone: enough where there is one gateway. */
export class InProcessUsedProofs implements UsedProofs {
  readonly #used = new LRUCache<string, true>({ max: REMEMBERED })

  async take(id: string, lifetime: number): Promise<boolean> {
    if (this.#used.has(id)) return false
    this.#used.set(id, true, { ttl: Math.max(1, lifetime) })
    return true
  }
}
