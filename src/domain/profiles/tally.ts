import type { Instant } from '../../kernel/time.ts'

/** One event as counters see it. */
export interface TallyEvent {
  readonly name: string
  readonly at: Instant
  readonly itemId: string | null
  readonly itemCategory: string | null
  readonly orderId: string | null
  /** Money value in the shop's currency; 0 where the event has none. */
  readonly value: number
}

/**
 * Counters of one subject, a monoid: `combine(tallyOf(a), tallyOf(b)) = tallyOf(a ++ b)`. So events are counted as they
 * come, merged subjects are added up, and taking a batch back is a recount of what remains.
 */
export interface Tally {
  readonly sessions: number
  readonly firstAt: Instant | null
  readonly lastAt: Instant | null
  /** By event name: how often, and when last. */
  readonly events: Readonly<Record<string, readonly [count: number, lastAt: Instant]>>
  /** By order id: value and instant. */
  readonly orders: Readonly<Record<string, readonly [value: number, at: Instant]>>
  /** By item id: weight of seeing it, weight of buying it, last instant. */
  readonly items: Readonly<Record<string, readonly [seen: number, bought: number, lastAt: Instant]>>
  /** By item category: items bought. */
  readonly categories: Readonly<Record<string, number>>
}

export const emptyTally: Tally = {
  sessions: 0,
  firstAt: null,
  lastAt: null,
  events: {},
  orders: {},
  items: {},
  categories: {},
}

/** The event that begins a session, and the one that concludes an order (Segment's e-commerce specification). */
export const SESSION_STARTED = 'Session Started'
export const ORDER_COMPLETED = 'Order Completed'
