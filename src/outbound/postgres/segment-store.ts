import { type PlainGroups, plainColumns } from '../../domain/profiles/read-model.ts'
import { eventNamesOf, eventsSince, factsOf } from '../../domain/segments/facts.ts'
import { membershipsOf, type Standing } from '../../domain/segments/memberships.ts'
import type { Segment, SegmentRule } from '../../domain/segments/rule.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Clock, type Instant, isoInstant, SECOND } from '../../kernel/time.ts'
import type { Database, Queryable } from './database.ts'
import { Remembered } from './remembered.ts'
import { memberSql, untilSql } from './segment-sql.ts'

/** Rows evaluated again in one transaction: few enough that writers behind it hardly wait. */
const REFRESH_PAGE = 500

type Events = Readonly<Record<string, readonly Instant[]>>

export class PostgresSegmentStore implements SegmentStore {
  readonly #database: Database
  readonly #all: Remembered<ReadonlyMap<string, Segment>>
  #onDefined: () => void = () => {}

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#all = new Remembered(clock, SECOND, () => readSegments(database))
  }

  all(): Promise<ReadonlyMap<string, Segment>> {
    return this.#all.get()
  }

  /** @param tell called whenever this process has defined or removed a segment. */
  whenDefined(tell: () => void): void {
    this.#onDefined = tell
  }

  /** The definitions are read afresh when they are asked for next. */
  forget(): void {
    this.#all.forget()
  }

  async define(segment: Segment, now: Instant): Promise<number> {
    const members = await this.#database.transaction(async (tx) => {
      // Writers that still follow the old rules end first, and later ones read the new rule (segmentsForWriting).
      await tx.query('LOCK TABLE read_model IN SHARE ROW EXCLUSIVE MODE')
      await tx.query(
        `INSERT INTO segment (key, name, description, rule, categories, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (key) DO UPDATE SET name = excluded.name, description = excluded.description,
           rule = excluded.rule, categories = excluded.categories, updated_at = excluded.updated_at`,
        [
          segment.key,
          segment.name,
          segment.description,
          JSON.stringify(segment.rule),
          segment.categories,
          isoInstant(segment.createdAt),
          isoInstant(segment.updatedAt),
        ],
      )
      return await evaluateForAll(tx, segment, now)
    })
    this.forget()
    this.#onDefined()
    return members
  }

  async remove(key: string): Promise<boolean> {
    const removed = await this.#database.transaction(async (tx) => {
      await tx.query('LOCK TABLE read_model IN SHARE ROW EXCLUSIVE MODE')
      const rows = await tx.query('DELETE FROM segment WHERE key = $1 RETURNING key', [key])
      await tx.query(
        `WITH left_behind AS (
           UPDATE read_model SET memberships = memberships - $1::text, segment_keys = array_remove(segment_keys, $1)
           WHERE memberships ? $1 RETURNING subject_id, memberships
         ), members AS (
           SELECT subject_id FROM features WHERE segment_keys @> ARRAY[$1::text]
         )
         INSERT INTO change (kind, subject_id, key)
         SELECT 'segment', subject_id, $1 FROM left_behind JOIN members USING (subject_id)`,
        [key],
      )
      return rows.length > 0
    })
    this.forget()
    this.#onDefined()
    return removed
  }

  async count(key: string, permittedStates: readonly number[], now: Instant): Promise<number> {
    await this.refreshMemberships(now)
    const rows = await this.#database.query<{ members: string }>(
      `SELECT count(*) AS members FROM features
       WHERE segment_keys @> ARRAY[$1::text] AND consent_id = ANY ($2::int[])
         AND (consent_until IS NULL OR consent_until > $3::timestamptz)`,
      [key, permittedStates, isoInstant(now)],
      'segment-count',
    )
    return Number(rows[0]?.members)
  }

  eventInstants(
    ids: readonly SubjectId[],
    names: readonly string[],
    since: Instant,
  ): Promise<Map<SubjectId, Events>> {
    return readEvents(this.#database, ids, names, since)
  }

  async refreshMemberships(now: Instant): Promise<number> {
    let total = 0
    for (;;) {
      const due = await this.#database.query(
        'SELECT 1 FROM read_model WHERE memberships_until <= $1::timestamptz LIMIT 1',
        [isoInstant(now)],
        'segment-due',
      )
      if (due.length === 0) return total
      total += await this.#database.transaction((tx) => refreshPage(tx, now))
    }
  }
}

/**
 * The segments, for a transaction that will write memberships: until it ends, no rule changes. Reading them any other
 * way may leave a row evaluated by a rule that was replaced meanwhile.
 */
export async function segmentsForWriting(tx: Queryable): Promise<ReadonlyMap<string, Segment>> {
  await tx.query('LOCK TABLE read_model IN ROW EXCLUSIVE MODE')
  return await readSegments(tx)
}

async function readSegments(queryable: Queryable): Promise<ReadonlyMap<string, Segment>> {
  const rows = await queryable.query<{
    key: string
    name: string
    description: string
    rule: SegmentRule
    categories: string[]
    created_at: Date
    updated_at: Date
  }>(
    'SELECT key, name, description, rule, categories, created_at, updated_at FROM segment ORDER BY key',
    [],
    'segment-all',
  )
  return new Map(
    rows.map(({ created_at, updated_at, ...row }) => [
      row.key,
      { ...row, createdAt: created_at.getTime(), updatedAt: updated_at.getTime() },
    ]),
  )
}

