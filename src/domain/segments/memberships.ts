import type { Instant } from '../../kernel/time.ts'
import type { Memberships } from '../profiles/read-model.ts'
import { evaluate } from './evaluate.ts'
import type { Facts, Segment } from './rule.ts'

/** One person's place in every segment. */
export interface Standing {
  readonly memberships: Memberships
  /** Keys of the segments that the person is in, sorted. */
  readonly keys: readonly string[]
  /** When time alone can next change any of them; null: never. */
  readonly until: Instant | null
}

/** Of whom nothing may be evaluated: in no segment, and time does not change that. */
export const NO_STANDING: Standing = { memberships: {}, keys: [], until: null }

export function membershipsOf(segments: Iterable<Segment>, facts: Facts, now: Instant): Standing {
  const memberships: Record<string, readonly [boolean, Instant | null]> = {}
  const keys: string[] = []
  let next: Instant | null = null
  for (const { key, rule } of segments) {
    const { member, until } = evaluate(rule, facts, now)
    memberships[key] = [member, until]
    if (member) keys.push(key)
    if (until !== null) next = Math.min(until, next ?? until)
  }
  return { memberships, keys: keys.sort(), until: next }
}
