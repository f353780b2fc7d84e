import type { Instant } from '../../kernel/time.ts'
import type { SegmentRule } from './rule.ts'

/** A set of people that somebody wants counted. */
export interface AskedSet {
  readonly clientId: string
  /** UTC day of the history it is compared with, `2026-01-31`. */
  readonly day: string
  /** SHA-256 of rule and purpose. */
  readonly digest: Uint8Array
  readonly rule: SegmentRule
  /** Ids of the interned consent states of those who may be counted. */
  readonly permittedStates: readonly number[]
  readonly now: Instant
  /** Sets that differ by fewer people have one answer. */
  readonly fewest: number
  readonly perDay: number
}

export interface CountedSet {
  readonly count: number
  /** When it was counted: of an earlier set, where this one has its answer. */
  readonly asOf: Instant
}

/**
 * Counts for those who may ask freely. Whoever subtracts two counts must not find one person: a set that differs from one
 * that the client was answered earlier that day by fewer than `fewest` people has that one's answer, whether it differs
 * or not. To refuse it instead would tell that it differs.
 */
export interface CountedSets {
  /** @throws Refusal BUDGET_EXHAUSTED where the client was answered about `perDay` different sets today. */
  count(asked: AskedSet): Promise<CountedSet>
}
