import type { SealedMessage } from '../../domain/delivery/outbox.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy, SourceDefinition } from '../../domain/privacy/policy.ts'
import type { Batch, BatchKind, IngestCounts } from '../../domain/profiles/batch.ts'
import { identifierKinds } from '../../domain/profiles/identifier.ts'
import type {
  BatchOrigin,
  IngestStore,
  IngestTransaction,
} from '../../domain/profiles/ingest-store.ts'
import type { HeldRequest } from '../../domain/profiles/subject-request-store.ts'
import { RECTIFICATION } from '../../domain/profiles/survivorship.ts'
import { isUuid, type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, type Instant, isoInstant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Reserve } from '../scope/reserve.ts'
import { countsOf, openPosition } from './batch-progress.ts'
import { writeChunk } from './chunk.ts'
import { mapInTurns, type Pause } from './in-turns.ts'
import { namedInRefused } from './quarantined-row.ts'
import { type IngestRow, type ReadRow, readRow } from './read-row.ts'
import type { ReadingContext } from './reading.ts'
import { type Refused, setAside } from './set-aside.ts'

export interface Rejection {
  readonly rowNumber: number
  /** In words that repeat nothing of the row. */
  readonly reasons: readonly string[]
}

/** What became of the rows of one call. */
export interface Accepted {
  readonly counts: IngestCounts
  readonly rejected: readonly Rejection[]
  /** By row: the person or visitor it belongs to now; null for items and for what was not taken. */
  readonly subjects: readonly (SubjectId | null)[]
}

export interface IngestOptions {
  readonly store: IngestStore
  readonly policy: Policy
  readonly keys: KeyStore
  readonly recorder: Pick<Recorder, 'recordAction'>
  readonly reserve: Pick<Reserve, 'assertRoom'>
  readonly clock: Clock
  readonly randomness: Randomness
  readonly pause: Pause
}

/** Whose word the rows of one call are. */
interface Teller {
  readonly verified: boolean
  readonly subject: SubjectId | null
  readonly entity?: string
  /** What recipients are to hear if anything is accepted. */
  readonly notices?: readonly SealedMessage[]
  /** What these rows meet, for the register of requests. */
  readonly met?: HeldRequest | null
}

/**
 * The one door through which data enters: files, SDKs, streams, connectors and mutations alike. Rows are validated,
 * normalised, deduplicated by id, matched to people, merged and composed into the read model; what is not acceptable
 * goes to quarantine with its reasons. Each call is one transaction: all of it stands, or nothing.
 */
export class Ingest {
  readonly #store: IngestStore
  readonly #policy: Policy
  readonly #keys: KeyStore
  readonly #recorder: IngestOptions['recorder']
  readonly #reserve: IngestOptions['reserve']
  readonly #clock: Clock
  readonly #randomness: Randomness
  readonly #pause: Pause
  /** Source -> the batch of the UTC day in which its single rows are counted. */
  readonly #live = new Map<string, Batch>()
  /** Batch -> the chunk of it that was given last: chunks must be written in their order. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: IngestOptions) {
    const { store, policy, keys, recorder, reserve, clock, randomness, pause } = options
    this.#store = store
    this.#policy = policy
    this.#keys = keys
    this.#recorder = recorder
    this.#reserve = reserve
    this.#clock = clock
    this.#randomness = randomness
    this.#pause = pause
  }

  /** Words that rows may use: other traits are kept, sealed, and told to nobody; other sources are refused. */
  get vocabulary(): {
    readonly sources: readonly string[]
    readonly traits: readonly string[]
    readonly identifiers: readonly string[]
  } {
    const { sources, traits } = this.#policy
    return {
      sources: [...sources.keys()],
      traits: [...traits.keys()],
      identifiers: identifierKinds,
    }
  }

