import type { Instant } from '../../kernel/time.ts'
import { parseVector } from '../privacy/consent-vector.ts'
import { refusalOfPurpose } from '../privacy/decide.ts'
import type { Policy } from '../privacy/policy.ts'
import type { Interaction } from '../profiles/read-model.ts'
import type { RecommenderInput } from './recommender.ts'

/** The purpose under which interactions are read for fits and for personal lists. */
export const PROFILING = 'PROFILING'
const ACTIVITY = 'user.behavior.activity'
const PURCHASES = 'user.behavior.purchase_history'

/** What may be read of people in this consent state: all interactions, activity only, or nothing. */
export function profilingOf(policy: Policy, consentState: string): RecommenderInput | null {
  const purpose = policy.purposes.get(PROFILING)
  if (!purpose) return null
  const vector = parseVector(consentState)
  const permits = (category: string) =>
    refusalOfPurpose(policy, purpose, vector, category, null) === null
  if (!permits(ACTIVITY)) return null
  return permits(PURCHASES) ? 'full' : 'activity'
}

/**
 * Interactions cut down to what may be read. Without purchases, only which items were seen stays: an instant may be that
 * of a purchase, so all become `now`.
 */
export function readable(
  interactions: readonly Interaction[],
  permitted: RecommenderInput | null,
  now: Instant,
): readonly Interaction[] {
  if (permitted === 'full') return interactions
  if (permitted === null) return []
  return interactions
    .filter(([, seen]) => seen > 0)
    .map(([itemId]): Interaction => [itemId, 1, 0, now])
}
