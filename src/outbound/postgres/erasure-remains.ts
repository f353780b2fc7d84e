import { setTimeout as sleep } from 'node:timers/promises'
import type { ErasureRemains } from '../../domain/profiles/erasure-remains.ts'
import type { ErasureRecord } from '../../domain/profiles/erasure-store.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Instant, isoInstant, SECOND } from '../../kernel/time.ts'
import type { Database } from './database.ts'
import { ERASURE_COLUMNS, type ErasureRowShape, erasureOf } from './erasure-record.ts'

/** Entries of the trail name nobody, stay, and are by far the most; what leads from people to them goes. */
const TABLES = `
  SELECT table_name AS name FROM information_schema.tables
  WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
    AND (table_name NOT LIKE 'audit\\_%' OR table_name IN ('audit_subject', 'audit_argument', 'audit_listed'))
  ORDER BY table_name`

/** Fitted without the person, or never fitted: a model may have been made of them as well. */
const WAITING = `state = 'stopped' AND rewritten_at IS NULL
  AND (refitted_at IS NOT NULL OR NOT EXISTS (SELECT FROM recommender_model))`

/**
 * A segment of the log is used again under a later name, which the log reaches after at most max_wal_size; the checkpoint
 * that gives it the name comes at most as late again. Only then its old bytes are overwritten for certain.
 */
const TURNED_OVER = `pg_current_wal_lsn() - log_position::pg_lsn
  > 2 * pg_size_bytes(current_setting('max_wal_size')) + pg_size_bytes(current_setting('wal_keep_size'))`

/** For half a minute. */
const LOOKS = 60
const LOOK_EVERY_MS = SECOND / 2

export class PostgresErasureRemains implements ErasureRemains {
  readonly #database: Database
  readonly #embedded: boolean

  /** @param embedded its log belongs to nobody else, so it is turned over at once instead of by what is written with time. */
  constructor(database: Database, embedded: boolean) {
    this.#database = database
    this.#embedded = embedded
  }

  async waiting(by: Instant): Promise<number> {
    const [row] = await this.#database.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM erasure WHERE ${WAITING} AND stopped_at <= $1::timestamptz`,
      [isoInstant(by)],
    )
    return row?.waiting ?? 0
  }

  async rewrite(now: () => Instant, said: (table: string) => void): Promise<number> {
    const found = await this.#database.query<{ id: string }>(
      `SELECT id FROM erasure WHERE ${WAITING}`,
    )
    if (found.length === 0) return 0
    await this.#settle()
    const tables = await this.#database.query<{ name: string }>(TABLES)
    for (const { name } of tables) {
      await this.#database.query(`VACUUM (FULL, ANALYZE) ${name}`)
      said(name)
    }
    await this.#database.query(
      `UPDATE erasure SET rewritten_at = $2::timestamptz, log_position = pg_current_wal_lsn()::text
       WHERE id = ANY ($1::uuid[])`,
      [found.map(({ id }) => id), isoInstant(now())],
    )
    if (this.#embedded) await this.#turnOver()
    return found.length
  }

  async turnedOver(): Promise<readonly ErasureRecord[]> {
    const rows = await this.#database.query<ErasureRowShape>(
      `SELECT ${ERASURE_COLUMNS} FROM erasure WHERE rewritten_at IS NOT NULL AND gone_at IS NULL
         AND ${this.#embedded ? "log_position = ''" : TURNED_OVER}
       ORDER BY begun_at, id`,
    )
    return rows.map(erasureOf)
  }

  async noteGone(id: string, now: Instant): Promise<void> {
    await this.#database.query('UPDATE erasure SET gone_at = $2::timestamptz WHERE id = $1', [
      id,
      isoInstant(now),
    ])
  }

  /**
   * Waits for transactions that may still see what was deleted: for them it would be kept.
   * @throws Refusal CONFLICT where one does not end.
   */
  async #settle(): Promise<void> {
    const [here] = await this.#database.query<{ xid: string }>(
      'SELECT pg_current_xact_id()::xid::text AS xid',
    )
    for (let look = 0; look < LOOKS; look++) {
      const [row] = await this.#database.query<{ held: boolean }>(
        `SELECT EXISTS (
           SELECT FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid() AND age(backend_xmin) > age($1::xid)
         ) OR EXISTS (SELECT FROM pg_replication_slots WHERE age(xmin) > age($1::xid)) AS held`,
        [here?.xid],
      )
      if (row?.held !== true) return
      await sleep(LOOK_EVERY_MS)
    }
    throw new Refusal(
      'CONFLICT',
      'A transaction or replication slot of the database still sees what was deleted. Nothing was rewritten; end it (pg_stat_activity, column backend_xmin) and try again.',
    )
  }

  /**
   * Switches segments until none is left that was there. Two checkpoints later all that hold old bytes have the name under
   * which they are used again; behind the last of those names they have been overwritten.
   */
  async #turnOver(): Promise<void> {
    await this.#nextSegment()
    await this.#nextSegment()
    const [last] = await this.#database.query<{ name: string }>(
      'SELECT max(name) AS name FROM pg_ls_waldir()',
    )
    while ((await this.#nextSegment()) <= (last?.name ?? '')) {}
    await this.#database.query(
      `UPDATE erasure SET log_position = '' WHERE rewritten_at IS NOT NULL AND gone_at IS NULL`,
    )
  }
  /** @returns the segment that is written now. */
  async #nextSegment(): Promise<string> {
    await this.#database.query("SELECT pg_logical_emit_message(false, 'bauta', 'turn over')")
    await this.#database.query('SELECT pg_switch_wal()')
    await this.#database.query('CHECKPOINT')
    const [row] = await this.#database.query<{ name: string }>(
      'SELECT pg_walfile_name(pg_current_wal_lsn()) AS name',
    )
    return row?.name ?? ''
  }
}
