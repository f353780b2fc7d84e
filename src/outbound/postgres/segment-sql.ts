import { bands } from '../../domain/privacy/generalise.ts'
import { ageBandLabel, edgeAbove } from '../../domain/profiles/age-band-in-year.ts'
import { DATE_PATTERN } from '../../domain/segments/evaluate.ts'
import { featureFields } from '../../domain/segments/feature-fields.ts'
import type { ComparisonOperator, RuleConstant, SegmentRule } from '../../domain/segments/rule.ts'
import { leavesOf, type RuleLeaf, spanOf } from '../../domain/segments/rule-tree.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'

/** Collects the values of a statement; returns the placeholder of each. */
export type Bind = (value: unknown) => string

type EventLeaf = Extract<RuleLeaf, { event: string }>
type FieldLeaf = Exclude<RuleLeaf, EventLeaf>

/**
 * A rule as a condition over the row `f` of the view `features`, never null: what `evaluate` says of the same row at
 * `now`. Every field and constant of the rule is bound, none stands in the text.
 */
export function memberSql(rule: SegmentRule, now: Instant, bind: Bind): string {
  if ('all' in rule) return `(${rule.all.map((one) => memberSql(one, now, bind)).join(' AND ')})`
  if ('any' in rule) return `(${rule.any.map((one) => memberSql(one, now, bind)).join(' OR ')})`
  if ('not' in rule) return `(NOT ${memberSql(rule.not, now, bind)})`
  return `coalesce(${'event' in rule ? windowSql(rule, now, bind) : conditionSql(rule, now, bind)}, false)`
}

/**
 * The next instant (epoch milliseconds, null: never) at which time can change any condition of the rule: never later
 * than the one `evaluate` gives, sometimes earlier, because it does not weigh the conditions against each other.
 */
export function untilSql(rule: SegmentRule, now: Instant, bind: Bind): string {
  const instants = leavesOf(rule).flatMap((leaf) => leafUntilSql(leaf, now, bind) ?? [])
  return instants.length === 0 ? 'NULL::float8' : `LEAST(${instants.join(', ')})`
}

function leafUntilSql(leaf: RuleLeaf, now: Instant, bind: Bind): string | null {
  if ('event' in leaf) return windowUntilSql(leaf, now, bind)
  if ('days' in leaf) {
    const ages = `(${instantSql(leaf, now, bind)} + ${bind(spanOf(leaf.days))}::float8)`
    return `CASE WHEN ${ages} > ${bind(now)}::float8 THEN ${ages} END`
  }
  if (leaf.field !== 'ageBand') return null
  const nextYear = bind(Date.UTC(yearOf(now) + 1, 0, 1))
  return `CASE WHEN ${AGE_BAND_ENDS} IS NOT NULL THEN ${nextYear}::float8 END`
}

function windowSql(leaf: EventLeaf, now: Instant, bind: Bind): string {
  const comparison = leaf.is === 'atLeast' ? '>=' : '<='
  return `(SELECT count(*) ${eventsSql(leaf, now, bind)}
    AND e.occurred_at <= ${bind(isoInstant(now))}::timestamptz) ${comparison} ${bind(leaf.count)}::bigint`
}

function windowUntilSql(leaf: EventLeaf, now: Instant, bind: Bind): string {
  const at = bind(isoInstant(now))
  const leaves =
    leaf.withinDays === null
      ? 'NULL'
      : `e.occurred_at + ${bind(spanOf(leaf.withinDays))}::float8 * interval '1 millisecond'`
  return `(SELECT extract(epoch FROM min(CASE WHEN e.occurred_at > ${at}::timestamptz
    THEN e.occurred_at ELSE ${leaves} END))::float8 * 1000 ${eventsSql(leaf, now, bind)})`
}

function eventsSql(leaf: EventLeaf, now: Instant, bind: Bind): string {
  const since =
    leaf.withinDays === null
      ? ''
      : ` AND e.occurred_at > ${bind(isoInstant(now - spanOf(leaf.withinDays)))}::timestamptz`
  return `FROM subject s JOIN event e ON e.home_id = s.id
    WHERE s.root_id = f.subject_id AND e.name = ${bind(leaf.event)}::text${since}`
}

function conditionSql(leaf: FieldLeaf, now: Instant, bind: Bind): string {
  if (leaf.is === 'known')
    return `jsonb_typeof(${jsonSql(leaf, now, bind)}) IN ('string', 'number', 'boolean', 'array')`
  if ('value' in leaf) return compareSql(leaf, now, bind)
  const isOlder = leaf.is === 'olderThan'
  const cutoff = bind(now - spanOf(leaf.days))
  return `${instantSql(leaf, now, bind)} ${isOlder ? '<=' : '>'} ${cutoff}::float8`
}

