import type { Instant } from '../../kernel/time.ts'

/**
 * A segment rule: a tree of conditions over traits, counters and event windows. The same tree is evaluated in memory
 * for one profile and compiled to SQL for all of them. `olderThan`/`newerThan` compare an instant with now.
 */
export type SegmentRule =
  | { readonly all: readonly SegmentRule[] }
  | { readonly any: readonly SegmentRule[] }
  | { readonly not: SegmentRule }
  | { readonly field: string; readonly is: ComparisonOperator; readonly value: RuleConstant }
  | { readonly field: string; readonly is: 'known' }
  | { readonly field: string; readonly is: 'olderThan' | 'newerThan'; readonly days: number }
  | {
      readonly event: string
      readonly is: 'atLeast' | 'atMost'
      readonly count: number
      readonly withinDays: number | null
    }

export type ComparisonOperator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'in'
export type RuleConstant = string | number | boolean | readonly (string | number)[]

/** What one evaluation may look at: features only, never the vault. */
export interface Facts {
  /** By field of the rule language (`sessionCount`, `lastSeenAt`, `plan`, `country`, `orderCount`, custom trait keys …). Absent: unknown. */
  readonly fields: Readonly<
    Record<string, string | number | boolean | Instant | readonly string[] | undefined>
  >
  /** By event name: instants, any order, for the windows that the rule names. */
  readonly events: Readonly<Record<string, readonly Instant[]>>
}

const KEY = /^[a-z][a-z0-9-]{0,62}$/

/** Whether a segment could have this key. */
export function isSegmentKey(text: string): boolean {
  return KEY.test(text)
}

export interface Segment {
  readonly key: string
  readonly name: string
  readonly description: string
  readonly rule: SegmentRule
  /** Data categories of everything the rule reads: a membership is disclosed only where all of them are. */
  readonly categories: readonly string[]
  readonly createdAt: Instant
  readonly updatedAt: Instant
}
