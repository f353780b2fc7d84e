import type { Category } from '../../domain/privacy/categories.ts'
import {
  type DataRetention,
  keptDays,
  keptSince,
  QUARANTINE,
} from '../../domain/privacy/data-retention.ts'
import { eventCategories } from '../../domain/privacy/event-category.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { ExpiredData, Expiry } from '../../domain/profiles/expired-data.ts'
import { type Clock, DAY } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/** Homes of one transaction: short, so that nobody waits for a sweep. */
const PAGE = 200

/** One line of the report. */
export interface RetentionLine {
  /** A data category, or `quarantine`. */
  readonly data: string
  /** Null: as long as the person is known. */
  readonly keepDays: number | null
  /** What is too old now: events and records that go or lose a value, rows of the quarantine. */
  readonly events: number
  readonly records: number
  readonly rows: number
}

/**
 * What is known of people goes when its category is not kept any longer, counted from when it came in: what a source says
 * about the past is no older here than the day it said so. That it goes is an entry before it has gone.
 */
export class DataRetentionSweep {
  readonly #parts: {
    readonly expired: ExpiredData
    readonly policy: Policy
    readonly rules: DataRetention
    readonly recorder: Pick<Recorder, 'recordAction'>
    readonly clock: Clock
  }

  constructor(parts: {
    readonly expired: ExpiredData
    readonly policy: Policy
    readonly rules: DataRetention
    readonly recorder: Pick<Recorder, 'recordAction'>
    readonly clock: Clock
  }) {
    this.#parts = parts
  }

  /** Every category that anything is stored under, and the quarantine. Removes nothing. */
  async report(): Promise<readonly RetentionLine[]> {
    const { expired, rules } = this.#parts
    const counts = await expired.count(this.#expiries())
    const lines = this.#categories().map((category) => {
      const { events = 0, records = 0 } = counts.find((one) => one.category === category) ?? {}
      return { data: category, keepDays: keptDays(rules, category), events, records, rows: 0 }
    })
    const before = this.#quarantinedBefore()
    const rows = before === null ? 0 : await expired.countQuarantined(before)
    const keepDays = rules.get(QUARANTINE) ?? null
    return [...lines, { data: QUARANTINE, keepDays, events: 0, records: 0, rows }]
  }

  /** Removes what is too old. @returns how many events, records and quarantined rows went or lost a value. */
  async run(): Promise<number> {
    const { expired, recorder } = this.#parts
    const due = (await this.report()).filter((line) => line.events + line.records + line.rows > 0)
    if (due.length === 0) return 0
    const [events, records, quarantined] = [
      sum(due, 'events'),
      sum(due, 'records'),
      sum(due, 'rows'),
    ]
    await recorder.recordAction({
      action: 'data.discard',
      categories: due.map(({ data }) => data).join(' '),
      events,
      records,
      quarantined,
    })
    const expiries = this.#expiries()
    while ((await expired.remove(expiries, PAGE)) === PAGE);
    const before = this.#quarantinedBefore()
    if (before !== null) await expired.removeQuarantined(before)
    return events + records + quarantined
  }

  #quarantinedBefore(): number | null {
    const days = this.#parts.rules.get(QUARANTINE) ?? null
    return days === null ? null : this.#parts.clock.now() - days * DAY
  }

  #categories(): readonly Category[] {
    const { traits } = this.#parts.policy
    const all = [...traits.values()].map(({ category }) => category)
    return [...new Set<Category>([...all, ...eventCategories])].sort()
  }

  #expiries(): readonly Expiry[] {
    const { policy, rules, clock } = this.#parts
    const now = clock.now()
    return this.#categories().flatMap((category) => {
      const before = keptSince(rules, category, now)
      if (before === null) return []
      const traits = [...policy.traits.values()].filter((trait) => trait.category === category)
      const keys = traits.map(({ key }) => key)
      return [{ category, before, traits: keys, sealed: traits.some(({ sealed }) => sealed) }]
    })
  }
}

function sum(lines: readonly RetentionLine[], what: 'events' | 'records' | 'rows'): number {
  return lines.reduce((total, line) => total + line[what], 0)
}
