import type { TrustedDocument, TrustedDocumentStore } from '../../domain/access/trusted-document.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Database } from './database.ts'

const COLUMNS = 'client_id, hash, document, operations, purpose, registered_at'

export class PostgresTrustedDocumentStore implements TrustedDocumentStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async register(documents: readonly TrustedDocument[]): Promise<void> {
    const rows = documents.map(({ clientId, text, registeredAt, ...rest }) => ({
      ...rest,
      client_id: clientId,
      document: text,
      registered_at: isoInstant(registeredAt),
    }))
    await this.#database.query(
      `INSERT INTO trusted_document (${COLUMNS})
       SELECT client_id, hash, document, ARRAY(SELECT jsonb_array_elements_text(operations)), purpose, registered_at
       FROM jsonb_to_recordset($1::jsonb)
         AS one(client_id text, hash text, document text, operations jsonb, purpose text, registered_at timestamptz)
       ON CONFLICT (client_id, hash) DO UPDATE SET purpose = excluded.purpose, registered_at = excluded.registered_at`,
      [JSON.stringify(rows)],
      'trusted-document-register',
    )
  }

  async find(clientId: string, hash: string): Promise<TrustedDocument | null> {
    const [row] = await this.#database.query<TrustedDocumentRow>(
      `SELECT ${COLUMNS} FROM trusted_document WHERE client_id = $1 AND hash = $2`,
      [clientId, hash],
      'trusted-document-find',
    )
    return row ? documentOf(row) : null
  }

  async list(clientId: string | null): Promise<readonly TrustedDocument[]> {
    const rows = await this.#database.query<TrustedDocumentRow>(
      `SELECT ${COLUMNS} FROM trusted_document WHERE $1::text IS NULL OR client_id = $1
       ORDER BY client_id, registered_at, hash`,
      [clientId],
      'trusted-document-list',
    )
    return rows.map(documentOf)
  }

  async remove(clientId: string, hash: string): Promise<boolean> {
    const rows = await this.#database.query(
      'DELETE FROM trusted_document WHERE client_id = $1 AND hash = $2 RETURNING hash',
      [clientId, hash],
      'trusted-document-remove',
    )
    return rows.length > 0
  }
}

interface TrustedDocumentRow {
  client_id: string
  hash: string
  document: string
  operations: string[]
  purpose: string | null
  registered_at: Date
}

function documentOf(row: TrustedDocumentRow): TrustedDocument {
  return {
    clientId: row.client_id,
    hash: row.hash,
    text: row.document,
    operations: row.operations,
    purpose: row.purpose,
    registeredAt: row.registered_at.getTime(),
  }
}
