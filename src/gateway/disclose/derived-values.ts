import { bands } from '../../domain/privacy/generalise.ts'
import type { AgeBand, PlainGroups } from '../../domain/profiles/read-model.ts'
import { DAY, type Instant } from '../../kernel/time.ts'
import type { RecencyFrequencyValueView } from './views.ts'

/** The age band as of `now`: a band stored in an earlier year may have ended since. */
export function ageBandIn(stored: AgeBand | undefined, now: Instant): string | null {
  if (!stored) return null
  const year = new Date(now).getUTCFullYear()
  if (stored.untilYear === null || year < stored.untilYear) return stored.band
  const lower = Number.parseInt(stored.band, 10)
  const index = (bands.age as readonly number[]).indexOf(lower)
  const years = year - stored.untilYear
  // The person turned `next` in `untilYear`; walk on from there.
  let next = bands.age[index + 1] ?? lower
  const age = next + years
  for (const edge of bands.age) if (edge <= age) next = edge
  return ageBandLabel(next)
}

/** `25-34`, `65+`. */
export function ageBandLabel(lower: number): string {
  const above = bands.age.find((edge) => edge > lower)
  return above === undefined ? `${lower}+` : `${lower}-${above - 1}`
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
