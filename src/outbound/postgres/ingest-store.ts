import type { SealedMessage } from '../../domain/delivery/outbox.ts'
import type { Batch, BatchKind, IngestCounts } from '../../domain/profiles/batch.ts'
import type {
  BatchOrigin,
  ChunkIds,
  IngestStore,
  IngestTransaction,
  KnownIds,
  QuarantinedRow,
  StoredConsent,
  StoredEvent,
  StoredItem,
  StoredRecord,
} from '../../domain/profiles/ingest-store.ts'
import type {
  IndexedIdentifier,
  KnownIdentifier,
  Resolution,
  RootSubject,
} from '../../domain/profiles/resolution.ts'
import type { HeldRequest } from '../../domain/profiles/subject-request-store.ts'
import type { Tally } from '../../domain/profiles/tally.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import { ChangedHomes } from './changed-homes.ts'
import type { Database, Queryable } from './database.ts'
import { saveEvents } from './ingest-events.ts'
import { knownIdentifiers, lockPeople, saveIdentities } from './ingest-identities.ts'
import { LostRace } from './ingest-race.ts'
import { knownIds, saveConsents, saveItems, saveQuarantine, saveRecords } from './ingest-rows.ts'
import { takeBack } from './ingest-undo.ts'
import { writeOutbox } from './outbox.ts'
import type { PreparedRebuild, ProfileRebuild, RebuildScope } from './profile-rebuild.ts'
import { insertRequest, saveParts } from './subject-request-rows.ts'
import { suppressedAmong } from './suppressions.ts'

/** Losing a race this often in a row means that something else is wrong. */
const ATTEMPTS = 8
/** Serialization failure, deadlock, unique violation: another gateway was faster. */
const RACES: ReadonlySet<unknown> = new Set(['40001', '40P01', '23505'])

export class PostgresIngestStore implements IngestStore {
  readonly #database: Database
  readonly #rebuild: ProfileRebuild

  constructor(database: Database, rebuild: ProfileRebuild) {
    this.#database = database
    this.#rebuild = rebuild
  }

  async transaction<T>(work: (transaction: IngestTransaction) => Promise<T>): Promise<T> {
    // Asked before the transaction begins: on the embedded server there is no second session to ask.
    const prepared = await this.#rebuild.prepare()
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#database.transaction((queryable) =>
          work(new PostgresIngestTransaction(queryable, this.#rebuild, prepared)),
        )
      } catch (error) {
        if (!isLostRace(error)) throw error
        if (attempt === ATTEMPTS)
          throw new Refusal('CONFLICT', 'Others keep changing the same people; try again.', {
            cause: error,
          })
      }
    }
  }

  async openBatch(request: {
    readonly id: string
    readonly source: string
    readonly kind: BatchKind
    readonly fingerprint: string
    readonly now: Instant
  }): Promise<Batch> {
    const { id, source, kind, fingerprint, now } = request
    return await this.#database.transaction(async (queryable) => {
      // Two processes that open the same file at once must find the same batch.
      await queryable.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [fingerprint])
      const [open] = await queryable.query<BatchRow>(
        `SELECT ${BATCH_COLUMNS} FROM batch
         WHERE fingerprint = $1 AND source = $2 AND kind = $3 AND state <> 'undone'`,
        [fingerprint, source, kind],
      )
      if (open) return batchOf(open)
      const rows = await queryable.query<BatchRow>(
        `INSERT INTO batch (id, source, kind, fingerprint, state, started_at)
         VALUES ($1, $2, $3, $4, 'running', $5) RETURNING ${BATCH_COLUMNS}`,
        [id, source, kind, fingerprint, isoInstant(now)],
      )
      return onlyBatch(rows)
    })
  }

  async finishBatch(id: string, now: Instant): Promise<Batch> {
    const rows = await this.#database.query<BatchRow>(
      `UPDATE batch SET state = CASE WHEN state = 'running' THEN 'finished' ELSE state END,
         finished_at = coalesce(finished_at, $2)
       WHERE id = $1 RETURNING ${BATCH_COLUMNS}`,
      [id, isoInstant(now)],
    )
    // The embedded server has no autovacuum: without statistics, a rule over event windows takes a hundred times as
    // long. Documents are not searched by their content, and reading them is most of what it would cost.
    await this.#database.query(
      `ANALYZE read_model (subject_id, kind, consent_id, consent_until, memberships_until, segment_keys),
         event (source, message_id, home_id, batch_id, name, occurred_at, item_id), subject, identifier,
         item (id, category, batch_id)`,
    )
    return onlyBatch(rows)
  }

  async batches(): Promise<readonly Batch[]> {
    const rows = await this.#database.query<BatchRow>(
      `SELECT ${BATCH_COLUMNS} FROM batch ORDER BY started_at DESC, id DESC`,
    )
    return rows.map(batchOf)
  }
}

function isLostRace(error: unknown): boolean {
  return (
    error instanceof LostRace ||
    (error instanceof Error && 'code' in error && RACES.has(error.code))
  )
}

class PostgresIngestTransaction implements IngestTransaction {
  readonly #queryable: Queryable
  readonly #rebuild: ProfileRebuild
  readonly #tallies = new Map<SubjectId, Tally>()
  readonly #changed = new ChangedHomes()
  readonly #scope: Omit<RebuildScope, 'now'>