function compareSql(
  leaf: Extract<FieldLeaf, { value: RuleConstant }>,
  now: Instant,
  bind: Bind,
): string {
  const json = jsonSql(leaf, now, bind)
  const { is, value } = leaf
  if (is === 'in') return inSql(json, Array.isArray(value) ? value : [], bind)
  if (typeof value === 'number')
    return `CASE WHEN jsonb_typeof(${json}) = 'number'
      THEN (${json} #>> '{}')::float8 ${OPERATORS[is]} ${bind(value)}::float8 END`
  if (typeof value === 'boolean')
    return `CASE WHEN jsonb_typeof(${json}) = 'boolean'
      THEN (${json} #>> '{}')::boolean ${OPERATORS[is]} ${bind(value)}::boolean END`
  if (is === '=' || is === '!=')
    return `CASE WHEN jsonb_typeof(${json}) IN ('string', 'array')
      THEN ${is === '=' ? '' : 'NOT '}(${json} ? ${bind(value)}::text) END`
  return `CASE WHEN jsonb_typeof(${json}) = 'string'
    THEN (${json} #>> '{}') COLLATE "C" ${OPERATORS[is]} ${bind(value)}::text END`
}

function inSql(json: string, constants: readonly (string | number)[], bind: Bind): string {
  const texts = constants.filter((one) => typeof one === 'string')
  const numbers = constants.filter((one) => typeof one === 'number')
  return `CASE WHEN jsonb_typeof(${json}) IN ('string', 'array') THEN ${json} ?| ${bind(texts)}::text[]
    WHEN jsonb_typeof(${json}) = 'number' THEN (${json} #>> '{}')::float8 = ANY (${bind(numbers)}::float8[]) END`
}

const OPERATORS: Readonly<Record<Exclude<ComparisonOperator, 'in'>, string>> = {
  '=': '=',
  '!=': '<>',
  '>': '>',
  '>=': '>=',
  '<': '<',
  '<=': '<=',
}

/** Epoch milliseconds of a number or of a date's midnight in UTC. */
function instantSql(leaf: FieldLeaf, now: Instant, bind: Bind): string {
  const json = jsonSql(leaf, now, bind)
  const text = `(${json} #>> '{}')`
  return `CASE WHEN jsonb_typeof(${json}) = 'number' THEN ${text}::float8
    WHEN jsonb_typeof(${json}) = 'string' AND ${text} ~ ${bind(DATE_PATTERN)}
    THEN extract(epoch FROM make_date(left(${text}, 4)::int, substr(${text}, 6, 2)::int, 1)
      + (right(${text}, 2)::int - 1))::float8 * 1000 END`
}

/** The value as JSON: where it stands in the row `f`; of an age band, what it has become by now. */
function jsonSql(leaf: FieldLeaf, now: Instant, bind: Bind): string {
  const known = featureFields.get(leaf.field)
  const path = known?.path ?? [leaf.field]
  const stored = `(f.${known?.column ?? 'custom'} #> ${bind([...path])}::text[])`
  if (leaf.field !== 'ageBand') return stored
  const year = `${bind(yearOf(now))}::float8`
  return `(CASE WHEN jsonb_typeof(${stored}) = 'string' AND ${AGE_BAND_ENDS} <= ${year}
    THEN to_jsonb(${ageBandSql(`(${stored} #>> '{}')`, year)}) ELSE ${stored} END)`
}

const AGE_BAND_ENDS = `CASE WHEN jsonb_typeof(f.demographics #> '{ageBand,untilYear}') = 'number'
  THEN (f.demographics #>> '{ageBand,untilYear}')::float8 END`

/** `ageBandInYear` of a stored band that has ended. */
function ageBandSql(band: string, year: string): string {
  const turns = bands.age.map(
    (edge) => `WHEN '${ageBandLabel(edge)}' THEN ${edgeAbove(edge) ?? 'NULL'}`,
  )
  const age = `(${year} - ${AGE_BAND_ENDS} + CASE ${band} ${turns.join(' ')} END)`
  const labels = bands.age
    .toReversed()
    .map((edge) => `WHEN ${age} >= ${edge} THEN '${ageBandLabel(edge)}'`)
  return `CASE ${labels.join(' ')} END`
}

function yearOf(now: Instant): number {
  return new Date(now).getUTCFullYear()
}
