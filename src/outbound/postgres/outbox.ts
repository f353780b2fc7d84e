import type { Outbox, SealedMessage } from '../../domain/delivery/outbox.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Database, Queryable } from './database.ts'

/** Endpoints of a message, or one row without a client, which is undeliverable. */
const PUT = `
  INSERT INTO delivery (id, client_id, kind, audience, is_callback, subject_id, needs, fields, sealed, state, reason,
    attempts, created_at, next_at, settled_at)
  SELECT $1::uuid, coalesce(t.client_id, ''), $2::text, $3::text, $4::text IS NOT NULL, $5::uuid, $6::jsonb, $7::jsonb,
    $8::bytea, CASE WHEN t.client_id IS NULL THEN 'dead' ELSE 'waiting' END,
    CASE WHEN t.client_id IS NULL THEN 'no_endpoint' END, 0, $9::timestamptz, $9::timestamptz,
    CASE WHEN t.client_id IS NULL THEN $9::timestamptz END
  FROM (SELECT) one LEFT JOIN (
    SELECT $4::text AS client_id WHERE $4::text IS NOT NULL
    UNION ALL
    SELECT e.client_id FROM delivery_endpoint e JOIN client c ON c.id = e.client_id
    WHERE $4::text IS NULL AND e.disabled_at IS NULL AND c.disabled_at IS NULL AND $2::text = ANY (e.kinds)
      AND ($3::text IS NULL OR c.audience = $3::text)
  ) t ON true
  ON CONFLICT (id, client_id) DO NOTHING`

/** Writes messages where the change is written that they tell of: give it the transaction's queryable. */
export async function writeOutbox(
  on: Queryable,
  messages: readonly SealedMessage[],
): Promise<void> {
  for (const message of messages)
    await on.query(
      PUT,
      [
        message.id,
        message.kind,
        message.audience,
        message.callbackOf,
        message.subject,
        message.needs === null ? null : JSON.stringify(message.needs),
        JSON.stringify(message.fields),
        message.sealed,
        isoInstant(message.at),
      ],
      'outbox-put',
    )
}

/** Removes what still holds data of people, and returns how many messages that were. */
export async function forgetOutbox(on: Queryable, subjects: readonly SubjectId[]): Promise<number> {
  const rows = await on.query(
    'DELETE FROM delivery WHERE subject_id = ANY ($1::uuid[]) RETURNING id',
    [subjects],
    'outbox-forget',
  )
  return rows.length
}

export class PostgresOutbox implements Outbox {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async put(messages: readonly SealedMessage[]): Promise<void> {
    await this.#database.transaction(async (queryable) => await writeOutbox(queryable, messages))
  }

  async forget(subjects: readonly SubjectId[]): Promise<number> {
    return await forgetOutbox(this.#database, subjects)
  }
}
