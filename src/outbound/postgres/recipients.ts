import type { Recipients } from '../../domain/delivery/recipients.ts'
import { AuditIndexer } from './audit-indexer.ts'
import type { Database, Queryable } from './database.ts'

/** As `Recipients`, in a transaction, of what is indexed. */
export async function audiencesToldOf(
  on: Queryable,
  refs: readonly string[],
): Promise<readonly string[]> {
  const rows = await on.query<{ audience: string }>(
    `SELECT DISTINCT k.audience FROM audit_subject s JOIN audit_kind k ON k.id = s.kind
     JOIN client c ON c.id = k.client_id
     WHERE s.ref = ANY ($1::text[]) AND 'partner' = ANY (c.roles) ORDER BY k.audience`,
    [refs],
  )
  return rows.map(({ audience }) => audience)
}

export class PostgresRecipients implements Recipients {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async toldOf(refs: readonly string[]): Promise<readonly string[]> {
    await new AuditIndexer(this.#database).catchUp()
    return await audiencesToldOf(this.#database, refs)
  }
}
