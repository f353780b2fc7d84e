import { median, medianAbsoluteDeviation } from 'simple-statistics'

/** A day on which a client did far more than on its own days before. */
export interface UnusualDay {
  readonly day: string
  readonly volume: number
  /** Median of the days before. */
  readonly usual: number
  /** How many deviations it lies above the median. */
  readonly score: number
}

/** Days that a day is compared with. */
export const DAYS_BEFORE = 28
/** With fewer days nobody can say what is usual. */
const FEWEST_DAYS = 7
/** Iglewicz & Hoaglin, How to Detect and Handle Outliers (1993): beyond it a value is taken for an outlier. */
const OUTLIER = 3.5
/** Makes the median absolute deviation comparable to a standard deviation. */
const CONSISTENCY = 1.4826

/**
 * Days that stand out: more than 3.5 robust deviations above the median of up to 28 days before. Median and median
 * absolute deviation are not led astray by earlier outliers, as mean and standard deviation would be. Where hardly
 * anything varies, the deviation is that of chance counts (the square root of the median), so that 3 after 1 is no alarm.
 * @param volumes one for each day, in order, from the client's first day on; a day without entries counts 0.
 * @param from first day that is judged.
 */
export function unusualDays(
  volumes: readonly { readonly day: string; readonly volume: number }[],
  from: string,
): readonly UnusualDay[] {
  return volumes.flatMap(({ day, volume }, at) => {
    const before = volumes.slice(Math.max(0, at - DAYS_BEFORE), at).map((one) => one.volume)
    if (day < from || before.length < FEWEST_DAYS) return []
    const usual = median(before)
    const spread = CONSISTENCY * medianAbsoluteDeviation(before)
    const score = (volume - usual) / Math.max(spread, Math.sqrt(usual), 1)
    return score > OUTLIER ? [{ day, volume, usual, score }] : []
  })
}
