import type { Instant } from '../../kernel/time.ts'
import type { Category } from '../privacy/categories.ts'

/** What of one data category is too old. */
export interface Expiry {
  readonly category: Category
  /** What came in before this instant is not kept. */
  readonly before: Instant
  /** Keys of traits in this category. */
  readonly traits: readonly string[]
  /** Values are sealed under the category. */
  readonly sealed: boolean
}

/** How many events and records of one category are too old, or hold a value that is. */
export interface ExpiryCount {
  readonly category: Category
  readonly events: number
  readonly records: number
}

/**
 * What sources said, as far as it may not be kept any more. An implementation MUST bring everybody concerned up to date
 * in the transaction that removes, so that no read shows what is gone.
 */
export interface ExpiredData {
  /** What `remove` would change, by category. */
  count(expiries: readonly Expiry[]): Promise<readonly ExpiryCount[]>
  countQuarantined(before: Instant): Promise<number>
  /** Removes it from at most `limit` homes of people. @returns the homes; fewer than `limit`: nothing is left. */
  remove(expiries: readonly Expiry[], limit: number): Promise<number>
  removeQuarantined(before: Instant): Promise<number>
}