/** Of whom processing is restricted, no rule is evaluated: their rows say that they are in no segment. */
const NOT_RESTRICTED = `f.consent_id NOT IN (
  SELECT id FROM consent_state WHERE 'restricted' = ANY (string_to_array(state, ';')))`

async function evaluateForAll(tx: Queryable, segment: Segment, now: Instant): Promise<number> {
  const values: unknown[] = [segment.key]
  const bind = (value: unknown) => `$${values.push(value)}`
  const rows = await tx.query<{ members: string }>(
    `WITH evaluated AS MATERIALIZED (
       SELECT f.subject_id, ${memberSql(segment.rule, now, bind)} AS member,
         (${untilSql(segment.rule, now, bind)})::bigint AS until,
         coalesce((f.memberships -> $1::text ->> 0)::boolean, false) AS was
       FROM features f WHERE ${NOT_RESTRICTED}
     ), updated AS (
       UPDATE read_model r SET
         memberships = r.memberships || jsonb_build_object($1::text, jsonb_build_array(e.member, e.until)),
         segment_keys = CASE WHEN e.member = e.was THEN r.segment_keys
           WHEN e.member THEN array_append(r.segment_keys, $1::text)
           ELSE array_remove(r.segment_keys, $1::text) END,
         memberships_until = to_timestamp(LEAST(e.until, (
           SELECT min((other.value ->> 1)::bigint) FROM jsonb_each(r.memberships - $1::text) other
         )) / 1000.0)
       FROM evaluated e
       WHERE r.subject_id = e.subject_id
         AND r.memberships -> $1::text IS DISTINCT FROM jsonb_build_array(e.member, e.until)
     ), told AS (
       INSERT INTO change (kind, subject_id, key)
       SELECT 'segment', subject_id, $1::text FROM evaluated WHERE member <> was
     )
     SELECT count(*) AS members FROM evaluated WHERE member`,
    values,
  )
  return Number(rows[0]?.members)
}

async function refreshPage(tx: Queryable, now: Instant): Promise<number> {
  const segments = await segmentsForWriting(tx)
  const rows = await tx.query<PlainGroups & { subject_id: string; segment_keys: string[] }>(
    `SELECT subject_id, segment_keys, ${plainColumns.join(', ')} FROM read_model
     WHERE memberships_until <= $1::timestamptz ORDER BY subject_id LIMIT ${REFRESH_PAGE} FOR UPDATE`,
    [isoInstant(now)],
    'segment-refresh',
  )
  const rules = [...segments.values()].map(({ rule }) => rule)
  const ids = rows.map((row) => row.subject_id)
  const events = await readEvents(tx, ids, eventNamesOf(...rules), eventsSince(rules, now))
  const standings = rows.map((row) =>
    membershipsOf(segments.values(), factsOf(row, events.get(row.subject_id) ?? {}), now),
  )
  await writeStandings(tx, ids, standings)
  const changes = rows.flatMap((row, index) =>
    difference(row.segment_keys, standings[index]?.keys ?? []).map((key) => [row.subject_id, key]),
  )
  await tx.query(
    `INSERT INTO change (kind, subject_id, key)
     SELECT 'segment', * FROM unnest($1::uuid[], $2::text[])`,
    [changes.map(([id]) => id), changes.map(([, key]) => key)],
    'segment-change',
  )
  return rows.length
}

async function writeStandings(
  tx: Queryable,
  ids: readonly SubjectId[],
  standings: readonly Standing[],
): Promise<void> {
  await tx.query(
    `UPDATE read_model r SET memberships = s.memberships, memberships_until = s.until,
       segment_keys = ARRAY(
         SELECT key FROM jsonb_each(s.memberships) WHERE value ->> 0 = 'true' ORDER BY key COLLATE "C"
       )
     FROM unnest($1::uuid[], $2::jsonb[], $3::timestamptz[]) AS s (subject_id, memberships, until)
     WHERE r.subject_id = s.subject_id`,
    [
      ids,
      standings.map(({ memberships }) => JSON.stringify(memberships)),
      standings.map(({ until }) => (until === null ? null : isoInstant(until))),
    ],
    'segment-standings',
  )
}

export async function readEvents(
  queryable: Queryable,
  ids: readonly SubjectId[],
  names: readonly string[],
  since: Instant,
): Promise<Map<SubjectId, Events>> {
  if (ids.length === 0 || names.length === 0) return new Map()
  const rows = await queryable.query<{ root_id: string; name: string; instants: string[] }>(
    `SELECT s.root_id, e.name, array_agg(round(extract(epoch FROM e.occurred_at) * 1000)) AS instants
     FROM subject s JOIN event e ON e.home_id = s.id
     WHERE s.root_id = ANY ($1::uuid[]) AND e.name = ANY ($2::text[]) AND e.occurred_at >= $3::timestamptz
     GROUP BY s.root_id, e.name`,
    [ids, names, isoInstant(since)],
    'segment-events',
  )
  const events = new Map<SubjectId, [name: string, instants: Instant[]][]>()
  for (const { root_id, name, instants } of rows) {
    const own = events.get(root_id) ?? []
    own.push([name, instants.map(Number)])
    events.set(root_id, own)
  }
  return new Map([...events].map(([id, own]) => [id, Object.fromEntries(own)]))
}

function difference(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter((key) => !after.includes(key)),
    ...after.filter((key) => !before.includes(key)),
  ]
}
