import {
  type Client,
  type ClientStore,
  isClientId,
  type Scope,
  type StoredToken,
} from '../../domain/access/principal.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database, Queryable } from './database.ts'

const CLIENT_COLUMNS = `c.id, c.name, c.roles, c.audience, c.scopes, c.purposes, c.default_purpose, c.categories,
  c.segments, c.write_key, c.lookups_per_day, c.requests_per_minute, c.cost_per_minute, c.origins, c.adhoc, c.secret_hash, c.disabled_at`

export class PostgresClientStore implements ClientStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async find(id: string): Promise<(Client & { readonly secretHash: string | null }) | null> {
    // PostgreSQL refuses text with a NUL, and whoever makes errors at will fills the log.
    if (!isClientId(id)) return null
    const [row] = await this.#database.query<ClientRow>(
      `SELECT ${CLIENT_COLUMNS} FROM client c WHERE c.id = $1`,
      [id],
      'client-find',
    )
    return row ? { ...clientOf(row), secretHash: row.secret_hash } : null
  }

  async add(client: Client, secretHash: string | null, key: StoredToken): Promise<boolean> {
    return await this.#database.transaction(async (queryable) => {
      const added = await queryable.query(
        `INSERT INTO client (id, name, roles, audience, scopes, purposes, default_purpose, categories, segments, write_key,
         lookups_per_day, adhoc, secret_hash, created_at, disabled_at, requests_per_minute, cost_per_minute, origins)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now(), $14, $15, $16, $17)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
        [
          client.id,
          client.name,
          client.roles,
          client.audience,
          client.scopes,
          client.purposes,
          client.defaultPurpose,
          client.categories,
          client.segments,
          client.writeKey,
          client.lookupsPerDay,
          client.adhoc,
          secretHash,
          stored(client.disabledAt),
          client.requestsPerMinute,
          client.costPerMinute,
          client.origins,
        ],
        'client-add',
      )
      if (added.length === 0) return false
      await addKey(queryable, key)
      return true
    })
  }

  async renew(key: StoredToken, secretHash: string | null): Promise<boolean> {
    return await this.#database.transaction(async (queryable) => {
      // Locks the row: whoever revokes or rotates meanwhile does so before all of this, or after it.
      const renewed = await queryable.query(
        `UPDATE client SET secret_hash = coalesce($2, secret_hash) WHERE id = $1 AND disabled_at IS NULL
         RETURNING id`,
        [key.clientId, secretHash],
        'client-renew',
      )
      if (renewed.length === 0) return false
      await endTokens(queryable, key.clientId, key.createdAt)
      await addKey(queryable, key)
      return true
    })
  }

  async disable(id: string, at: Instant): Promise<boolean> {
    return await this.#database.transaction(async (queryable) => {
      const disabled = await queryable.query(
        'UPDATE client SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL RETURNING id',
        [id, stored(at)],
        'client-disable',
      )
      if (disabled.length === 0) return false
      await endTokens(queryable, id, at)
      return true
    })
  }

  async replaceSecretHash(id: string, from: string, to: string): Promise<void> {
    await this.#database.query(
      'UPDATE client SET secret_hash = $3 WHERE id = $1 AND secret_hash = $2',
      [id, from, to],
      'client-rehash',
    )
  }

  async list(): Promise<readonly Client[]> {
    const rows = await this.#database.query<ClientRow>(
      `SELECT ${CLIENT_COLUMNS} FROM client c ORDER BY c.created_at, c.id`,
      [],
      'client-list',
    )
    return rows.map(clientOf)
  }

  async findToken(hash: Uint8Array): Promise<{ token: StoredToken; client: Client } | null> {
    const [row] = await this.#database.query<TokenRow & ClientRow>(
      `SELECT t.id AS token_id, t.hash, t.client_id, t.created_at AS token_created_at, t.expires_at, t.revoked_at,
         ${CLIENT_COLUMNS}
       FROM access_token t JOIN client c ON c.id = t.client_id WHERE t.hash = $1`,
      [hash],
      'token-find',
    )
    return row ? { token: tokenOf(row), client: clientOf(row) } : null
  }

  /** Tokens that are not stored (signed ones) can be revoked too; false when it was revoked before. */
  async revokeToken(id: string, at: Instant): Promise<boolean> {
    const rows = await this.#database.query(
      `WITH known AS (
         UPDATE access_token SET revoked_at = $2::timestamptz WHERE id = $1 AND revoked_at IS NULL
       )
       INSERT INTO revoked_token (id, revoked_at) VALUES ($1, $2::timestamptz)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [id, stored(at)],
      'token-revoke',
    )
    return rows.length > 0
  }

  async isRevoked(tokenId: string): Promise<boolean> {
    const [row] = await this.#database.query<{ revoked: boolean }>(
      `SELECT EXISTS (SELECT FROM revoked_token WHERE id = $1)
           OR EXISTS (SELECT FROM access_token WHERE id = $1 AND revoked_at IS NOT NULL) AS revoked`,
      [tokenId],
      'token-is-revoked',
    )
    return row?.revoked ?? true
  }

  async spendLookup(clientId: string, day: string, budget: number): Promise<boolean> {
    const rows = await this.#database.query(
      `INSERT INTO lookup_budget (client_id, day, used) SELECT $1, $2, 1 WHERE $3::int > 0
       ON CONFLICT (client_id, day) DO UPDATE SET used = lookup_budget.used + 1 WHERE lookup_budget.used < $3
       RETURNING used`,
      [clientId, day, budget],
      'lookup-spend',
    )
    return rows.length > 0
  }

  async countUse(clientId: string, what: string, day: string): Promise<number> {
    const [row] = await this.#database.query<{ used: number }>(
      `INSERT INTO daily_use (client_id, what, day, used) VALUES ($1, $2, $3, 1)
       ON CONFLICT (client_id, what, day) DO UPDATE SET used = daily_use.used + 1
       RETURNING used`,
      [clientId, what, day],
      'use-count',
    )
    return row?.used ?? 0
  }

  async usesOf(clientId: string, what: string, day: string): Promise<number> {
    const [row] = await this.#database.query<{ used: number }>(
      'SELECT used FROM daily_use WHERE client_id = $1 AND what = $2 AND day = $3',
      [clientId, what, day],
      'uses-of',
    )
    return row?.used ?? 0
  }
}

