import type { UsedProofs } from '../../domain/access/dpop.ts'
import { InProcessUsedProofs } from './in-process-used-proofs.ts'
import type { RedisLink } from './redis-link.ts'

/**
 * Remembered by all gateways of an installation. While Redis is gone each goes on with what it remembers itself: then a
 * proof that was stolen together with its token could be used once more at each of the others, for a minute.
 */
export class RedisUsedProofs implements UsedProofs {
  readonly #link: RedisLink
  readonly #here = new InProcessUsedProofs()

  constructor(link: RedisLink) {
    this.#link = link
  }

  async take(id: string, lifetime: number): Promise<boolean> {
    if (!(await this.#here.take(id, lifetime))) return false
    const key = `${this.#link.prefix}:dpop:${id}`
    const expiration = { type: 'PX', value: Math.max(1, Math.ceil(lifetime)) } as const
    try {
      return (await this.#link.commands.set(key, '', { condition: 'NX', expiration })) === 'OK'
    } catch {
      return true
    }
  }
}
