import type { CompiledConsent } from '../../domain/privacy/consent.ts'
import type { ComposedProfile } from '../../domain/profiles/compose.ts'
import { plainColumns, sealedColumns } from '../../domain/profiles/read-model.ts'
import type { RecommendedLists } from '../../domain/recommendations/recommender.ts'
import type { Standing } from '../../domain/segments/memberships.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'
import { packLineage } from './lineage-column.ts'
import type { PersonFacts } from './rebuild-facts.ts'

/** One person's row, composed, before consent states have their numbers. */
export interface RebuiltRow extends ComposedProfile {
  readonly root: SubjectId
  readonly person: PersonFacts
  readonly consent: CompiledConsent
  readonly standing: Standing
  readonly recommended: RecommendedLists
  /** By data category. */
  readonly sealed: ReadonlyMap<string, Buffer>
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
    person,
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
    kind: person.isPerson ? 'person' : 'visitor',
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

/** Tells the change feed whose row was written, who entered or left a segment, and whose consent reads differently. */
export async function tellChanges(
  tx: Queryable,
  rows: readonly RebuiltRow[],
  states: ReadonlyMap<string, number>,
): Promise<void> {
  const changes: { kind: string; subject: SubjectId; key: string | null }[] = []
  for (const { root, person, consent, standing } of rows) {
    changes.push({ kind: 'profile', subject: root, key: null })
    const before = new Set(person.before?.segmentKeys)
    const after = new Set(standing.keys)
    for (const key of new Set([...before, ...after]))
      if (before.has(key) !== after.has(key)) changes.push({ kind: 'segment', subject: root, key })
    const consentId = person.before?.consentId
    if (consentId !== undefined && consentId !== states.get(consent.state))
      changes.push({ kind: 'consent', subject: root, key: null })
  }
  if (changes.length > 0)
    await tx.query(
      `INSERT INTO change (kind, subject_id, key)
       SELECT kind, subject, key FROM json_to_recordset($1) AS made (kind text, subject uuid, key text)`,
      [JSON.stringify(changes)],
    )
}
