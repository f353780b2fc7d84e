import { bandEdge, bands } from '../privacy/generalise.ts'
import type { AgeBand } from './read-model.ts'

/**
 * The age band of somebody born on a date, in a calendar year: everybody born in the same year changes band together,
 * on 1 January, so that the day of a change tells no birthday.
 * @param birthDate `YYYY-MM-DD`.
 */
export function ageBandOf(birthDate: string, year: number): AgeBand | null {
  const born = Number(birthDate.slice(0, 4))
  const age = year - born
  if (!(age >= 0)) return null
  const from = bandEdge('age', age)
  const next = bands.age.find((edge) => edge > from)
  if (next === undefined) return { band: `${from}+`, untilYear: null }
  return { band: `${from}-${next - 1}`, untilYear: born + next }
}
