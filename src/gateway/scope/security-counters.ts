import {
  SAMPLES,
  type SecurityCount,
  type SecurityCountStore,
  type SecurityEvent,
  type SecuritySample,
  securityEvents,
} from '../../domain/audit/security-counts.ts'
import { type Clock, DAY, MINUTE } from '../../kernel/time.ts'

/** Rows that wait for a store that can't be reached: an hour of every event. What is older is given up. */
const WAITING = 60 * securityEvents.length
/** How long counts can be asked for. */
const KEPT = 30 * DAY

interface Tally {
  readonly minute: number
  readonly event: SecurityEvent
  count: number
  readonly samples: SecuritySample[]
}

/**
 * Counts what leaves no entry. `note` costs nothing that a stranger could multiply: a number in memory; what was counted
 * since goes to the store in one row per minute and event. A crash loses the counts of the last seconds.
 */
export class SecurityCounters {
  readonly #store: SecurityCountStore
  readonly #clock: Clock
  readonly #tallies = new Map<string, Tally>()
  readonly #totals = new Map<SecurityEvent, number>(securityEvents.map((event) => [event, 0]))

  constructor(store: SecurityCountStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  note(event: SecurityEvent, sample: Omit<SecuritySample, 'at'>): void {
    const at = this.#clock.now()
    this.#totals.set(event, (this.#totals.get(event) ?? 0) + 1)
    this.#add({ minute: at - (at % MINUTE), event, count: 1, samples: [{ at, ...sample }] })
  }

  /** Since this process began, by event. */
  totals(): ReadonlyMap<SecurityEvent, number> {
    return this.#totals
  }

  /** Brings to the store what was counted since the last time; what can not be brought waits for the next. */
  async flush(): Promise<void> {
    const counts: SecurityCount[] = [...this.#tallies.values()]
    if (counts.length === 0) return
    this.#tallies.clear()
    try {
      await this.#store.add(counts)
    } catch (error) {
      for (const count of counts) this.#add(count)
      throw error
    }
  }

  /** Forgets what nobody can ask for any more. */
  async sweep(): Promise<number> {
    return await this.#store.discardBefore(this.#clock.now() - KEPT)
  }

  #add({ minute, event, count, samples }: SecurityCount): void {
    const key = `${minute} ${event}`
    const known = this.#tallies.get(key)
    if (known) {
      known.count += count
      known.samples.push(...samples.slice(0, SAMPLES - known.samples.length))
      return
    }
    this.#tallies.set(key, { minute, event, count, samples: [...samples] })
    const [oldest] = this.#tallies.keys()
    if (this.#tallies.size > WAITING && oldest !== undefined) this.#tallies.delete(oldest)
  }
}
