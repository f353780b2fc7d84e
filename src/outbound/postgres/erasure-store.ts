import type {
  ErasurePlan,
  ErasureRecord,
  ErasureStore,
  PersonTraces,
} from '../../domain/profiles/erasure-store.ts'
import type { HeldRequest } from '../../domain/profiles/subject-request-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import { AuditIndexer } from './audit-indexer.ts'
import type { Database, Queryable } from './database.ts'
import { ERASURE_COLUMNS, type ErasureRowShape, erasureOf } from './erasure-record.ts'
import { removePerson, tracesOf } from './erasure-rows.ts'
import { lockPeople } from './ingest-identities.ts'
import { LostRace } from './ingest-race.ts'
import { writeOutbox } from './outbox.ts'
import { audiencesToldOf } from './recipients.ts'
import { insertRequest } from './subject-request-rows.ts'

/** Losing a race this often in a row means that somebody keeps merging the same person. */
const ATTEMPTS = 8

export class PostgresErasureStore implements ErasureStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async begin(request: {
    readonly id: string
    readonly subject: SubjectId
    readonly now: Instant
    readonly plan: (traces: PersonTraces) => ErasurePlan
    readonly met?: HeldRequest
  }): Promise<ErasureRecord | null> {
    // Recipients are found in the index.
    await new AuditIndexer(this.#database).catchUp()
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#database.transaction((tx) => begin(tx, request))
      } catch (error) {
        if (!(error instanceof LostRace) || attempt === ATTEMPTS) throw error
      }
    }
  }

  async unlist(refs: readonly string[], lookUps: readonly Uint8Array[]): Promise<void> {
    await new AuditIndexer(this.#database).catchUp()
    await this.#database.query('DELETE FROM audit_subject WHERE ref = ANY ($1::text[])', [refs])
    await this.#database.query('DELETE FROM audit_argument WHERE hmac = ANY ($1::bytea[])', [
      lookUps,
    ])
  }

  async advance(id: string, state: 'keyless' | 'stopped', now: Instant): Promise<void> {
    const isStopped = state === 'stopped'
    await this.#database.query(
      `UPDATE erasure SET state = $2, subjects = '{}', refs = CASE WHEN $3 THEN '{}' ELSE refs END,
         look_ups = CASE WHEN $3 THEN '{}' ELSE look_ups END,
         stopped_at = CASE WHEN $3 THEN $4::timestamptz ELSE stopped_at END
       WHERE id = $1 AND state = ANY ($5::text[])`,
      [id, state, isStopped, isoInstant(now), isStopped ? ['keyless'] : ['begun']],
    )
  }

  async find(id: string): Promise<ErasureRecord | null> {
    const [row] = await this.#database.query<ErasureRowShape>(`${READ} WHERE id = $1`, [id])
    return row ? erasureOf(row) : null
  }

  async unfinished(): Promise<readonly ErasureRecord[]> {
    const rows = await this.#database.query<ErasureRowShape>(
      `${READ} WHERE state IN ('begun', 'keyless') ORDER BY begun_at, id`,
    )
    return rows.map(erasureOf)
  }

  async underWay(subject: SubjectId): Promise<ErasureRecord | null> {
    const [row] = await this.#database.query<ErasureRowShape>(
      `${READ} WHERE state = 'begun' AND $1::uuid = ANY (subjects)`,
      [subject],
    )
    return row ? erasureOf(row) : null
  }

  async list(limit: number): Promise<readonly ErasureRecord[]> {
    const rows = await this.#database.query<ErasureRowShape>(
      `${READ} ORDER BY begun_at DESC, id DESC LIMIT $1`,
      [limit],
    )
    return rows.map(erasureOf)
  }

  async lift(hashes: readonly Uint8Array[]): Promise<number> {
    const [row] = await this.#database.query<{ lifted: number }>(
      `WITH lifted AS (
         DELETE FROM suppression WHERE erasure_id IN (
           SELECT erasure_id FROM suppression WHERE hash = ANY ($1::bytea[])) RETURNING 1
       ) SELECT count(*)::int AS lifted FROM lifted`,
      [hashes],
    )
    return row?.lifted ?? 0
  }
}

async function begin(
  tx: Queryable,
  { id, subject, now, plan, met }: Parameters<ErasureStore['begin']>[0],
): Promise<ErasureRecord | null> {
  const root = (await lockPeople(tx, [subject])).get(subject)?.id
  if (root === undefined) return null
  const traces = await tracesOf(tx, root)
  const planned = plan(traces)
  const at = isoInstant(now)
  await writeOutbox(tx, planned.notices(await audiencesToldOf(tx, planned.refs)))
  const removed = await removePerson(tx, traces.members, planned)
  await tx.query(
    `INSERT INTO suppression (hash, erasure_id, since)
     SELECT DISTINCT hash, $2::uuid, $3::timestamptz FROM unnest($1::bytea[]) AS hash
     ON CONFLICT (hash) DO UPDATE SET erasure_id = excluded.erasure_id, since = excluded.since`,
    [planned.suppressions, id, at],
  )
  const [row] = await tx.query<ErasureRowShape>(
    `INSERT INTO erasure (id, state, subjects, refs, look_ups, removed, begun_at)
     VALUES ($1, 'begun', $2::uuid[], $3::text[], $4::bytea[], $5, $6::timestamptz) RETURNING ${ERASURE_COLUMNS}`,
    [id, traces.members, planned.refs, planned.lookUps, JSON.stringify(removed), at],
  )
  if (met) await insertRequest(tx, met)
  // Subscribers of all gateways read again, and find nobody.
  await tx.query("INSERT INTO change (kind, subject_id) VALUES ('profile', $1)", [root])
  return row ? erasureOf(row) : null
}

const READ = `SELECT ${ERASURE_COLUMNS} FROM erasure`