  /**
   * Opens a batch, or goes on with the one of the same source, kind and fingerprint: a running one from its `position`; a finished one
   * is returned as it is, there is nothing left to do.
   * @throws Refusal BAD_USER_INPUT naming the known sources when this one is not among them.
   */
  async openBatch(request: {
    readonly source: string
    readonly kind: BatchKind
    readonly fingerprint: string
  }): Promise<Batch> {
    this.#sourceOf(request.source)
    this.#reserve.assertRoom()
    const batch = await this.#open(request)
    const { id, source, kind, position } = batch
    if (batch.state === 'running')
      await this.#recorder.recordAction({
        action: 'import.open',
        batch: id,
        source,
        kind,
        after: position,
      })
    return batch
  }

  /**
   * Takes one chunk of rows, numbered from 1 without gaps; rows up to the batch's position were taken before and are
   * passed over. Some hundred rows at once are fastest. The next chunk may be given while one is being written:
   * it is read meanwhile and written afterwards, or refused for the same reason as the one before it.
   * @throws Refusal CONFLICT when the batch is finished or was taken back, or when rows before these never came;
   * AUDIT_UNAVAILABLE when storage runs out: the batch can go on later.
   */
  async accept(batch: Batch, rows: readonly IngestRow[]): Promise<Accepted> {
    this.#reserve.assertRoom()
    const { verified } = this.#sourceOf(batch.source)
    const write = this.#taking(batch, rows, { verified, subject: null })
    const before = this.#turns.get(batch.id)
    const turn = (async () => {
      await before
      return await write()
    })()
    this.#turns.set(batch.id, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(batch.id) === turn) this.#turns.delete(batch.id)
    }
  }

  async finish(batch: Batch): Promise<IngestCounts> {
    const { counts } = await this.#store.finishBatch(batch.id, this.#clock.now())
    await this.#recorder.recordAction({ action: 'import.finish', batch: batch.id, ...counts })
    return counts
  }

  /**
   * Takes a batch back: its rows, identifiers and merges are gone, what it had replaced stands again, people of whom
   * nothing is left are forgotten with their keys.
   * @throws Refusal NOT_FOUND, or CONFLICT when it was taken back before.
   */
  async undo(batchId: string): Promise<Batch> {
    if (!isUuid(batchId)) throw new Refusal('BAD_USER_INPUT', 'A batch is named by its id.')
    const now = this.#clock.now()
    await this.#recorder.recordAction({ action: 'import.undo', batch: batchId })
    const { batch, gone } = await this.#store.transaction(async (tx) => {
      const batch = await tx.lockBatch(batchId)
      if (batch.state === 'undone')
        throw new Refusal('CONFLICT', `Batch ${batchId} was taken back before.`)
      const { homes, gone } = await tx.takeBack(batchId, now)
      await tx.rebuild(homes, now)
      return { batch, gone }
    })
    // Only now: had the transaction failed, their data would be there and unreadable.
    if (gone.length > 0) {
      await this.#recorder.recordAction({
        action: 'keys.destroy',
        batch: batchId,
        people: gone.length,
      })
      await this.#keys.destroy(gone)
    }
    this.#live.delete(batch.source)
    return { ...batch, state: 'undone' }
  }

  /** All batches, newest first. */
  async list(): Promise<readonly Batch[]> {
    return await this.#store.batches()
  }

  /**
   * Takes single inputs as they come: from SDKs, mutations, streams. They are counted in one batch per source and day.
   * @param options.verified whether the credentials (a server key, a sign-in) vouch for identifiers; a source that the
   * policy calls unverified stays so.
   * @param options.subject the person or visitor whom the caller acts for: what comes in is theirs.
   * @param options.entity the client that tells it, for the records of consents.
   * @param options.notices what recipients are to hear if anything of it is accepted, told in the same transaction.
   * @param options.met what the register of requests is to say if all of it was taken, in the same transaction.
   */
  async acceptLive(
    source: string,
    inputs: readonly unknown[],
    options: {
      readonly verified: boolean
      readonly subject?: SubjectId | null
      readonly entity?: string
      readonly notices?: readonly SealedMessage[]
      readonly met?: HeldRequest | null
    },
  ): Promise<Accepted> {
    const verified = source !== RECTIFICATION && this.#sourceOf(source).verified && options.verified
    const rows = inputs.map((input, index) => ({ rowNumber: index + 1, input }))
    const batch = await this.#liveBatch(source)
    try {
      const { subject = null } = options
      const teller = { ...options, verified, subject }
      return await this.#taking(batch, rows, teller)()
    } catch (error) {
      this.#live.delete(source)
      throw error
    }
  }

  async #open(request: Pick<Batch, 'source' | 'kind' | 'fingerprint'>): Promise<Batch> {
    const now = this.#clock.now()
    return await this.#store.openBatch({ ...request, id: uuidV7(now, this.#randomness), now })
  }

  async #liveBatch(source: string): Promise<Batch> {
    const fingerprint = `live:${source}:${isoInstant(this.#clock.now()).slice(0, 10)}`
    const known = this.#live.get(source)
    if (known?.fingerprint === fingerprint) return known
    const batch = await this.#open({ source, kind: 'live', fingerprint })
    this.#live.set(source, batch)
    return batch
  }

  /** Begins to read the rows; what it returns writes them. */
  #taking(batch: Batch, rows: readonly IngestRow[], teller: Teller): () => Promise<Accepted> {
    const now = this.#clock.now()
    const context: ReadingContext = {
      policy: this.#policy,
      source: batch.source,
      ...teller,
      now,
      telling: uuidV7(now, this.#randomness),
      indexKey: this.#keys.installationKey('blind-index'),
    }
    const read = (row: IngestRow): ReadOrRefused => {
      const one = readRow(row, context)
      return 'entry' in one ? { row, ...one } : { row, ...one, about: namedInRefused(row, context) }
    }
    const reading = mapInTurns(rows, read, this.#pause)
    // Whoever writes them is told; until then nobody listens.
    reading.catch(() => {})
    return async () => {
      const read = await reading
      return await this.#store.transaction((tx) => this.#write(tx, batch, read, teller, now))
    }
  }

  async #write(
    tx: IngestTransaction,
    batch: Batch,
    read: readonly ReadOrRefused[],
    teller: Teller,
    now: Instant,
  ): Promise<Accepted> {
    const live = batch.kind === 'live'
    const position = live ? 0 : await openPosition(tx, batch, read[0]?.row.rowNumber ?? 0)
    const pending = live ? read : read.filter(({ row }) => row.rowNumber > position)
    const refused = pending.flatMap((one) => ('reasons' in one ? [one] : []))
    const origin: BatchOrigin = { id: batch.id, source: batch.source }
    const good = pending.flatMap((one) => ('entry' in one ? [one] : []))
    const fates = await writeChunk(
      tx,
      good.map(({ entry }) => entry),
      {
        ...teller,
        origin,
        now,
        keys: this.#keys,
        randomness: this.#randomness,
        pause: this.#pause,
      },
    )
    const seals = { keys: this.#keys, randomness: this.#randomness }
    const quarantined = await setAside(tx, origin, refused, now, seals)
    const counts = countsOf(pending.length, quarantined, fates)
    if (counts.accepted > 0 && teller.notices) await tx.tell(teller.notices)
    const isTaken = counts.accepted + counts.duplicates === pending.length
    if (isTaken && teller.met) await tx.noteMet(teller.met)
    const last = pending.at(-1)?.row.rowNumber
    if (last !== undefined) await tx.advance(batch.id, counts, live ? null : last)
    const fateOf = new Map(good.map(({ row }, index) => [row, fates[index]]))
    return {
      counts,
      rejected: refused.map(({ row, reasons }) => ({ rowNumber: row.rowNumber, reasons })),
      subjects: read.map(({ row }) => {
        const fate = fateOf.get(row)
        return typeof fate === 'object' ? fate.subject : null
      }),
    }
  }

  #sourceOf(source: string): SourceDefinition {
    const definition = this.#policy.sources.get(source)
    if (definition) return definition
    const known = [...this.#policy.sources.keys()].join(', ')
    throw new Refusal(
      'BAD_USER_INPUT',
      `The source is not known. Known sources: ${known}. A new one is a row of sources.csv in the policy folder.`,
    )
  }
}

/** A row, and what was read of it. */
type ReadOrRefused = ({ readonly row: IngestRow } & ReadRow) | Refused
