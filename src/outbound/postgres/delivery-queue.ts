import type {
  ClaimedDelivery,
  Delivery,
  DeliveryFilter,
  DeliveryQueue,
  DeliveryReason,
  DeliveryState,
  Settlement,
} from '../../domain/delivery/delivery-queue.ts'
import type { ConsentNeed, MessageKind, OutboxMessage } from '../../domain/delivery/outbox.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database } from './database.ts'

const COLUMNS =
  'd.id, d.client_id, d.kind, d.state, d.reason, d.attempts, d.created_at, d.next_at, d.settled_at'

/** Rows that another gateway is claiming are passed over, so gateways never wait for each other. */
const CLAIM = `
  WITH due AS (
    SELECT id, client_id FROM delivery WHERE state = 'waiting' AND next_at <= $1::timestamptz
    ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ), d AS (
    UPDATE delivery SET attempts = attempts + 1, next_at = $3::timestamptz
    FROM due WHERE delivery.id = due.id AND delivery.client_id = due.client_id
    RETURNING delivery.*
  )
  SELECT ${COLUMNS}, d.sealed, d.subject_id, d.needs, d.fields, c.audience, e.url, e.disabled_at, e.secret,
    e.previous_secret, e.previous_until
  FROM d LEFT JOIN client c ON c.id = d.client_id AND c.disabled_at IS NULL
    LEFT JOIN delivery_endpoint e ON e.client_id = c.id`

/** The endpoints that would take what nobody took; then the row that said so goes. */
const READDRESS = `
  WITH nobodys AS (
    SELECT * FROM delivery WHERE id = $1 AND client_id = '' AND sealed IS NOT NULL
  ), readdressed AS (
    INSERT INTO delivery (id, client_id, kind, audience, is_callback, subject_id, needs, fields, sealed, state, attempts,
      created_at, next_at)
    SELECT n.id, e.client_id, n.kind, n.audience, false, n.subject_id, n.needs, n.fields, n.sealed, 'waiting', 0,
      n.created_at, $2::timestamptz
    FROM nobodys n JOIN delivery_endpoint e ON n.kind = ANY (e.kinds) AND e.disabled_at IS NULL
      JOIN client c ON c.id = e.client_id AND c.disabled_at IS NULL AND (n.audience IS NULL OR c.audience = n.audience)
    ON CONFLICT (id, client_id) DO NOTHING RETURNING id
  ), gone AS (
    DELETE FROM delivery WHERE client_id = '' AND id IN (SELECT id FROM readdressed)
  )
  SELECT id FROM readdressed`

export class PostgresDeliveryQueue implements DeliveryQueue {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async claim(
    now: Instant,
    limit: number,
    leaseUntil: Instant,
  ): Promise<readonly ClaimedDelivery[]> {
    const rows = await this.#database.query<ClaimedRow>(
      CLAIM,
      [isoInstant(now), limit, isoInstant(leaseUntil)],
      'delivery-claim',
    )
    return rows.map(claimedOf)
  }

  async settle(
    { id, clientId, attempts }: ClaimedDelivery,
    settlement: Settlement,
    now: Instant,
  ): Promise<void> {
    const { state } = settlement
    const waits = state === 'waiting'
    await this.#database.query(
      `UPDATE delivery SET state = $4, reason = $5, next_at = coalesce($6::timestamptz, next_at),
         settled_at = $7::timestamptz, sealed = CASE WHEN $4 IN ('delivered', 'dropped') THEN NULL ELSE sealed END
       WHERE id = $1 AND client_id = $2 AND attempts = $3 AND state = 'waiting'`,
      [
        id,
        clientId,
        attempts,
        state,
        'reason' in settlement ? settlement.reason : null,
        waits ? isoInstant(settlement.nextAt) : null,
        waits ? null : isoInstant(now),
      ],
      'delivery-settle',
    )
  }

  async list({ state, limit }: DeliveryFilter): Promise<readonly Delivery[]> {
    const rows = await this.#database.query<DeliveryRow>(
      `SELECT ${COLUMNS} FROM delivery d WHERE $1::text IS NULL OR d.state = $1
       ORDER BY d.created_at DESC, d.id, d.client_id LIMIT $2`,
      [state, limit],
      'delivery-list',
    )
    return rows.map(deliveryOf)
  }

  async find(id: string): Promise<readonly Delivery[]> {
    const rows = await this.#database.query<DeliveryRow>(
      `SELECT ${COLUMNS} FROM delivery d WHERE d.id = $1::uuid ORDER BY d.client_id`,
      [id],
      'delivery-find',
    )
    return rows.map(deliveryOf)
  }

  async replay(id: string, now: Instant): Promise<number> {
    return await this.#database.transaction(async (queryable) => {
      const at = isoInstant(now)
      const readdressed = await queryable.query(READDRESS, [id, at], 'delivery-readdress')
      const again = await queryable.query(
        `UPDATE delivery SET state = 'waiting', reason = NULL, attempts = 0, next_at = $2::timestamptz, settled_at = NULL
         WHERE id = $1::uuid AND client_id <> '' AND state = 'dead' RETURNING id`,
        [id, at],
        'delivery-replay',
      )
      return readdressed.length + again.length
    })
  }

  async count(): Promise<ReadonlyMap<DeliveryState, number>> {
    const rows = await this.#database.query<{ state: DeliveryState; count: string }>(
      'SELECT state, count(*) AS count FROM delivery GROUP BY state',
      [],
      'delivery-count',
    )
    return new Map(rows.map(({ state, count }) => [state, Number(count)]))
  }

  async discardSettledBefore(instant: Instant): Promise<number> {
    const rows = await this.#database.query(
      'DELETE FROM delivery WHERE settled_at < $1::timestamptz RETURNING id',
      [isoInstant(instant)],
      'delivery-discard',
    )
    return rows.length
  }
}

interface DeliveryRow {
  id: string
  client_id: string
  kind: MessageKind
  state: DeliveryState
  reason: DeliveryReason | null
  attempts: number
  created_at: Date
  next_at: Date
  settled_at: Date | null
}

interface ClaimedRow extends DeliveryRow {
  sealed: Buffer
  subject_id: string | null
  needs: ConsentNeed | null
  fields: OutboxMessage['fields']
  audience: string | null
  url: string | null
  disabled_at: Date | null
  secret: Buffer
  previous_secret: Buffer | null
  previous_until: Date | null
}

function deliveryOf(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    clientId: row.client_id,
    kind: row.kind,
    state: row.state,
    reason: row.reason,
    attempts: row.attempts,
    createdAt: row.created_at.getTime(),
    nextAt: row.next_at.getTime(),
    settledAt: row.settled_at?.getTime() ?? null,
  }
}

function claimedOf(row: ClaimedRow): ClaimedDelivery {
  const { url, previous_secret: previous, previous_until: until } = row
  return {
    ...deliveryOf(row),
    sealed: row.sealed,
    subject: row.subject_id,
    needs: row.needs,
    fields: row.fields,
    audience: row.audience,
    endpoint:
      url === null
        ? null
        : {
            url,
            disabledAt: row.disabled_at?.getTime() ?? null,
            secret: row.secret,
            previous: previous && until ? { secret: previous, until: until.getTime() } : null,
          },
  }
}
