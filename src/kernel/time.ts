/** An instant: milliseconds since 1970-01-01T00:00:00Z, as from `Date.now()`. */
export type Instant = number

/** The clock is a parameter: rules never ask the machine what time it is. */
export interface Clock {
  now(): Instant
}

/** Time that only ever goes on, in milliseconds and parts of them, from some beginning: for how long something takes. */
export interface Monotonic {
  now(): number
  /** Resolves at an instant that depends on `instant` alone, not on when it was asked for, unless that is past. */
  waitUntil(instant: number): Promise<void>
}

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.000Z`. @throws RangeError where there is no such instant. */
export function isoInstant(instant: Instant): string {
  // The day of the last instant may be remembered, and it has later moments.
  if (!(Math.abs(instant) <= LAST_INSTANT)) throw new RangeError('There is no such instant')
  const day = Math.floor(instant / DAY)
  const date = dates.get(day) ?? dateOf(day, instant)
  const time = Math.trunc(instant - day * DAY)
  const hour = digits(Math.floor(time / HOUR), 2)
  const minute = digits(Math.floor(time / MINUTE) % 60, 2)
  const second = digits(Math.floor(time / SECOND) % 60, 2)
  return `${date}${hour}:${minute}:${second}.${digits(time % SECOND, 3)}Z`
}

/** The calendar of ECMAScript ends 100,000,000 days after 1970, and begins as long before (ECMA-262, section 21.4.1.1). */
const LAST_INSTANT = 100_000_000 * DAY

/** Instants stand in every answer and in every entry, and the calendar is what costs; people live on few days. */
const dates = new Map<number, string>()
const REMEMBERED_DATES = 20_000

function dateOf(day: number, instant: Instant): string {
  const text = new Date(instant).toISOString()
  const date = text.slice(0, text.indexOf('T') + 1)
  if (dates.size >= REMEMBERED_DATES) dates.clear()
  dates.set(day, date)
  return date
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, '0')
}
