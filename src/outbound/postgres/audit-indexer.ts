import type { Instant } from '../../kernel/time.ts'
import { addToDays } from './audit-daily.ts'
import { type Derived, derive } from './audit-derived.ts'
import { kindIdsOf } from './audit-kinds.ts'
import { PostgresAuditLeaves } from './audit-leaves.ts'
import type { Database, Queryable } from './database.ts'
import type { RecentEntries } from './recent-entries.ts'

/** Whoever fills the index holds this advisory lock, in whichever gateway. */
const INDEX_LOCK = 4_208_338
/** Entries per transaction: short enough that the one session of the embedded server is soon free again. */
const PAGE = 1_000
/** The same beside requests, which wait for the processor meanwhile: a list names twenty people or more. */
const SHORT_PAGE = 64
/** Entries behind which nothing else is considered: soon they would have to be read from the trail again. */
const FAR_BEHIND = 8_192
/** Between two looks, in milliseconds: while entries come, and while none do. */
const BUSY = 250
const IDLE = 1_000
/** Entries whose earliest and latest instants are kept as one row. */
const SPAN = 4_096

/** One entry on its way into the index. */
export interface Indexed extends Derived {
  readonly index: number
  /** Number of its kind. */
  readonly kindId: number
}

/** Fills the index from the trail. It is derived: emptied, it grows again from what retention has left. */
export class AuditIndexer {
  readonly #database: Database
  readonly #recent: RecentEntries | null

  /** @param recent what this process has just appended. */
  constructor(database: Database, recent: RecentEntries | null = null) {
    this.#database = database
    this.#recent = recent
  }

  /** Indexes everything appended before the call, waiting for another gateway that is at it. */
  async catchUp(): Promise<void> {
    for (let due = await this.#behind(); due > 0; due -= PAGE)
      await this.#indexPage('pg_advisory_xact_lock($1) IS NOT NULL', PAGE)
  }

  /**
   * Indexes some of what is there, unless another gateway is at it.
   * @returns after how many milliseconds to come again: requests have two thirds of the time for themselves, as long as
   *   the index keeps up.
   */
  async advance(): Promise<number> {
    const began = performance.now()
    const behind = await this.#behind()
    if (behind === 0) return IDLE
    const isFar = behind > FAR_BEHIND
    const left = await this.#indexPage('pg_try_advisory_xact_lock($1)', isFar ? PAGE : SHORT_PAGE)
    if (left === 0) return BUSY
    return isFar ? 0 : 2 * (performance.now() - began)
  }

  /** How many entries are not indexed. */
  async #behind(): Promise<number> {
    const [row] = await this.#database.query<{ behind: string }>(
      `SELECT size - coalesce((SELECT max(last_index) FROM audit_span), -1) - 1 AS behind FROM audit_head`,
      [],
      'audit-index-behind',
    )
    return Number(row?.behind ?? 0)
  }

  /** @returns how many entries are left; 0 too where another gateway works. */
  async #indexPage(lock: string, most: number): Promise<number> {
    return await this.#database.transaction(async (queryable) => {
      // What a crash takes from the index grows again, so nobody waits for the disk.
      const [row] = await queryable.query<{ locked: boolean }>(
        `SELECT ${lock} AS locked, set_config('synchronous_commit', 'off', true)`,
        [INDEX_LOCK],
      )
      if (!row?.locked) return 0
      const [at] = await queryable.query<{ first: string; size: string }>(
        `SELECT coalesce((SELECT max(last_index) FROM audit_span), -1) + 1 AS first, size FROM audit_head`,
      )
      const first = Number(at?.first ?? 0)
      const behind = Number(at?.size ?? 0) - first
      const count = Math.min(most, behind)
      if (count <= 0) return 0
      await this.#store(queryable, first, count)
      return behind - count
    })
  }

  async #store(queryable: Queryable, first: number, count: number): Promise<void> {
    const derived = this.#recent?.take(first, count) ?? (await read(queryable, first, count))
    const kinds = derived.map(({ kind }) => kind)
    const kindIds = await kindIdsOf(queryable, kinds)
    const entries = derived.map((one, at) => ({ ...one, kindId: kindIds[at] as number }))
    await insertEntries(queryable, entries)
    await insertSubjects(queryable, entries)
    await insertArguments(queryable, entries)
    await insertListed(queryable, entries)
    await addToDays(queryable, entries)
    await extendSpan(queryable, first, first + count - 1, entries)
  }
}

