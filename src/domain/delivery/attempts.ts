import type { Randomness } from '../../kernel/ids.ts'
import { HOUR, type Instant, MINUTE, SECOND } from '../../kernel/time.ts'

/** Standard Webhooks, "Deliverability and reliability": about three days until a message counts as undeliverable. */
const PAUSES = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]
/** So many fifths more or less, so that what failed together is not tried again together. */
const JITTER = 0.2

/** When to try again after so many failed attempts; null: no more. */
export function nextAttempt(failed: number, now: Instant, randomness: Randomness): Instant | null {
  const pause = PAUSES[failed - 1]
  if (pause === undefined) return null
  const [high = 0, low = 0] = randomness.bytes(2)
  const chance = (high * 256 + low) / 65_535
  return now + Math.round(pause * (1 - JITTER + 2 * JITTER * chance))
}
