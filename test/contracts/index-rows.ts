import type { Queryable } from '../../src/outbound/postgres/database.ts'

const TABLES = ['index', 'span', 'subject', 'argument', 'listed', 'daily']

/** Everything that the index of the trail holds, table by table, without the numbers of kinds. */
export async function indexRows(database: Queryable): Promise<readonly (readonly unknown[])[]> {
  const tables: unknown[][] = []
  for (const table of TABLES)
    tables.push(
      await database.query(
        `SELECT to_jsonb(t) - 'kind' AS row FROM audit_${table} t ORDER BY to_jsonb(t) - 'kind'`,
      ),
    )
  return tables
}
