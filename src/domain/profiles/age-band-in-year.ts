import { bandEdge, bands } from '../privacy/generalise.ts'
import type { AgeBand } from './read-model.ts'

/**
 * The band in a later year of somebody whose band was stored in an earlier one: ages go by calendar year, so a band
 * and the year in which it ends tell in which year the next ones begin.
 * @returns null where the stored band is none of `bands.age`.
 */
export function ageBandInYear(stored: AgeBand, year: number): AgeBand | null {
  if (stored.untilYear === null || year < stored.untilYear) return stored
  const lower = bands.age.find((edge) => ageBandLabel(edge) === stored.band)
  const turns = lower === undefined ? undefined : edgeAbove(lower)
  if (turns === undefined) return null
  const born = stored.untilYear - turns
  const edge = bandEdge('age', year - born)
  const next = edgeAbove(edge)
  return { band: ageBandLabel(edge), untilYear: next === undefined ? null : born + next }
}

/** `25-34`, `65+`. */
export function ageBandLabel(edge: number): string {
  const next = edgeAbove(edge)
  return next === undefined ? `${edge}+` : `${edge}-${next - 1}`
}

export function edgeAbove(edge: number): number | undefined {
  return bands.age.find((other) => other > edge)
}
