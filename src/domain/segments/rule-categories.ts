import { type Category, covers } from '../privacy/categories.ts'
import { eventCategory } from '../privacy/event-category.ts'
import { bands, monthOf } from '../privacy/generalise.ts'
import type { Policy } from '../privacy/policy.ts'
import type { ComparisonOperator, RuleConstant, SegmentRule } from './rule.ts'
import { type RuleField, ruleFields } from './rule-fields.ts'
import { leavesOf, type RuleLeaf } from './rule-tree.ts'

/** A field that the policy no longer knows might have held anything. */
const ANYTHING: Category = 'user'

/** The data categories of everything a rule reads, sorted: a membership tells something about each of them. */
export function categoriesOf(rule: SegmentRule, policy: Policy): readonly Category[] {
  const fields = ruleFields(policy)
  return [...new Set(leavesOf(rule).map((leaf) => categoryOf(leaf, fields)))].sort()
}

/**
 * Whether a rule reads nothing of a category (or below it) beyond its generalised form: every condition on it only asks
 * whether the value is known, or compares it with an edge of its band, with the start of a month in UTC (instants) or
 * of a year (dates). Windows and conditions relative to now fall between the edges.
 */
export function onlyOnBandEdges(rule: SegmentRule, category: Category, policy: Policy): boolean {
  const fields = ruleFields(policy)
  return leavesOf(rule)
    .filter((leaf) => covers(category, categoryOf(leaf, fields)))
    .every((leaf) => isOnEdges(leaf, fields))
}

function categoryOf(leaf: RuleLeaf, fields: ReadonlyMap<string, RuleField>): Category {
  if ('event' in leaf) return eventCategory(leaf.event)
  return fields.get(leaf.field)?.category ?? ANYTHING
}

function isOnEdges(leaf: RuleLeaf, fields: ReadonlyMap<string, RuleField>): boolean {
  if ('event' in leaf) return false
  if (leaf.is === 'known') return true
  const field = fields.get(leaf.field)
  if (!field || !('value' in leaf)) return false
  if (field.type === 'number') return isOnNumberEdges(field, leaf.is, leaf.value)
  if (leaf.is !== '>=' && leaf.is !== '<') return false
  if (field.type === 'instant')
    return typeof leaf.value === 'number' && monthOf(leaf.value) === leaf.value
  return field.type === 'date' && typeof leaf.value === 'string' && leaf.value.endsWith('-01-01')
}

function isOnNumberEdges(field: RuleField, is: ComparisonOperator, value: RuleConstant): boolean {
  if (!field.band) return false
  const edges: readonly number[] = bands[field.band]
  const isWhole = field.band !== 'value'
  const constants = Array.isArray(value) ? value : [value]
  return constants.every((constant) => {
    if (typeof constant !== 'number') return false
    if (is === '>=' || is === '<') return edges.includes(isWhole ? Math.ceil(constant) : constant)
    // Between whole numbers, `> 2` is `>= 3`; of amounts of money no such thing can be said.
    if (!isWhole) return false
    if (is === '>' || is === '<=') return edges.includes(Math.floor(constant) + 1)
    return edges.includes(constant) && edges.includes(constant + 1)
  })
}
