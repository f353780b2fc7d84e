import { RateLimiterMemory, RateLimiterRedis, RLWrapperTimeouts } from 'rate-limiter-flexible'
import type { RateBudget, Spent } from '../../domain/access/rate-budget.ts'
import type { RedisLink } from './redis-link.ts'

/** A Redis that is well answers in less than one; a request waits no longer for one that hangs. */
const ANSWERS_WITHIN_MS = 100

/** Counted in Redis for all gateways; in this process, while Redis is gone or hangs. */
export class RedisRateBudget implements RateBudget {
  readonly #counter: RLWrapperTimeouts

  /** @param seconds how long a minute takes (tests can't wait for one). */
  constructor({ commands, prefix }: RedisLink, seconds = 60) {
    this.#counter = new RLWrapperTimeouts({
      limiter: new RateLimiterRedis({
        storeClient: commands,
        useRedisPackage: true,
        rejectIfRedisNotReady: true,
        keyPrefix: `${prefix}:rate`,
        points: 0,
        duration: seconds,
      }),
      timeoutMs: ANSWERS_WITHIN_MS,
      insuranceLimiter: new RateLimiterMemory({ points: 0, duration: seconds }),
    })
  }

  async spend(key: string, units: number): Promise<Spent> {
    const { consumedPoints, msBeforeNext } = await this.#counter.penalty(key, units)
    return { units: consumedPoints, resetMs: msBeforeNext }
  }
}