  constructor(tx: Queryable, rebuild: ProfileRebuild, prepared: PreparedRebuild) {
    this.#queryable = tx
    this.#rebuild = rebuild
    this.#scope = {
      tx,
      prepared,
      vault: rebuild.newVault(),
      tallies: this.#tallies,
      countersOnly: (home) => this.#changed.countersOnly(home),
    }
  }

  async lockBatch(id: string): Promise<Batch> {
    const rows = await this.#queryable.query<BatchRow>(
      `SELECT ${BATCH_COLUMNS} FROM batch WHERE id = $1 FOR UPDATE`,
      [id],
    )
    return onlyBatch(rows)
  }

  async knownIds(source: string, ids: ChunkIds): Promise<KnownIds> {
    const known = await knownIds(this.#queryable, source, ids)
    for (const { homes } of known.records.values()) this.#changed.recomposed(homes)
    return known
  }

  knownIdentifiers(identifiers: readonly IndexedIdentifier[]): Promise<KnownIdentifier[]> {
    return knownIdentifiers(this.#queryable, identifiers)
  }

  suppressed(hashes: readonly Uint8Array[]): Promise<ReadonlySet<string>> {
    return suppressedAmong(this.#queryable, hashes)
  }

  lockPeople(homes: Iterable<SubjectId>): Promise<ReadonlyMap<SubjectId, RootSubject>> {
    return lockPeople(this.#queryable, homes)
  }

  saveIdentities(origin: BatchOrigin, resolution: Resolution, now: Instant): Promise<void> {
    this.#changed.resolved(resolution)
    return saveIdentities(this.#queryable, origin, resolution, now)
  }

  saveRecords(origin: BatchOrigin, records: readonly StoredRecord[]): Promise<void> {
    this.#changed.recomposed(records.map(({ home }) => home))
    for (const { sealed, vault } of records)
      for (const [category, values] of vault)
        this.#scope.vault.remember(sealed[category] ?? '', values)
    return saveRecords(this.#queryable, origin, records)
  }

  async saveEvents(origin: BatchOrigin, events: readonly StoredEvent[]): Promise<void> {
    const tallies = await saveEvents(this.#queryable, origin, events)
    this.#changed.counted(tallies.keys())
    for (const [home, tally] of tallies) this.#tallies.set(home, tally)
  }

  saveConsents(origin: BatchOrigin, consents: readonly StoredConsent[]): Promise<void> {
    this.#changed.recomposed(consents.map(({ home }) => home))
    return saveConsents(this.#queryable, origin, consents)
  }

  saveItems(origin: BatchOrigin, items: readonly StoredItem[], now: Instant): Promise<void> {
    return saveItems(this.#queryable, origin, items, now)
  }

  saveQuarantine(
    origin: BatchOrigin,
    rows: readonly QuarantinedRow[],
    receivedAt: Instant,
  ): Promise<void> {
    return saveQuarantine(this.#queryable, origin, rows, receivedAt)
  }

  rebuild(homes: Iterable<SubjectId>, now: Instant): Promise<void> {
    return this.#rebuild.within({ ...this.#scope, now }, homes)
  }

  async noteMet(request: HeldRequest): Promise<void> {
    await insertRequest(this.#queryable, request)
    await saveParts(this.#queryable, { request })
  }

  tell(messages: readonly SealedMessage[]): Promise<void> {
    return writeOutbox(this.#queryable, messages)
  }

  async advance(batchId: string, counts: IngestCounts, position: number | null): Promise<void> {
    const rows = await this.#queryable.query(
      `UPDATE batch SET received = received + $2, accepted = accepted + $3, quarantined = quarantined + $4,
         duplicates = duplicates + $5, suppressed = suppressed + $6, position = coalesce($7, position)
       WHERE id = $1 AND state = 'running' RETURNING id`,
      [
        batchId,
        counts.received,
        counts.accepted,
        counts.quarantined,
        counts.duplicates,
        counts.suppressed,
        position,
      ],
    )
    if (rows.length === 0)
      throw new Refusal('CONFLICT', `Batch ${batchId} was finished or taken back meanwhile.`)
  }

  takeBack(batchId: string, now: Instant): Promise<{ homes: SubjectId[]; gone: SubjectId[] }> {
    return takeBack(this.#queryable, batchId, now)
  }
}

const BATCH_COLUMNS = `id, source, kind, fingerprint, state, position, received, accepted, quarantined,
  duplicates, suppressed, started_at, finished_at`

interface BatchRow {
  readonly id: string
  readonly source: string
  readonly kind: BatchKind
  readonly fingerprint: string
  readonly state: Batch['state']
  readonly position: string
  readonly received: string
  readonly accepted: string
  readonly quarantined: string
  readonly duplicates: string
  readonly suppressed: string
  readonly started_at: Date
  readonly finished_at: Date | null
}

function onlyBatch(rows: readonly BatchRow[]): Batch {
  const [row] = rows
  if (!row) throw new Refusal('NOT_FOUND', 'There is no batch with this id.')
  return batchOf(row)
}

function batchOf(row: BatchRow): Batch {
  const { id, source, kind, fingerprint, state } = row
  return {
    id,
    source,
    kind,
    fingerprint,
    state,
    position: Number(row.position),
    counts: {
      received: Number(row.received),
      accepted: Number(row.accepted),
      quarantined: Number(row.quarantined),
      duplicates: Number(row.duplicates),
      suppressed: Number(row.suppressed),
    },
    startedAt: row.started_at.getTime(),
    finishedAt: row.finished_at?.getTime() ?? null,
  }
}
