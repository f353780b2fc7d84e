import type { ErasurePlan, PersonTraces } from '../../domain/profiles/erasure-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { allowConsentRemoval } from './consent-removal.ts'
import type { Queryable } from './database.ts'

/**
 * What is removed of a person, in this order: statements over their subjects ($1), by table. Every column that holds a
 * subject has a line here.
 */
export const personalRows: readonly (readonly [table: string, condition: string])[] = [
  ['read_model', 'subject_id = ANY ($1::uuid[])'],
  // Earlier versions of the same record as well, whoever they were filed under: hidden so far, they would stand again.
  [
    'record',
    `(source, record_key) IN (SELECT source, record_key FROM record WHERE home_id = ANY ($1::uuid[]))
     AND (home_id = ANY ($1::uuid[]) OR EXISTS (
       SELECT FROM record own WHERE own.source = record.source AND own.record_key = record.record_key
         AND own.home_id = ANY ($1::uuid[]) AND (own.observed_at, own.received_at, own.batch_id)
           > (record.observed_at, record.received_at, record.batch_id)))`,
  ],
  ['event', 'home_id = ANY ($1::uuid[])'],
  ['tally', 'home_id = ANY ($1::uuid[])'],
  ['consent_record', 'home_id = ANY ($1::uuid[])'],
  [
    'quarantine',
    `about && ARRAY(SELECT blind_index FROM identifier WHERE home_id = ANY ($1::uuid[]))`,
  ],
  [
    'identifier_claim',
    '(kind, blind_index) IN (SELECT kind, blind_index FROM identifier WHERE home_id = ANY ($1::uuid[]))',
  ],
  ['identifier', 'home_id = ANY ($1::uuid[])'],
  ['subject_merge', 'survivor_id = ANY ($1::uuid[]) OR retired_id = ANY ($1::uuid[])'],
  ['delivery', 'subject_id = ANY ($1::uuid[])'],
  ['subject_request_person', 'subject_id = ANY ($1::uuid[])'],
  ['subject_package', 'subject_id = ANY ($1::uuid[])'],
  ['change', 'subject_id = ANY ($1::uuid[])'],
  ['subject', 'id = ANY ($1::uuid[])'],
]

/** Rows of the quarantine that are opened at a time. */
const PAGE = 200

/** What leads from a person's rows to what else is theirs. */
export async function tracesOf(tx: Queryable, root: SubjectId): Promise<PersonTraces> {
  const members = await tx.query<{ id: SubjectId }>('SELECT id FROM subject WHERE root_id = $1', [
    root,
  ])
  const ids = members.map(({ id }) => id)
  const identifiers = await tx.query<{ kind: string; blindIndex: string }>(
    `SELECT kind, encode(blind_index, 'hex') AS "blindIndex" FROM identifier
     WHERE home_id = ANY ($1::uuid[])`,
    [ids],
  )
  const records = await tx.query<{
    home: SubjectId
    traits: Record<string, unknown>
    sealed: Record<string, string>
  }>('SELECT home_id AS home, traits, sealed FROM record WHERE home_id = ANY ($1::uuid[])', [ids])
  return { members: ids, identifiers, records }
}

/** Removes every row of these subjects. The people are locked. @returns how many, by table. */
export async function removePerson(
  tx: Queryable,
  members: readonly SubjectId[],
  plan: ErasurePlan,
): Promise<Record<string, number>> {
  await allowConsentRemoval(tx, 'erasure')
  const removed: Record<string, number> = {}
  for (const [table, condition] of personalRows) {
    const [row] = await tx.query<{ count: number }>(
      `WITH removed AS (DELETE FROM ${table} WHERE ${condition} RETURNING 1)
       SELECT count(*)::int AS count FROM removed`,
      [members],
    )
    removed[table] = row?.count ?? 0
  }
  removed.quarantine = (removed.quarantine ?? 0) + (await removeIllegible(tx, plan))
  return removed
}

/** Quarantined rows that name nobody legibly are opened, one page after the other. */
async function removeIllegible(tx: Queryable, plan: ErasurePlan): Promise<number> {
  let after = '00000000-0000-0000-0000-000000000000'
  let removed = 0
  for (;;) {
    const rows = await tx.query<{ id: string; payload: Buffer }>(
      `SELECT id, payload FROM quarantine WHERE about IS NULL AND id > $1::uuid ORDER BY id LIMIT ${PAGE}`,
      [after],
    )
    const last = rows.at(-1)
    if (!last) return removed
    after = last.id
    const theirs = rows.filter((row) => plan.isAbout(row)).map(({ id }) => id)
    if (theirs.length > 0)
      await tx.query('DELETE FROM quarantine WHERE id = ANY ($1::uuid[])', [theirs])
    removed += theirs.length
  }
}
