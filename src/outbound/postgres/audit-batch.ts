import type { AuditLeaf } from '../../domain/audit/audit-log.ts'
import type { Queryable } from './database.ts'

const HASH_BYTES = 32

/**
 * One statement, so the row lock on audit_head lasts as long as the commit and gateways number without gaps. Leaves
 * and hashes travel as one binary value each: arrays of bytea would go as hexadecimal text, twice as long.
 * The statement is its own transaction, and `synchronous_commit` is raised for it whatever the server's default is.
 * The arrays come from subselects so that the planner can't count them: a plan for so many leaves would look cheaper than
 * the one that is kept, and planning each batch anew costs as much as appending it.
 */
const APPEND = `
  WITH head AS (
    UPDATE audit_head SET size = size + cardinality($1::uuid[])
    RETURNING size - cardinality($1::uuid[]) AS base
  ), written AS (
    INSERT INTO audit_entry (log_index, entry_id, leaf, leaf_hash)
    SELECT head.base + leaf.n - 1, leaf.id, substring($2::bytea FROM leaf.start FOR leaf.length),
           substring($3::bytea FROM ((leaf.n - 1) * ${HASH_BYTES} + 1)::int FOR ${HASH_BYTES})
    FROM head, unnest((SELECT $1::uuid[]), (SELECT $4::int[]), (SELECT $5::int[])) WITH ORDINALITY AS leaf (id, start, length, n)
  )
  SELECT base, set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)
  FROM head`

/** Appends to the trail and returns the number of the first leaf. Durable when it resolves outside a transaction. */
export async function appendBatch(
  queryable: Queryable,
  leaves: readonly AuditLeaf[],
): Promise<number> {
  const starts: number[] = []
  let start = 1
  for (const { bytes } of leaves) {
    starts.push(start)
    start += bytes.length
  }
  const [row] = await queryable.query<{ base: string }>(
    APPEND,
    [
      leaves.map(({ entryId }) => entryId),
      Buffer.concat(leaves.map(({ bytes }) => bytes)),
      Buffer.concat(leaves.map(({ hash }) => hash)),
      starts,
      leaves.map(({ bytes }) => bytes.length),
    ],
    'audit-append',
  )
  if (!row) throw new Error('audit_head is empty: the schema was not migrated')
  return Number(row.base)
}
