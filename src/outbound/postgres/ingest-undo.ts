import { rootsOf } from '../../domain/profiles/resolution.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import { allowConsentRemoval } from './consent-removal.ts'
import type { Queryable } from './database.ts'
import { recount } from './ingest-events.ts'
import { lockPeople } from './ingest-identities.ts'

/**
 * Takes back what a batch brought. Rows of other batches are not touched: an earlier version of a record, hidden so
 * far, stands again by itself, and homes that only this batch's links held together are people of their own again.
 */
export async function takeBack(
  tx: Queryable,
  batchId: string,
  now: Instant,
): Promise<{ homes: SubjectId[]; gone: SubjectId[] }> {
  const touched = await touchedHomes(tx, batchId)
  await lockPeople(tx, touched)
  const members = await peopleOf(tx, touched)
  await removeRows(tx, batchId)
  await restoreItems(tx, batchId)
  await removeClaims(tx, batchId)
  await tx.query(
    'UPDATE subject_merge SET undone_at = $2 WHERE batch_id = $1 AND undone_at IS NULL',
    [batchId, isoInstant(now)],
  )
  const homes = members.map(({ id }) => id)
  await discardAnswers(tx, homes)
  const gone = await removeEmpty(tx, homes)
  await restoreRoots(tx, members, new Set(gone))
  await recount(tx, touched)
  await tx.query("UPDATE batch SET state = 'undone', finished_at = $2 WHERE id = $1", [
    batchId,
    isoInstant(now),
  ])
  return { homes, gone }
}

/** What people were answered while the batch stood may hold what is somebody else's now: whoever asks again is answered anew. */
async function discardAnswers(tx: Queryable, homes: readonly SubjectId[]): Promise<void> {
  const of = `request_id IN (
    SELECT request_id FROM subject_request_person WHERE subject_id = ANY ($1::uuid[])
    UNION SELECT request_id FROM subject_package WHERE subject_id = ANY ($1::uuid[]))`
  await tx.query(`DELETE FROM subject_request_link WHERE ${of}`, [homes])
  await tx.query(`DELETE FROM subject_package WHERE ${of}`, [homes])
}

