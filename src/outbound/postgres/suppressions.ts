import type { Queryable } from './database.ts'

/** Those of these hashes that suppress, in hex. */
export async function suppressedAmong(
  queryable: Queryable,
  hashes: readonly Uint8Array[],
): Promise<ReadonlySet<string>> {
  if (hashes.length === 0) return new Set()
  const rows = await queryable.query<{ hash: string }>(
    `SELECT encode(hash, 'hex') AS hash FROM suppression WHERE hash = ANY ($1::bytea[])`,
    [hashes],
  )
  return new Set(rows.map(({ hash }) => hash))
}
