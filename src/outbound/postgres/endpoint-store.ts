import type {
  Endpoint,
  EndpointSecrets,
  EndpointStore,
} from '../../domain/delivery/endpoint-store.ts'
import type { MessageKind } from '../../domain/delivery/outbox.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database } from './database.ts'

const COLUMNS =
  'client_id, url, kinds, secret, previous_secret, previous_until, created_at, disabled_at'

export class PostgresEndpointStore implements EndpointStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async find(clientId: string): Promise<(Endpoint & EndpointSecrets) | null> {
    const [row] = await this.#database.query<EndpointRow>(
      `SELECT ${COLUMNS} FROM delivery_endpoint WHERE client_id = $1`,
      [clientId],
      'endpoint-find',
    )
    if (!row) return null
    const { secret, previous_secret: previous, previous_until: until } = row
    return {
      ...endpointOf(row),
      secret,
      previous: previous && until ? { secret: previous, until: until.getTime() } : null,
    }
  }

  async save(endpoint: Endpoint & EndpointSecrets): Promise<void> {
    const { clientId, url, kinds, secret, previous, createdAt, disabledAt } = endpoint
    await this.#database.query(
      `INSERT INTO delivery_endpoint (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (client_id) DO UPDATE SET url = excluded.url, kinds = excluded.kinds, secret = excluded.secret,
         previous_secret = excluded.previous_secret, previous_until = excluded.previous_until,
         disabled_at = excluded.disabled_at`,
      [
        clientId,
        url,
        kinds,
        secret,
        previous?.secret ?? null,
        stored(previous?.until ?? null),
        stored(createdAt),
        stored(disabledAt),
      ],
      'endpoint-save',
    )
  }

  async list(): Promise<readonly Endpoint[]> {
    const rows = await this.#database.query<EndpointRow>(
      `SELECT ${COLUMNS} FROM delivery_endpoint ORDER BY client_id`,
      [],
      'endpoint-list',
    )
    return rows.map(endpointOf)
  }

  async remove(clientId: string): Promise<boolean> {
    const rows = await this.#database.query(
      'DELETE FROM delivery_endpoint WHERE client_id = $1 RETURNING client_id',
      [clientId],
      'endpoint-remove',
    )
    return rows.length > 0
  }

  async disable(clientId: string, at: Instant): Promise<void> {
    await this.#database.query(
      'UPDATE delivery_endpoint SET disabled_at = $2::timestamptz WHERE client_id = $1 AND disabled_at IS NULL',
      [clientId, stored(at)],
      'endpoint-disable',
    )
  }
}

interface EndpointRow {
  client_id: string
  url: string
  kinds: MessageKind[]
  secret: Buffer
  previous_secret: Buffer | null
  previous_until: Date | null
  created_at: Date
  disabled_at: Date | null
}

function endpointOf(row: EndpointRow): Endpoint {
  return {
    clientId: row.client_id,
    url: row.url,
    kinds: row.kinds,
    createdAt: row.created_at.getTime(),
    disabledAt: row.disabled_at?.getTime() ?? null,
  }
}

function stored(instant: Instant | null): string | null {
  return instant === null ? null : isoInstant(instant)
}
