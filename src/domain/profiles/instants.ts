import type { Instant } from '../../kernel/time.ts'
import { DAY } from '../../kernel/time.ts'

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d{2}:?\d{2})?$/i
/** Whole numbers below are seconds, as Unix counts them; above, milliseconds (this one is in 1973). */
const SECONDS_BELOW = 100_000_000_000
const EARLIEST = Date.UTC(1900, 0, 1)

/** A calendar date `YYYY-MM-DD` that exists, unchanged; null for any other text. */
export function parseDate(text: string): string | null {
  const [, year, month, day] = DATE.exec(text) ?? []
  if (!year || !month || !day) return null
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  // A day or month that the calendar doesn't have becomes another one; years below 100 become others as well.
  const exists =
    date.getUTCDate() === Number(day) &&
    date.getUTCMonth() + 1 === Number(month) &&
    date.getUTCFullYear() === Number(year)
  return exists ? text : null
}

/**
 * ISO 8601 date or date and time (a space for the T is taken; without an offset it is UTC), or a Unix time in seconds or
 * milliseconds. Null for anything else, for what the calendar does not have, and for times before 1900.
 */
export function parseInstant(value: string | number): Instant | null {
  const at = typeof value === 'number' ? fromNumber(value) : fromText(value.trim())
  return at !== null && at >= EARLIEST ? at : null
}

/** Clocks of senders are wrong by minutes and time zones; more than a day ahead is a mistake. */
export function liesInFuture(at: Instant, now: Instant): boolean {
  return at > now + DAY
}

function fromNumber(value: number): Instant | null {
  if (!Number.isFinite(value)) return null
  const at = Math.trunc(Math.abs(value) < SECONDS_BELOW ? value * 1000 : value)
  return Math.abs(at) <= 8.64e15 ? at : null
}

function fromText(text: string): Instant | null {
  if (/^\d{9,16}$/.test(text)) return fromNumber(Number(text))
  if (parseDate(text)) return Date.parse(text)
  const [, date, hour, minute, second = '00', fraction = '', offset = 'Z'] =
    DATE_TIME.exec(text) ?? []
  if (!date || !parseDate(date)) return null
  const zone = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const at = Date.parse(`${date}T${hour}:${minute}:${second}.${milliseconds}${zone.toUpperCase()}`)
  return Number.isNaN(at) ? null : at
}
