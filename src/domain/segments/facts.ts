import type { Instant } from '../../kernel/time.ts'
import type { PlainGroups } from '../profiles/read-model.ts'
import { featureFields } from './feature-fields.ts'
import type { Facts, SegmentRule } from './rule.ts'
import { leavesOf, spanOf } from './rule-tree.ts'

/** A fact of an age band: the year at whose start the band ends (ages go by calendar year). */
export const AGE_BAND_UNTIL = 'ageBandUntilYear'

type Fact = Facts['fields'][string]

/**
 * What rules may look at, from the plain groups of one read-model row and the events that `eventNamesOf` the rules ask
 * for (all of them back to `eventsSince`). Values of a shape that rules can't compare are left out: unknown.
 */
export function factsOf(
  groups: PlainGroups,
  events: Readonly<Record<string, readonly Instant[]>>,
): Facts {
  const fields: Record<string, Fact> = {}
  const put = (name: string, value: unknown) => {
    const fact = comparable(value)
    if (fact !== undefined) fields[name] = fact
  }
  for (const [key, value] of Object.entries(groups.custom)) put(key, value)
  for (const [name, { column, path }] of featureFields) put(name, valueAt(groups[column], path))
  const until = groups.demographics.ageBand?.untilYear
  if (typeof until === 'number') fields[AGE_BAND_UNTIL] = until
  return { fields, events }
}

/** Names of the events whose instants these rules need, each once. */
export function eventNamesOf(...rules: readonly SegmentRule[]): readonly string[] {
  const names = new Set<string>()
  for (const rule of rules)
    for (const leaf of leavesOf(rule)) if ('event' in leaf) names.add(leaf.event)
  return [...names]
}

/** The instant back to which these rules look at events; 0 where one of them has no window. */
export function eventsSince(rules: readonly SegmentRule[], now: Instant): Instant {
  let since = now
  for (const rule of rules)
    for (const leaf of leavesOf(rule))
      if ('event' in leaf)
        since = Math.min(since, leaf.withinDays === null ? 0 : now - spanOf(leaf.withinDays))
  return Math.max(0, since)
}

function valueAt(group: unknown, path: readonly string[]): unknown {
  let value = group
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

function comparable(value: unknown): Fact {
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string')
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isScalar ? value : undefined
}
