import type { Database, Queryable } from './database.ts'

/** Whoever fills the index holds this advisory lock, in whichever gateway. */
const INDEX_LOCK = 4_208_338
/** Entries per transaction: short enough that the one session of the embedded server is soon free again. */
const PAGE = 1_000
/** Marks leaves that are no JSON object; they stay in the trail and are not found. */
export const UNREADABLE = 'unreadable'

/** Fills audit_index and audit_subject from the trail. Both are derived: dropped, they grow again. */
export class AuditIndexer {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Indexes everything appended before the call, waiting for another gateway that is at it. */
  async catchUp(): Promise<void> {
    while ((await this.#behind()) && (await this.#indexPage('SELECT pg_advisory_xact_lock($1)')));
  }

  /** Indexes what is there, unless another gateway is at it. */
  async advance(): Promise<void> {
    while (
      (await this.#behind()) &&
      (await this.#indexPage('SELECT pg_try_advisory_xact_lock($1) AS locked'))
    );
  }

  async #behind(): Promise<boolean> {
    const [row] = await this.#database.query<{ behind: boolean }>(
      `SELECT size > coalesce((SELECT max(log_index) FROM audit_index), -1) + 1 AS behind FROM audit_head`,
      [],
      'audit-index-behind',
    )
    return row?.behind ?? false
  }

  /** False when there is nothing left to do here: all indexed, or another gateway works. */
  async #indexPage(lock: string): Promise<boolean> {
    return await this.#database.transaction(async (queryable) => {
      const [row] = await queryable.query<{ locked?: boolean }>(lock, [INDEX_LOCK])
      if (row?.locked === false) return false
      const leaves = await queryable.query<{ log_index: string; leaf: Buffer }>(
        `SELECT log_index, leaf FROM audit_entry
         WHERE log_index > coalesce((SELECT max(log_index) FROM audit_index), -1) ORDER BY log_index LIMIT ${PAGE}`,
      )
      await store(queryable, leaves)
      return leaves.length === PAGE
    })
  }
}

async function store(
  queryable: Queryable,
  leaves: readonly { log_index: string; leaf: Buffer }[],
): Promise<void> {
  const rows = leaves.map(({ log_index, leaf }) => ({ log_index, ...derive(leaf) }))
  await queryable.query(
    `INSERT INTO audit_index (log_index, time, request_id, client_id, audience, purpose, outcome, phase)
     SELECT log_index, to_timestamp(time / 1000.0), request_id, client_id, audience, purpose, outcome, phase
     FROM unnest($1::bigint[], $2::float8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
       AS entry (log_index, time, request_id, client_id, audience, purpose, outcome, phase)`,
    [
      rows.map((row) => row.log_index),
      rows.map((row) => row.time),
      rows.map((row) => row.requestId),
      rows.map((row) => row.clientId),
      rows.map((row) => row.audience),
      rows.map((row) => row.purpose),
      rows.map((row) => row.outcome),
      rows.map((row) => row.phase),
    ],
  )
  const subjects = rows.flatMap(({ log_index, refs }) => refs.map((ref) => ({ log_index, ref })))
  await queryable.query(
    `INSERT INTO audit_subject (ref, log_index) SELECT * FROM unnest($1::text[], $2::bigint[])
     ON CONFLICT DO NOTHING`,
    [subjects.map(({ ref }) => ref), subjects.map(({ log_index }) => log_index)],
  )
}

/** The trail outlives the code that wrote it: whatever a leaf holds, it gets a row, or indexing would stop there. */
function derive(leaf: Buffer) {
  const entry = parse(leaf)
  const actor = record(entry?.actor)
  return {
    time: instant(entry?.time),
    requestId: text(entry?.requestId) ?? '',
    clientId: text(actor.clientId) ?? '',
    audience: text(entry?.audience) ?? '',
    purpose: text(entry?.purpose),
    outcome: text(entry?.outcome) ?? '',
    phase: entry ? (text(entry.phase) ?? '') : UNREADABLE,
    refs: refsOf(entry?.subjects),
  }
}

function parse(leaf: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(leaf.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** PostgreSQL's text holds no zero character. */
function text(value: unknown): string | null {
  return typeof value === 'string' ? value.replaceAll('\0', '') : null
}

const LATEST = Date.UTC(9999, 11, 31)

function instant(value: unknown): number {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return parsed >= 0 && parsed <= LATEST ? parsed : 0
}

function refsOf(subjects: unknown): string[] {
  if (!Array.isArray(subjects)) return []
  return subjects.flatMap((subject) => text(record(subject).ref) ?? [])
}
