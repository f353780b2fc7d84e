import { DAY } from '../../kernel/time.ts'
import type { SegmentRule } from './rule.ts'

/** A node without children. */
export type RuleLeaf = Exclude<
  SegmentRule,
  { all: readonly SegmentRule[] } | { any: readonly SegmentRule[] } | { not: SegmentRule }
>

/** All conditions of a tree, left to right. */
export function leavesOf(rule: SegmentRule): readonly RuleLeaf[] {
  if ('all' in rule) return rule.all.flatMap(leavesOf)
  if ('any' in rule) return rule.any.flatMap(leavesOf)
  if ('not' in rule) return leavesOf(rule.not)
  return [rule]
}

/** Days of a rule in whole milliseconds, so that memory and SQL compare the same integers. */
export function spanOf(days: number): number {
  return Math.round(days * DAY)
}
