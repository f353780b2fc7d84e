/** An instant: milliseconds since 1970-01-01T00:00:00Z, as from `Date.now()`. */
export type Instant = number

/** The clock is a parameter: rules never ask the machine what time it is. */
export interface Clock {
  now(): Instant
}

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.000Z`. */
export function isoInstant(instant: Instant): string {
  return new Date(instant).toISOString()
}
