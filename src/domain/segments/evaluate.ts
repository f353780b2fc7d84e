import type { Instant } from '../../kernel/time.ts'
import { ageBandInYear } from '../profiles/age-band-in-year.ts'
import { AGE_BAND_UNTIL } from './facts.ts'
import type { ComparisonOperator, Facts, RuleConstant, SegmentRule } from './rule.ts'
import { type RuleLeaf, spanOf } from './rule-tree.ts'

/**
 * Whether a rule holds, and how long that is certain: with the same facts it stays so for every instant in
 * [now, until). Null: time alone never changes it.
 */
export interface Evaluation {
  readonly member: boolean
  readonly until: Instant | null
}

/**
 * Evaluates a rule for one person. A condition on an unknown field (absent, or of another type than the constant) is
 * false, also for `!=`; so `not` of it is true. The SQL form of the same tree agrees row by row.
 */
export function evaluate(rule: SegmentRule, facts: Facts, now: Instant): Evaluation {
  const { member, until } = evaluateTree(rule, facts, now)
  return { member, until: until === Number.POSITIVE_INFINITY ? null : until }
}

interface Timed {
  readonly member: boolean
  /** Infinity: for ever. */
  readonly until: number
}

const always = (member: boolean): Timed => ({ member, until: Number.POSITIVE_INFINITY })

function evaluateTree(rule: SegmentRule, facts: Facts, now: Instant): Timed {
  if ('all' in rule) return decide(rule.all, false, facts, now)
  if ('any' in rule) return decide(rule.any, true, facts, now)
  if ('not' in rule) {
    const { member, until } = evaluateTree(rule.not, facts, now)
    return { member: !member, until }
  }
  return evaluateLeaf(rule, facts, now)
}

/**
 * `all` is decided by one false child, `any` by one true one. As long as a single deciding child stands, so does the
 * whole: the latest of them counts. Without any, the first child to change may become deciding.
 */
function decide(
  children: readonly SegmentRule[],
  deciding: boolean,
  facts: Facts,
  now: Instant,
): Timed {
  let latestDeciding = Number.NEGATIVE_INFINITY
  let earliest = Number.POSITIVE_INFINITY
  for (const child of children) {
    const { member, until } = evaluateTree(child, facts, now)
    if (member === deciding) latestDeciding = Math.max(latestDeciding, until)
    earliest = Math.min(earliest, until)
  }
  return latestDeciding > Number.NEGATIVE_INFINITY
    ? { member: deciding, until: latestDeciding }
    : { member: !deciding, until: earliest }
}

function evaluateLeaf(leaf: RuleLeaf, facts: Facts, now: Instant): Timed {
  if ('event' in leaf) return evaluateWindow(leaf, own(facts.events, leaf.event) ?? [], now)
  const { value, until } = valueAtNow(leaf.field, facts, now)
  if (value === undefined) return { member: false, until }
  if (leaf.is === 'olderThan' || leaf.is === 'newerThan') {
    const at = instantOf(value)
    if (at === null) return always(false)
    const ages = at + spanOf(leaf.days)
    const older = now >= ages
    return {
      member: older === (leaf.is === 'olderThan'),
      until: older ? Number.POSITIVE_INFINITY : ages,
    }
  }
  return { member: 'value' in leaf ? compare(value, leaf.is, leaf.value) : true, until }
}

/** The value of a field as of `now`, and how long it stays. Only ages move by themselves, on New Year's Day. */
function valueAtNow(
  field: string,
  facts: Facts,
  now: Instant,
): { value: Value | undefined; until: number } {
  const value = own(facts.fields, field)
  const untilYear = own(facts.fields, AGE_BAND_UNTIL)
  if (field !== 'ageBand' || typeof value !== 'string' || typeof untilYear !== 'number')
    return { value, until: Number.POSITIVE_INFINITY }
  const band = ageBandInYear({ band: value, untilYear }, new Date(now).getUTCFullYear())
  const ends = band?.untilYear ?? null
  return {
    value: band?.band,
    until: ends === null ? Number.POSITIVE_INFINITY : Date.UTC(ends, 0, 1),
  }
}

/** Names come from people: `constructor` is no event unless it happened. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

type Value = NonNullable<Facts['fields'][string]>

/** A text that is a date; a day past the end of its month runs on into the next, here as in SQL. */
export const DATE_PATTERN = '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
const DATE = new RegExp(DATE_PATTERN)

/** A number is an instant already; a date is its midnight in UTC. */
function instantOf(value: Value): Instant | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' && DATE.test(value) ? Date.parse(value) : null
}

/** A list equals a constant when it contains it. */
function compare(value: Value, is: ComparisonOperator, constant: RuleConstant): boolean {
  const held: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (is === 'in') return Array.isArray(constant) && constant.some((one) => held.includes(one))
  if (is === '=') return held.includes(constant)
  if (is === '!=') return isComparableWith(value, constant) && !held.includes(constant)
  return isOrdered(value, constant) && inOrder(value, is, constant)
}

function isComparableWith(value: Value, constant: RuleConstant): boolean {
  return Array.isArray(value) ? typeof constant === 'string' : typeof value === typeof constant
}

function isOrdered(value: Value, constant: RuleConstant): value is string | number {
  return (
    typeof value === typeof constant && (typeof value === 'number' || typeof value === 'string')
  )
}

function inOrder(value: string | number, is: '>' | '>=' | '<' | '<=', constant: RuleConstant) {
  if (is === '>') return value > constant
  if (is === '>=') return value >= constant
  if (is === '<') return value < constant
  return value <= constant
}

/** How often an event fell into (now - window, now]. */
function evaluateWindow(
  leaf: Extract<RuleLeaf, { event: string }>,
  instants: readonly Instant[],
  now: Instant,
): Timed {
  const span = leaf.withinDays === null ? Number.POSITIVE_INFINITY : spanOf(leaf.withinDays)
  let count = 0
  const changes: (readonly [Instant, number])[] = []
  for (const at of instants) {
    const leaves = at + span
    if (at <= now && now < leaves) count += 1
    if (at > now) changes.push([at, 1])
    if (leaves > now && leaves < Number.POSITIVE_INFINITY) changes.push([leaves, -1])
  }
  const holds = (n: number) => (leaf.is === 'atLeast' ? n >= leaf.count : n <= leaf.count)
  const member = holds(count)
  changes.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  for (const [index, [at, step]] of changes.entries()) {
    count += step
    if (changes[index + 1]?.[0] !== at && holds(count) !== member) return { member, until: at }
  }
  return always(member)
}
