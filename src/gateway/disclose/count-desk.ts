import type { CountLedger } from '../../domain/audit/count-ledger.ts'
import { type CountRule, countRuleFor, type NoiseRule } from '../../domain/privacy/count-rules.ts'
import { ExactNoise } from '../../domain/privacy/exact-noise.ts'
import { NoisePool } from '../../domain/privacy/noise-pool.ts'
import type { CountedSets } from '../../domain/segments/counted-sets.ts'
import type { Randomness } from '../../kernel/ids.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { TrailAlarm } from '../scope/trail-alarm.ts'

/** What counts of people are made with, the same for all requests. */
export interface CountParts {
  readonly rules: ReadonlyMap<string, CountRule>
  readonly ledger: CountLedger
  readonly sets: CountedSets
  readonly recorder: Recorder
  readonly alarm: Pick<TrailAlarm, 'refuseIfRaised'>
  readonly randomness: Randomness
  /** Runs work when nothing is being answered. */
  readonly later: (work: () => void) => void
}

/** Rules, ledger and noise; noise of every kind is drawn from the start on, so that no request waits for its own. */
export class CountDesk {
  readonly parts: CountParts
  readonly #noise = new Map<NoiseRule, NoisePool>()

  constructor(parts: CountParts) {
    this.parts = parts
    const exact = new ExactNoise(parts.randomness)
    for (const { noise } of parts.rules.values()) {
      if (noise === null) continue
      const { mechanism, spread } = noise
      const draw = () => (mechanism === 'laplace' ? exact.laplace(spread) : exact.gaussian(spread))
      this.#noise.set(noise, new NoisePool(draw, parts.later))
    }
  }

  ruleFor(roles: readonly string[]): CountRule | null {
    return countRuleFor(this.parts.rules, roles)
  }

  noise(rule: NoiseRule): bigint {
    const pool = this.#noise.get(rule)
    if (!pool) throw new Error('noise of a kind that no rule names')
    return pool.take()
  }
}
