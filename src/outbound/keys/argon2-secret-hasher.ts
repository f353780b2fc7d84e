import { argon2id, hash, needsRehash, verify } from 'argon2'
import type { SecretHasher } from '../../domain/access/secret-hasher.ts'
import { Refusal } from '../../kernel/refusal.ts'

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane. */
const COST = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** On two cores a second one doubled the p99 of lists beside a flood of log-ins; with one it rose by 4 and 29 % (bench/flood.mjs). */
const AT_ONCE = 1
/** About two seconds of work; whoever comes later is told to come back. */
const WAITING = 100

/** argon2id, one at a time. */
export class Argon2SecretHasher implements SecretHasher {
  #running = 0
  readonly #queue: (() => void)[] = []
  #dummy: Promise<string> | null = null

  async hash(secret: string): Promise<string> {
    return await this.#inTurn(() => hash(secret, COST))
  }

  async verify(stored: string | null, secret: string): Promise<boolean> {
    const dummy = await this.#noOnes()
    const matches = await this.#inTurn(() => verify(stored ?? dummy, secret))
    return stored !== null && matches
  }

  isOutdated(stored: string): boolean {
    return !stored.startsWith('$argon2id$') || needsRehash(stored, COST)
  }

  /** A hash that costs as much to compare with as any other; made before anybody's, so that no one's comes later. */
  async #noOnes(): Promise<string> {
    this.#dummy ??= hash('', COST)
    return await this.#dummy
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#queue.length >= WAITING)
      throw new Refusal('BUDGET_EXHAUSTED', 'Too many log-ins at once; try again shortly.')
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve))
    else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#running--
    }
  }
}
