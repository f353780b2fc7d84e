import type { Instant } from '../../kernel/time.ts'

/**
 * Generalisation bands: lower edges, ascending; a number is shown as the edge of its band.
 * A rule whose constants all lie on these edges reads nothing finer than what the band shows.
 */
export const bands = {
  count: [0, 1, 3, 5, 10, 20, 50, 100, 1_000],
  orders: [0, 1, 2, 5, 10, 20, 50],
  value: [0, 10, 50, 100, 250, 500, 1_000, 5_000],
  age: [0, 18, 25, 35, 45, 55, 65],
} as const
export type BandName = keyof typeof bands

/** The lower edge of the band that holds the number; below the first edge, the first edge. */
export function bandEdge(name: BandName, value: number): number {
  let edge: number = bands[name][0]
  for (const candidate of bands[name]) if (candidate <= value) edge = candidate
  return edge
}

/** An instant as the start of its calendar month in UTC. */
export function monthOf(instant: Instant): Instant {
  const date = new Date(instant)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
}

/** A date `YYYY-MM-DD` as its year. */
export function yearOf(date: string): string {
  return date.slice(0, 4)
}
