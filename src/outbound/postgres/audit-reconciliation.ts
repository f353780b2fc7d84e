import { appendBatch } from './audit-batch.ts'
import type { AuditJournal, NumberedLeaf } from './audit-journal.ts'
import type { Database, Queryable } from './database.ts'

const PAGE = 1_000

/**
 * Makes journal and database agree before the first append. What a power cut took from the database comes back from
 * the journal, under its own number where that is the next one and else under the next free one: numbers stay
 * contiguous and nothing is lost. What a kill kept from the journal is added to it.
 * @returns the number of entries, all of which are durable.
 */
export async function reconcile(
  database: Database,
  journal: AuditJournal,
  log: (line: string) => void,
): Promise<number> {
  return await database.transaction(async (queryable) => {
    const [head] = await queryable.query<{ size: string }>('SELECT size FROM audit_head FOR UPDATE')
    const { journaled, lost, damaged } = await compare(queryable, journal)
    if (damaged > 0) log(`Audit journal: ${damaged} torn or damaged lines left out`)
    const restored = await restore(queryable, lost)
    if (restored > 0) log(`Audit trail: ${restored} entries restored from the journal`)
    const size = Number(head?.size ?? 0)
    let first = size
    for (const index of journaled) first = Math.min(first, index)
    if (journaled.size === 0) first = 0
    await complete(queryable, journal, journaled, { from: first, to: size })
    return size + restored
  })
}

async function compare(queryable: Queryable, journal: AuditJournal) {
  const journaled = new Set<number>()
  const lost: NumberedLeaf[] = []
  let damaged = 0
  let page: NumberedLeaf[] = []
  const settle = async () => {
    for (const leaf of await missingOf(queryable, page)) {
      lost.push(leaf)
      journaled.delete(leaf.index)
    }
    page = []
  }
  for await (const leaf of journal.recent(() => damaged++)) {
    journaled.add(leaf.index)
    page.push(leaf)
    if (page.length === PAGE) await settle()
  }
  await settle()
  return { journaled, lost, damaged }
}

/** Which of these the database does not hold under their number. What was archived is old enough to be on disk. */
async function missingOf(
  queryable: Queryable,
  leaves: readonly NumberedLeaf[],
): Promise<NumberedLeaf[]> {
  if (leaves.length === 0) return []
  const rows = await queryable.query<{ n: string }>(
    `SELECT line.n FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS line (log_index, hash, n)
     WHERE line.log_index >= (SELECT next_index FROM audit_cursor WHERE name = 'archive') AND NOT EXISTS (
       SELECT FROM audit_entry e WHERE e.log_index = line.log_index AND e.leaf_hash = line.hash)
     ORDER BY line.n`,
    [leaves.map(({ index }) => index), leaves.map(({ hash }) => hash)],
  )
  return rows.flatMap(({ n }) => leaves[Number(n) - 1] ?? [])
}

async function restore(queryable: Queryable, lost: readonly NumberedLeaf[]): Promise<number> {
  const byId = new Map(lost.map((leaf) => [leaf.entryId, leaf]))
  // An entry that was restored under another number is there already.
  const present = await queryable.query<{ entry_id: string }>(
    'SELECT entry_id FROM audit_entry WHERE entry_id = ANY($1::uuid[])',
    [[...byId.keys()]],
  )
  for (const { entry_id } of present) byId.delete(entry_id)
  const inOrder = [...byId.values()].sort((a, b) => a.index - b.index)
  for (let at = 0; at < inOrder.length; at += PAGE)
    await appendBatch(queryable, inOrder.slice(at, at + PAGE))
  return inOrder.length
}

/** Adds to the journal what it does not hold of these entries. */
export async function complete(
  queryable: Queryable,
  journal: AuditJournal,
  journaled: ReadonlySet<number>,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  for (let at = from; at < to; at += PAGE) {
    const rows = await queryable.query<StoredRow>(
      `SELECT log_index, entry_id, leaf, leaf_hash FROM audit_entry
       WHERE log_index >= $1 AND log_index < $2 ORDER BY log_index`,
      [at, Math.min(at + PAGE, to)],
    )
    const absent = rows
      .map(({ log_index, entry_id, leaf, leaf_hash }) => ({
        index: Number(log_index),
        entryId: entry_id,
        bytes: leaf,
        hash: leaf_hash,
      }))
      .filter(({ index }) => !journaled.has(index))
    if (absent.length > 0) await journal.append(absent)
  }
}

interface StoredRow {
  log_index: string
  entry_id: string
  leaf: Buffer
  leaf_hash: Buffer
}
