import type { Instant } from '../../kernel/time.ts'

/** Where a time lies in the trail. Entries are numbered nearly in the order of their instants, but not quite. */
export interface TrailTimes {
  /**
   * The smallest range that holds every entry of that time; others may lie between. Null: there is none. Entries that
   * retention has discarded have no instant any more.
   * @param from at or after; to: before.
   */
  within(
    from: Instant,
    to: Instant,
  ): Promise<{ readonly first: number; readonly last: number } | null>
}