async function addKey(queryable: Queryable, key: StoredToken): Promise<void> {
  await queryable.query(
    `INSERT INTO access_token (id, hash, client_id, created_at, expires_at, revoked_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      key.id,
      key.hash,
      key.clientId,
      stored(key.createdAt),
      stored(key.expiresAt),
      stored(key.revokedAt),
    ],
    'token-add',
  )
}

async function endTokens(queryable: Queryable, clientId: string, at: Instant): Promise<void> {
  await queryable.query(
    'UPDATE access_token SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL',
    [clientId, stored(at)],
    'token-end-all',
  )
}

interface ClientRow {
  id: string
  name: string
  roles: string[]
  audience: string
  scopes: string[]
  purposes: string[]
  default_purpose: string | null
  categories: string[] | null
  segments: string[] | null
  write_key: 'public' | 'server' | null
  lookups_per_day: number | null
  requests_per_minute: number | null
  cost_per_minute: number | null
  origins: string[]
  adhoc: boolean
  secret_hash: string | null
  disabled_at: Date | null
}

function clientOf(row: ClientRow): Client {
  return {
    id: row.id,
    name: row.name,
    roles: row.roles,
    audience: row.audience,
    scopes: row.scopes as Scope[],
    purposes: row.purposes,
    defaultPurpose: row.default_purpose,
    categories: row.categories,
    segments: row.segments,
    writeKey: row.write_key,
    lookupsPerDay: row.lookups_per_day,
    requestsPerMinute: row.requests_per_minute,
    costPerMinute: row.cost_per_minute,
    origins: row.origins,
    adhoc: row.adhoc,
    disabledAt: row.disabled_at?.getTime() ?? null,
  }
}

interface TokenRow {
  token_id: string
  hash: Buffer
  client_id: string
  token_created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
}

function tokenOf(row: TokenRow): StoredToken {
  return {
    id: row.token_id,
    hash: row.hash,
    clientId: row.client_id,
    createdAt: row.token_created_at.getTime(),
    expiresAt: row.expires_at?.getTime() ?? null,
    revokedAt: row.revoked_at?.getTime() ?? null,
  }
}

function stored(instant: Instant | null): string | null {
  return instant === null ? null : isoInstant(instant)
}
