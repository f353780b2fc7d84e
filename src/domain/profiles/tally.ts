import type { Instant } from '../../kernel/time.ts'
import { eventCategory } from '../privacy/event-category.ts'

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
  /** Of activity alone: when somebody was first and last seen must not tell when they bought. */
  readonly firstAt: Instant | null
  readonly lastAt: Instant | null
  /** By event name: how often, and when last. */
  readonly events: Readonly<Record<string, readonly [count: number, lastAt: Instant]>>
  /** By order id: value and instant. */
  readonly orders: Readonly<Record<string, readonly [value: number, at: Instant]>>
  readonly items: Readonly<Record<string, ItemTally>>
  /** By item category: items bought. */
  readonly categories: Readonly<Record<string, number>>
}

/** Weight of seeing an item, weight of buying it, last instant of either, and of seeing it. */
export type ItemTally = readonly [
  seen: number,
  bought: number,
  lastAt: Instant,
  lastSeenAt: Instant | null,
]

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

/** Whether an event tells that somebody was there, and not of what they bought. */
export function isActivity(name: string): boolean {
  return eventCategory(name) === 'user.behavior.activity'
}

/** Adds events to counters, and counters to each other. What was given is not changed. */
export class TallySum {
  #sessions = 0
  #firstAt: Instant | null = null
  #lastAt: Instant | null = null
  readonly #events = new Map<string, readonly [count: number, lastAt: Instant]>()
  readonly #orders = new Map<string, readonly [value: number, at: Instant]>()
  readonly #items = new Map<string, ItemTally>()
  readonly #categories = new Map<string, number>()

  addEvent(event: TallyEvent): this {
    const bought = event.name === ORDER_COMPLETED
    const seen = isActivity(event.name)
    if (seen) this.#see(event.at, event.at)
    if (event.name === SESSION_STARTED) this.#sessions += 1
    this.#addName(event.name, 1, event.at)
    // An order line without an order id is an order of its own instant.
    if (bought) this.#addOrder(event.orderId ?? `@${event.at}`, event.value, event.at)
    if (event.itemId !== null && (bought || seen))
      this.#addItem(event.itemId, [Number(seen), Number(bought), event.at, seen ? event.at : null])
    if (bought && event.itemCategory !== null) this.#addCategory(event.itemCategory, 1)
    return this
  }

  add(tally: Tally): this {
    this.#sessions += tally.sessions
    if (tally.firstAt !== null && tally.lastAt !== null) this.#see(tally.firstAt, tally.lastAt)
    for (const [name, [count, at]] of Object.entries(tally.events)) this.#addName(name, count, at)
    for (const [id, [value, at]] of Object.entries(tally.orders)) this.#addOrder(id, value, at)
    for (const [id, item] of Object.entries(tally.items)) this.#addItem(id, item)
    for (const [category, count] of Object.entries(tally.categories))
      this.#addCategory(category, count)
    return this
  }

  total(): Tally {
    return {
      sessions: this.#sessions,
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
      events: Object.fromEntries(this.#events),
      orders: Object.fromEntries(this.#orders),
      items: Object.fromEntries(this.#items),
      categories: Object.fromEntries(this.#categories),
    }
  }

  #see(first: Instant, last: Instant): void {
    this.#firstAt = Math.min(this.#firstAt ?? first, first)
    this.#lastAt = Math.max(this.#lastAt ?? last, last)
  }

  #addName(name: string, count: number, at: Instant): void {
    const [known, last] = this.#events.get(name) ?? [0, at]
    this.#events.set(name, [known + count, Math.max(last, at)])
  }

  #addOrder(id: string, value: number, at: Instant): void {
    const [known, last] = this.#orders.get(id) ?? [0, at]
    this.#orders.set(id, [rounded(known + value), Math.max(last, at)])
  }

  #addItem(id: string, [seen, bought, at, seenAt]: ItemTally): void {
    const [views, purchases, last, lastSeen] = this.#items.get(id) ?? [0, 0, at, null]
    const latest = seenAt === null ? lastSeen : Math.max(lastSeen ?? seenAt, seenAt)
    this.#items.set(id, [views + seen, purchases + bought, Math.max(last, at), latest])
  }

  #addCategory(category: string, count: number): void {
    this.#categories.set(category, (this.#categories.get(category) ?? 0) + count)
  }
}

/** Sums of money are kept to a ten-thousandth, so that they don't depend on the order of adding. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}

export function tallyOf(events: Iterable<TallyEvent>): Tally {
  const sum = new TallySum()
  for (const event of events) sum.addEvent(event)
  return sum.total()
}

export function combine(one: Tally, other: Tally): Tally {
  return new TallySum().add(one).add(other).total()
}

export function sumOf(tallies: readonly Tally[]): Tally {
  const [only, ...others] = tallies
  if (only && others.length === 0) return only
  return tallies.reduce((sum, one) => sum.add(one), new TallySum()).total()
}
