import { isoInstant } from '../../kernel/time.ts'
import { featureFields } from './feature-fields.ts'
import type { RuleConstant, SegmentRule } from './rule.ts'
import type { RuleLeaf } from './rule-tree.ts'

/** A rule in one line for people: `sessionCount > 3 and lastSeenAt older than 7 days`. */
export function describeRule(rule: SegmentRule): string {
  if ('all' in rule) return join(rule.all, 'and')
  if ('any' in rule) return join(rule.any, 'or')
  if ('not' in rule) return `not ${inParentheses(rule.not)}`
  return describeLeaf(rule)
}

function join(rules: readonly SegmentRule[], word: string): string {
  const [first, ...more] = rules
  if (first && more.length === 0) return describeRule(first)
  return rules.map(inParentheses).join(` ${word} `)
}

function inParentheses(rule: SegmentRule): string {
  const isTree = 'all' in rule || 'any' in rule
  return isTree ? `(${describeRule(rule)})` : describeRule(rule)
}

function describeLeaf(leaf: RuleLeaf): string {
  if ('event' in leaf) {
    const bound = leaf.is === 'atLeast' ? 'at least' : 'at most'
    const window = leaf.withinDays === null ? '' : ` within ${daysText(leaf.withinDays)}`
    return `${JSON.stringify(leaf.event)} ${bound} ${leaf.count === 1 ? 'once' : `${leaf.count} times`}${window}`
  }
  if (leaf.is === 'known') return `${leaf.field} is known`
  if ('days' in leaf) {
    const relation = leaf.is === 'olderThan' ? 'older than' : 'newer than'
    return `${leaf.field} ${relation} ${daysText(leaf.days)}`
  }
  const isInstant = featureFields.get(leaf.field)?.type === 'instant'
  return `${leaf.field} ${leaf.is} ${constantText(leaf.value, isInstant)}`
}

const daysText = (days: number) => (days === 1 ? '1 day' : `${days} days`)

function constantText(value: RuleConstant, isInstant: boolean): string {
  if (typeof value === 'object')
    return `(${value.map((one) => constantText(one, isInstant)).join(', ')})`
  return isInstant && typeof value === 'number' ? isoInstant(value) : JSON.stringify(value)
}
