import type {
  ProfileOrderKey,
  RowCondition,
  RowQuery,
} from '../../domain/profiles/profile-store.ts'
import { Refusal } from '../../kernel/refusal.ts'

type Kind = 'text' | 'number' | 'instant' | 'keys'

/** Where the fields of a list stand in the read model. */
const FIELDS: Record<RowCondition['field'], { sql: string; kind: Kind }> = {
  country: { sql: `r.location->>'country'`, kind: 'text' },
  plan: { sql: `r.account->>'plan'`, kind: 'text' },
  lifecycleStage: { sql: `r.account->>'lifecycleStage'`, kind: 'text' },
  segment: { sql: 'r.segment_keys', kind: 'keys' },
  ageBand: { sql: `r.demographics->'ageBand'->>'band'`, kind: 'text' },
  sessionCount: { sql: `(r.activity->>'sessionCount')::float8`, kind: 'number' },
  lastSeenAt: { sql: `(r.activity->>'lastSeenAt')::float8`, kind: 'instant' },
  orderCount: { sql: `(r.commerce->>'orderCount')::float8`, kind: 'number' },
}

const ORDERS: Record<ProfileOrderKey, { sql: string; type: 'float8' | 'text' }> = {
  lastSeenAt: { sql: `(r.activity->>'lastSeenAt')::float8`, type: 'float8' },
  // An ISO date, so its text order is its order in time, whatever the language of the server.
  customerSince: { sql: `(r.account->>'customerSince') COLLATE "C"`, type: 'text' },
  totalValue: { sql: `(r.commerce->>'totalValue')::float8`, type: 'float8' },
  sessionCount: { sql: `(r.activity->>'sessionCount')::float8`, type: 'float8' },
  none: { sql: 'NULL', type: 'float8' },
}

const COMPARISONS = { eq: '=', gte: '>=', lte: '<=' } as const

/** The statement of one list: the page is found on the narrow columns first, then the wide ones are read for it. */
export function listStatement(
  query: RowQuery,
  selected: string,
): { text: string; values: unknown[] } {
  const values: unknown[] = []
  const parameter = (value: unknown, type: string) => `$${values.push(value)}::${type}`
  const permitted = (states: readonly number[]) =>
    `r.consent_id = ANY(${parameter(states, 'int[]')})`
  const order = ORDERS[query.order.key]
  // A row whose consent does not cover the order sorts like one that has no value.
  const value =
    query.order.key === 'none'
      ? `NULL::${order.type}`
      : `CASE WHEN ${permitted(query.order.permittedStates)} THEN ${order.sql} END`
  const seed = parameter(query.audienceSeed, 'text')
  const conditions = [permitted(query.visibleStates)]
  if (query.kind !== null) conditions.push(`r.kind = ${parameter(query.kind, 'text')}`)
  if (query.onlySubject !== null) {
    const id = parameter(query.onlySubject, 'uuid')
    conditions.push(
      `r.subject_id = coalesce((SELECT s.root_id FROM subject s WHERE s.id = ${id}), ${id})`,
    )
  }
  if (query.onlySubjects !== null)
    conditions.push(`r.subject_id = ANY(${parameter(query.onlySubjects, 'uuid[]')})`)
  if (query.onlySegments !== null) {
    const within = query.onlySegments.map(
      ({ key, permittedStates }) =>
        `(${permitted(permittedStates)} AND r.segment_keys @> ARRAY[${parameter(key, 'text')}])`,
    )
    conditions.push(within.length > 0 ? `(${within.join(' OR ')})` : 'false')
  }
  for (const condition of query.conditions)
    conditions.push(permitted(condition.permittedStates), conditionSql(condition, parameter))
  const direction = query.order.descending ? 'DESC' : 'ASC'
  return {
    text: `
      WITH page AS (
        SELECT * FROM (
          SELECT r.subject_id AS id, ${value} AS value,
                 uuid_hash_extended(r.subject_id, hashtextextended(${seed}, 0)) AS tie
          FROM read_model r WHERE ${conditions.join(' AND ')}
        ) candidate
        ${afterSql(query, order.type, parameter)}
        ORDER BY value ${direction} NULLS LAST, tie
        LIMIT ${parameter(query.limit, 'int')}
      )
      SELECT ${selected}, page.value AS order_value, page.tie::text AS order_tie
      FROM page JOIN read_model r ON r.subject_id = page.id
      ORDER BY page.value ${direction} NULLS LAST, page.tie`,
    values,
  }
}

type Parameter = (value: unknown, type: string) => string

function afterSql(query: RowQuery, type: string, parameter: Parameter): string {
  if (!query.after) return ''
  const tie = parameter(bigint(query.after.tie), 'bigint')
  if (query.after.value === null) return `WHERE value IS NULL AND tie > ${tie}`
  const value = parameter(query.after.value, type)
  const beyond = query.order.descending ? '<' : '>'
  return `WHERE value ${beyond} ${value} OR (value = ${value} AND tie > ${tie}) OR value IS NULL`
}

function conditionSql(condition: RowCondition, parameter: Parameter): string {
  const { sql, kind } = FIELDS[condition.field]
  if (kind === 'keys') return `${sql} && ${parameter(keysOf(condition), 'text[]')}`
  if (kind === 'text') {
    if (condition.operator !== 'eq' && condition.operator !== 'in') throw unfit(condition)
    return `${sql} = ANY(${parameter(keysOf(condition), 'text[]')})`
  }
  if (condition.operator === 'in') throw unfit(condition)
  return `${sql} ${COMPARISONS[condition.operator]} ${parameter(numberOf(condition, kind), 'float8')}`
}

function keysOf(condition: RowCondition): string[] {
  const { operator, value } = condition
  const keys = operator === 'in' && Array.isArray(value) ? value : [value]
  if (operator === 'gte' || operator === 'lte' || !keys.every(isText)) throw unfit(condition)
  return keys
}

/** PostgreSQL's text holds no zero character. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0')
}

function numberOf(condition: RowCondition, kind: 'number' | 'instant'): number {
  const { value } = condition
  const number = kind === 'instant' && typeof value === 'string' ? Date.parse(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) throw unfit(condition)
  return number
}

function unfit(condition: RowCondition): Refusal {
  return new Refusal(
    'BAD_USER_INPUT',
    `The filter on ${condition.field} does not take this operator with this value.`,
  )
}

function bigint(text: string): string {
  if (!/^-?\d{1,19}$/.test(text)) throw new Refusal('BAD_USER_INPUT', 'The cursor is not valid.')
  return text
}
