import { ageBandInYear } from '../../domain/profiles/age-band-in-year.ts'
import type { AgeBand, PlainGroups } from '../../domain/profiles/read-model.ts'
import { DAY, type Instant } from '../../kernel/time.ts'
import type { RecencyFrequencyValueView } from './views.ts'

/** The age band as of `now`: a band stored in an earlier year may have ended since. */
export function ageBandIn(stored: AgeBand | undefined, now: Instant): string | null {
  return stored ? (ageBandInYear(stored, new Date(now).getUTCFullYear())?.band ?? null) : null
}

const RECENCY_DAYS = [7, 30, 90, 180]
const FREQUENCY_ORDERS = [2, 5, 10, 20]
const VALUE_SUMS = [50, 250, 1_000, 5_000]

/** Classic recency-frequency-value marks from 1 to 5 against fixed edges, so that one person's mark tells nothing of another. */
export function recencyFrequencyValue(
  commerce: PlainGroups['commerce'],
  now: Instant,
): RecencyFrequencyValueView | null {
  if (!commerce.orderCount || commerce.lastOrderAt === undefined) return null
  const days = (now - commerce.lastOrderAt) / DAY
  return {
    recency: 5 - RECENCY_DAYS.filter((edge) => days > edge).length,
    frequency: 1 + FREQUENCY_ORDERS.filter((edge) => (commerce.orderCount ?? 0) >= edge).length,
    value: 1 + VALUE_SUMS.filter((edge) => (commerce.totalValue ?? 0) >= edge).length,
  }
}
