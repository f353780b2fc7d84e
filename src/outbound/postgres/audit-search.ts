import type { AuditFilter } from '../../domain/audit/audit-log.ts'
import { isoInstant } from '../../kernel/time.ts'
import { UNREADABLE } from './audit-derived.ts'
import type { Queryable } from './database.ts'

/** Entries looked through, newest first, before the kinds are asked one by one: enough for conditions that many fulfil. */
const RECENT = 5_000
const BEYOND_ALL = Number.MAX_SAFE_INTEGER

const BOUNDS = `
  SELECT min(first_index) FILTER (WHERE latest >= $1::timestamptz) AS low,
         max(last_index) FILTER (WHERE earliest < $2::timestamptz) + 1 AS high FROM audit_span`

const KINDS = `
  SELECT id FROM audit_kind
  WHERE phase <> '${UNREADABLE}' AND ($1::text IS NULL OR client_id = $1) AND ($2::text IS NULL OR audience = $2)
    AND ($3::text IS NULL OR purpose = $3) AND ($4::text IS NULL OR outcome = $4) AND ($5::text IS NULL OR $5 = ANY(fields))
    AND ($6::text IS NULL OR action = $6)`

// Of every statement below: $1 limit, $2 and $3 first and end of the numbers, $4 and $5 of the instants, $6 kinds.
const IN_BOUNDS = `i.log_index >= $2::bigint AND i.log_index < $3::bigint
  AND i.time >= $4::timestamptz AND i.time < $5::timestamptz`

const OF_ANY_KIND = `
  SELECT i.log_index FROM audit_index i
  WHERE ${IN_BOUNDS} AND i.kind NOT IN (SELECT id FROM audit_kind WHERE phase = '${UNREADABLE}')
  ORDER BY i.log_index DESC LIMIT $1`

const AMONG_RECENT = `
  SELECT i.log_index FROM (
    SELECT log_index, time, kind FROM audit_index WHERE log_index >= $2::bigint AND log_index < $3::bigint
    ORDER BY log_index DESC LIMIT ${RECENT}
  ) i WHERE i.kind = ANY($6::int[]) AND ${IN_BOUNDS} ORDER BY i.log_index DESC LIMIT $1`

// The newest entries of all can only be of those kinds that have the newest single entries.
const OF_KINDS = `
  SELECT found.log_index FROM (
    SELECT k.id FROM unnest($6::int[]) AS k (id) CROSS JOIN LATERAL (
      SELECT i.log_index FROM audit_index i WHERE i.kind = k.id AND ${IN_BOUNDS} ORDER BY i.log_index DESC LIMIT 1
    ) newest ORDER BY newest.log_index DESC LIMIT $1
  ) k CROSS JOIN LATERAL (
    SELECT i.log_index FROM audit_index i WHERE i.kind = k.id AND ${IN_BOUNDS} ORDER BY i.log_index DESC LIMIT $1
  ) found ORDER BY found.log_index DESC LIMIT $1`

/** Entries that another table names by a key ($7), one key after the other, each newest first. */
const named = (table: string, key: string, type: string) => `
  SELECT DISTINCT found.log_index FROM unnest($7::${type}[]) AS wanted (key) CROSS JOIN LATERAL (
    SELECT n.log_index FROM ${table} n JOIN audit_index i ON i.log_index = n.log_index
    WHERE n.${key} = wanted.key AND n.log_index >= $2::bigint AND n.log_index < $3::bigint
      AND i.kind = ANY($6::int[]) AND ${IN_BOUNDS}
    ORDER BY n.log_index DESC LIMIT $1
  ) found ORDER BY found.log_index DESC LIMIT $1`

const OF_SUBJECTS = named('audit_subject', 'ref', 'text').replace('i.kind = ANY', 'n.kind = ANY')
const OF_ARGUMENTS = named('audit_argument', 'hmac', 'bytea')

const OF_REQUEST = `
  SELECT i.log_index FROM audit_index i
  WHERE i.request_id = $7 AND i.kind = ANY($6::int[]) AND ${IN_BOUNDS}
    AND ($8::text[] IS NULL OR EXISTS (
      SELECT FROM audit_subject s WHERE s.ref = ANY($8::text[]) AND s.log_index = i.log_index))
  ORDER BY i.log_index DESC LIMIT $1`

/**
 * Finds entries by the index. Conditions on what entries have in common become a set of kinds, and the newest entry of a
 * kind is one step in an index: so a page costs the same at ten million entries as at a thousand, at the start and deep
 * inside, whether the conditions fit everything or next to nothing.
 */
export class AuditSearch {
  readonly #database: Queryable

  constructor(database: Queryable) {
    this.#database = database
  }

  /** Numbers of entries, newest first. @param before only those below it. */
  async find(
    filter: AuditFilter,
    { limit, before }: { limit: number; before: number | null },
  ): Promise<readonly number[]> {
    const bounds = await this.#boundsOf(filter, before)
    if (!bounds || limit === 0) return []
    const { from: _from, to: _to, ...conditions } = filter
    if (Object.keys(conditions).length === 0)
      return await this.#numbers(OF_ANY_KIND, [limit, ...bounds])
    const kinds = await this.#kindsOf(filter)
    if (kinds.length === 0) return []
    const { requestId, subjectRefs = null, argumentHmacs } = filter
    const values = [limit, ...bounds, kinds]
    const ask = async (statement: string, ...more: unknown[]) =>
      await this.#numbers(statement, [...values, ...more])
    if (requestId !== undefined) return await ask(OF_REQUEST, requestId, subjectRefs)
    if (argumentHmacs) return await ask(OF_ARGUMENTS, argumentHmacs)
    if (subjectRefs) return await ask(OF_SUBJECTS, subjectRefs)
    const recent = await ask(AMONG_RECENT)
    return recent.length === limit ? recent : await ask(OF_KINDS)
  }

  /** First and end of the numbers among which these instants lie, and the instants; null: there are none. */
  async #boundsOf(
    { from, to }: AuditFilter,
    before: number | null,
  ): Promise<readonly [number, number, string, string] | null> {
    const earliest = from === undefined ? '-infinity' : isoInstant(from)
    const end = to === undefined ? 'infinity' : isoInstant(to)
    const highest = before ?? BEYOND_ALL
    if (from === undefined && to === undefined) return [0, highest, earliest, end]
    const [row] = await this.#database.query<{ low: string | null; high: string | null }>(
      BOUNDS,
      [earliest, end],
      'audit-bounds',
    )
    if (!row?.low || !row.high) return null
    return [Number(row.low), Math.min(highest, Number(row.high)), earliest, end]
  }

  async #kindsOf({
    clientId,
    audience,
    purpose,
    outcome,
    field,
    action,
  }: AuditFilter): Promise<readonly number[]> {
    const rows = await this.#database.query<{ id: number }>(
      KINDS,
      [clientId, audience, purpose, outcome, field, action].map((asked) => asked ?? null),
      'audit-kinds',
    )
    return rows.map(({ id }) => id)
  }

  /** Never as prepared statements: a plan for any bounds reads all entries of a kind, one for these bounds a few. */
  async #numbers(statement: string, values: readonly unknown[]): Promise<readonly number[]> {
    const rows = await this.#database.query<{ log_index: string }>(statement, values)
    return rows.map(({ log_index }) => Number(log_index))
  }
}
