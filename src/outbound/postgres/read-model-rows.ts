import type { CompiledConsent } from '../../domain/privacy/consent.ts'
import type { ComposedProfile, Counted } from '../../domain/profiles/compose.ts'
import { plainColumns, sealedColumns } from '../../domain/profiles/read-model.ts'
import type { RecommendedLists } from '../../domain/recommendations/recommender.ts'
import type { Standing } from '../../domain/segments/memberships.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'
import { packLineage } from './lineage-column.ts'

/** One person's row, composed, before consent states have their numbers. */
export interface RebuiltRow extends ComposedProfile {
  readonly root: SubjectId
  readonly isPerson: boolean
  readonly consent: CompiledConsent
  readonly standing: Standing
  readonly recommended: RecommendedLists
  /** By data category. */
  readonly sealed: ReadonlyMap<string, Buffer>
}

/** What counters change of a row. */
export interface RecountedRow
  extends Counted,
    Pick<RebuiltRow, 'root' | 'standing' | 'recommended'> {}

/** A row as it was. */
interface Before {
  readonly segmentKeys: readonly string[]
  readonly consentId: number
}

/** Locks the rows of these people, in one order everywhere, and says what is told of changes. */
export async function lockReadRows(
  tx: Queryable,
  roots: readonly SubjectId[],
): Promise<ReadonlyMap<SubjectId, Before>> {
  const rows = await tx.query<{ root: SubjectId; segmentKeys: string[]; consentId: number }>(
    `SELECT subject_id AS root, segment_keys AS "segmentKeys", consent_id AS "consentId"
     FROM read_model WHERE subject_id = ANY ($1::uuid[]) ORDER BY subject_id FOR UPDATE`,
    [roots],
  )
  return new Map(rows.map(({ root, ...before }) => [root, before]))
}

const COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['subject_id', 'uuid'],
  ['kind', 'text'],
  ['consent_id', 'int'],
  ['consent_until', 'timestamptz'],
  ['consent_later', 'jsonb'],
  ['consent_records', 'jsonb'],
  ['memberships', 'jsonb'],
  ['memberships_until', 'timestamptz'],
  ...plainColumns.map((column) => [column, 'jsonb'] as const),
  ['interactions', 'jsonb'],
  ['recommended', 'jsonb'],
  ['lineage', 'jsonb'],
  ...Object.values(sealedColumns).map((column) => [column, 'bytea'] as const),
  ['sealed_more', 'jsonb'],
  ['updated_at', 'timestamptz'],
]
const NAMES = COLUMNS.map(([name]) => name)

/** One statement for all rows: JSON is the fastest way for many rows of many columns to get there. */
const SAVE = `
  INSERT INTO read_model (${NAMES.join(', ')}, segment_keys)
  SELECT ${NAMES.join(', ')}, ARRAY(SELECT json_array_elements_text(made.segment_keys))
  FROM json_to_recordset($1) AS made (${COLUMNS.map((column) => column.join(' ')).join(', ')}, segment_keys json)
  ORDER BY subject_id
  ON CONFLICT (subject_id) DO UPDATE SET
    ${[...NAMES.slice(1), 'segment_keys'].map((name) => `${name} = excluded.${name}`).join(', ')}`

/** The categories that have a sealed column of their own, and those columns. */
const columnOf: ReadonlyMap<string, string> = new Map(Object.entries(sealedColumns))

export async function saveReadRows(
  tx: Queryable,
  rows: readonly RebuiltRow[],
  states: ReadonlyMap<string, number>,
  now: Instant,
): Promise<void> {
  if (rows.length === 0) return
  await tx.query(SAVE, [JSON.stringify(rows.map((row) => savedForm(row, states, now)))])
}

function savedForm(
  {
    root,
    isPerson,
    consent,
    standing,
    groups,
    interactions,
    recommended,
    lineage,
    sealed,
  }: RebuiltRow,
  states: ReadonlyMap<string, number>,
  now: Instant,
): Record<string, unknown> {
  const columns: Record<string, string> = {}
  const more: Record<string, string> = {}
  for (const [category, bytes] of sealed) {
    const column = columnOf.get(category)
    if (column) columns[column] = `\\x${bytes.toString('hex')}`
    else more[category] = bytes.toString('base64')
  }
  return {
    subject_id: root,
    kind: isPerson ? 'person' : 'visitor',
    consent_id: states.get(consent.state),
    consent_until: timestamp(consent.until),
    consent_later: consent.later,
    consent_records: consent.records,
    segment_keys: standing.keys,
    memberships: standing.memberships,
    memberships_until: timestamp(standing.until),
    ...groups,
    interactions,
    recommended,
    lineage: packLineage(lineage),
    ...columns,
    sealed_more: more,
    updated_at: isoInstant(now),
  }
}

export async function saveCountedRows(
  tx: Queryable,
  rows: readonly RecountedRow[],
  now: Instant,
): Promise<void> {
  await tx.query(
    `UPDATE read_model r SET activity = made.activity, commerce = made.commerce, interactions = made.interactions,
       recommended = made.recommended, memberships = made.memberships, memberships_until = made.until,
       segment_keys = ARRAY(SELECT json_array_elements_text(made.keys)), updated_at = $2
     FROM json_to_recordset($1) AS made (root uuid, activity jsonb, commerce jsonb, interactions jsonb,
       recommended jsonb, memberships jsonb, until timestamptz, keys json)
     WHERE r.subject_id = made.root`,
    [
      JSON.stringify(
        rows.map(({ standing: { memberships, keys, until }, ...row }) => ({
          ...row,
          memberships,
          keys,
          until: timestamp(until),
        })),
      ),
      isoInstant(now),
    ],
  )
}

function timestamp(at: Instant | null): string | null {
  return at === null ? null : isoInstant(at)
}

/** Removes rows of subjects that are nobody's root any more, and tells those who watch them. */
export async function removeReadRows(tx: Queryable, subjects: readonly SubjectId[]): Promise<void> {
  if (subjects.length > 0)
    await tx.query(
      `WITH removed AS (DELETE FROM read_model WHERE subject_id = ANY ($1::uuid[]) RETURNING subject_id)
       INSERT INTO change (kind, subject_id) SELECT 'profile', subject_id FROM removed`,
      [subjects],
    )
}

/**
 * Tells the change feed whose row was written, who entered or left a segment, and whose consent reads differently.
 * @param states numbers of consent states; only where consent was compiled again.
 */
export async function tellChanges(
  tx: Queryable,
  rows: readonly (Pick<RebuiltRow, 'root' | 'standing'> & { readonly consent?: CompiledConsent })[],
  befores: ReadonlyMap<SubjectId, Before>,
  states?: ReadonlyMap<string, number>,
): Promise<void> {
  const changes: { kind: string; subject: SubjectId; key: string | null }[] = []
  for (const { root, consent, standing } of rows) {
    changes.push({ kind: 'profile', subject: root, key: null })
    const before = befores.get(root)
    const was = new Set(before?.segmentKeys)
    const is = new Set(standing.keys)
    for (const key of new Set([...was, ...is]))
      if (was.has(key) !== is.has(key)) changes.push({ kind: 'segment', subject: root, key })
    if (before && consent && before.consentId !== states?.get(consent.state))
      changes.push({ kind: 'consent', subject: root, key: null })
  }
  if (changes.length > 0)
    await tx.query(
      `INSERT INTO change (kind, subject_id, key)
       SELECT kind, subject, key FROM json_to_recordset($1) AS made (kind text, subject uuid, key text)`,
      [JSON.stringify(changes)],
    )
}