async function read(
  queryable: Queryable,
  first: number,
  count: number,
): Promise<readonly (Derived & { readonly index: number })[]> {
  const derived: (Derived & { index: number })[] = []
  for await (const page of new PostgresAuditLeaves(queryable).range(first, count))
    for (const { index, bytes } of page)
      if (bytes !== null) derived.push({ index, ...derive(bytes) })
  return derived
}

async function insertEntries(queryable: Queryable, entries: readonly Indexed[]): Promise<void> {
  await queryable.query(
    `INSERT INTO audit_index (log_index, kind, time, request_id)
     SELECT log_index, kind, to_timestamp(time / 1000.0), request_id
     FROM unnest($1::bigint[], $2::int[], $3::float8[], $4::text[]) AS entry (log_index, kind, time, request_id)`,
    [
      entries.map(({ index }) => index),
      entries.map(({ kindId }) => kindId),
      entries.map(({ time }) => time),
      entries.map(({ requestId }) => requestId),
    ],
  )
}

/** References travel as JSON: the driver would look through each of them twice for what has to be escaped in an array. */
async function insertSubjects(queryable: Queryable, entries: readonly Indexed[]): Promise<void> {
  const naming = entries.filter(({ refs }) => refs.length > 0)
  if (naming.length === 0) return
  await queryable.query(
    `INSERT INTO audit_subject (ref, log_index, kind) SELECT ref, log_index, kind
     FROM ROWS FROM (unnest($1::bigint[]), unnest($2::int[]), json_array_elements($3::json)) AS entry (log_index, kind, refs),
       json_array_elements_text(refs) AS ref`,
    [
      naming.map(({ index }) => index),
      naming.map(({ kindId }) => kindId),
      JSON.stringify(naming.map(({ refs }) => refs)),
    ],
  )
}

async function insertArguments(queryable: Queryable, entries: readonly Indexed[]): Promise<void> {
  const rows = entries.flatMap(({ index, hmacs }) => hmacs.map((hmac) => ({ index, hmac })))
  if (rows.length === 0) return
  await queryable.query(
    'INSERT INTO audit_argument (hmac, log_index) SELECT * FROM unnest($1::bytea[], $2::bigint[])',
    [rows.map(({ hmac }) => hmac), rows.map(({ index }) => index)],
  )
}

async function insertListed(queryable: Queryable, entries: readonly Indexed[]): Promise<void> {
  const rows = entries.flatMap(({ index, day, listed }) => (listed ? [{ index, day, listed }] : []))
  if (rows.length === 0) return
  await queryable.query(
    'INSERT INTO audit_listed (log_index, entry_id, day) SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::date[])',
    [
      rows.map(({ index }) => index),
      rows.map(({ listed }) => listed.entryId),
      rows.map(({ day }) => day),
    ],
  )
}

/** Where an instant lies in the log: nearly in order, but not quite, because gateways have clocks of their own. */
async function extendSpan(
  queryable: Queryable,
  first: number,
  last: number,
  entries: readonly { readonly time: Instant }[],
): Promise<void> {
  const times = entries.map(({ time }) => time)
  const [earliest, latest] = [Math.min(...times), Math.max(...times)]
  const bounds = times.length > 0 ? [earliest, latest] : [0, 0]
  const extended = await queryable.query(
    `UPDATE audit_span SET last_index = $2,
       earliest = least(earliest, to_timestamp($3::float8 / 1000)), latest = greatest(latest, to_timestamp($4::float8 / 1000))
     WHERE last_index = $1::bigint - 1 AND last_index - first_index < $5 RETURNING first_index`,
    [first, last, ...bounds, SPAN],
  )
  if (extended.length > 0) return
  await queryable.query(
    `INSERT INTO audit_span (first_index, last_index, earliest, latest)
     VALUES ($1, $2, to_timestamp($3::float8 / 1000), to_timestamp($4::float8 / 1000))`,
    [first, last, ...bounds],
  )
}
