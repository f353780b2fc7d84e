import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { RateBudget, Spent } from '../../domain/access/rate-budget.ts'

/** Counted in this process alone: enough where there is one gateway. What is not spent from for a minute is forgotten. */
export class InProcessRateBudget implements RateBudget {
  readonly #counter: RateLimiterMemory

  /** @param seconds how long a minute takes (tests can't wait for one). */
  constructor(seconds = 60) {
    this.#counter = new RateLimiterMemory({ points: 0, duration: seconds })
  }

  async spend(key: string, units: number): Promise<Spent> {
    const { consumedPoints, msBeforeNext } = await this.#counter.penalty(key, units)
    return { units: consumedPoints, resetMs: msBeforeNext }
  }
}