/** Homes of everything that the batch brought, and of other versions of its records. */
async function touchedHomes(tx: Queryable, batchId: string): Promise<SubjectId[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT other.home_id AS id FROM record own JOIN record other USING (source, record_key) WHERE own.batch_id = $1
     UNION SELECT home_id FROM event WHERE batch_id = $1
     UNION SELECT home_id FROM consent_record WHERE batch_id = $1
     UNION SELECT i.home_id FROM identifier_claim c JOIN identifier i USING (kind, blind_index) WHERE c.batch_id = $1
     UNION SELECT survivor_id FROM subject_merge WHERE batch_id = $1
     UNION SELECT retired_id FROM subject_merge WHERE batch_id = $1`,
    [batchId],
  )
  return rows.map(({ id }) => id)
}

interface Member {
  readonly id: SubjectId
  readonly root: SubjectId
  readonly createdAt: Instant
}

/** All homes of the people that these homes belong to. */
async function peopleOf(tx: Queryable, homes: readonly SubjectId[]): Promise<Member[]> {
  return await tx.query<Member & Record<string, unknown>>(
    `SELECT id, root_id AS root, (extract(epoch FROM created_at) * 1000)::float8 AS "createdAt"
     FROM subject WHERE root_id IN (SELECT root_id FROM subject WHERE id = ANY ($1::uuid[]))`,
    [homes],
  )
}

async function removeRows(tx: Queryable, batchId: string): Promise<void> {
  await allowConsentRemoval(tx, 'undo')
  for (const table of ['record', 'event', 'consent_record', 'former_item', 'quarantine'])
    await tx.query(`DELETE FROM ${table} WHERE batch_id = $1`, [batchId])
}

/** Items as they stood before the batch; those that it brought are gone. */
async function restoreItems(tx: Queryable, batchId: string): Promise<void> {
  const gone = await tx.query<{ id: string }>('DELETE FROM item WHERE batch_id = $1 RETURNING id', [
    batchId,
  ])
  await tx.query(
    `WITH newest AS (
       SELECT max(sequence) AS sequence FROM former_item WHERE id = ANY ($1::text[]) GROUP BY id
     ), again AS (
       DELETE FROM former_item USING newest WHERE former_item.sequence = newest.sequence RETURNING former_item.*
     )
     INSERT INTO item (id, title, category, price, available, attributes, updated_at, batch_id)
     SELECT id, title, category, price, available, attributes, updated_at, batch_id FROM again`,
    [gone.map(({ id }) => id)],
  )
}

/** Identifiers that nobody else claims go; others are verified only if somebody else said so. */
async function removeClaims(tx: Queryable, batchId: string): Promise<void> {
  const dropped = await tx.query<{ kind: string; index: string }>(
    `DELETE FROM identifier_claim WHERE batch_id = $1 RETURNING kind, encode(blind_index, 'hex') AS index`,
    [batchId],
  )
  if (dropped.length === 0) return
  const identifiers = JSON.stringify(dropped)
  await tx.query(
    `DELETE FROM identifier i USING json_to_recordset($1) AS dropped (kind text, index text)
     WHERE i.kind = dropped.kind AND i.blind_index = decode(dropped.index, 'hex') AND NOT EXISTS (
       SELECT 1 FROM identifier_claim c WHERE c.kind = i.kind AND c.blind_index = i.blind_index)`,
    [identifiers],
  )
  await tx.query(
    `UPDATE identifier i SET verified = false
     FROM json_to_recordset($1) AS dropped (kind text, index text)
     WHERE i.kind = dropped.kind AND i.blind_index = decode(dropped.index, 'hex') AND i.verified AND NOT EXISTS (
       SELECT 1 FROM identifier_claim c WHERE c.kind = i.kind AND c.blind_index = i.blind_index AND c.verified)`,
    [identifiers],
  )
}

/** Removes homes that nothing lies in any more. */
async function removeEmpty(tx: Queryable, homes: readonly SubjectId[]): Promise<SubjectId[]> {
  const rows = await tx.query<{ id: string }>(
    `DELETE FROM subject s WHERE s.id = ANY ($1::uuid[])
       AND NOT EXISTS (SELECT 1 FROM identifier WHERE home_id = s.id)
       AND NOT EXISTS (SELECT 1 FROM record WHERE home_id = s.id)
       AND NOT EXISTS (SELECT 1 FROM event WHERE home_id = s.id)
       AND NOT EXISTS (SELECT 1 FROM consent_record WHERE home_id = s.id)
     RETURNING id`,
    [homes],
  )
  const gone = rows.map(({ id }) => id)
  if (gone.length > 0) await tx.query('DELETE FROM tally WHERE home_id = ANY ($1::uuid[])', [gone])
  return gone
}

async function restoreRoots(
  tx: Queryable,
  members: readonly Member[],
  gone: ReadonlySet<SubjectId>,
): Promise<void> {
  const left = members.filter(({ id }) => !gone.has(id))
  const links = await tx.query<{ one: string; other: string }>(
    `SELECT survivor_id AS one, retired_id AS other FROM subject_merge
     WHERE undone_at IS NULL AND survivor_id = ANY ($1::uuid[])`,
    [left.map(({ id }) => id)],
  )
  const roots = rootsOf(left, links)
  const moved = left.flatMap(({ id, root }) => {
    const now = roots.get(id) ?? id
    return now === root ? [] : [{ id, root: now }]
  })
  await tx.query(
    `UPDATE subject SET root_id = moved.root FROM json_to_recordset($1) AS moved (id uuid, root uuid)
     WHERE subject.id = moved.id`,
    [JSON.stringify(moved)],
  )
}
