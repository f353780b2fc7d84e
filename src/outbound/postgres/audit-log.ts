import type { AuditLeaves, TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import type {
  AuditFilter,
  AuditLeaf,
  AuditLog,
  StoredAuditEntry,
} from '../../domain/audit/audit-log.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { SECOND } from '../../kernel/time.ts'
import { appendBatch } from './audit-batch.ts'
import { AuditIndexer } from './audit-indexer.ts'
import type { AuditJournal } from './audit-journal.ts'
import { PostgresAuditLeaves } from './audit-leaves.ts'
import { complete, reconcile } from './audit-reconciliation.ts'
import { AuditSearch } from './audit-search.ts'
import type { Database, Queryable } from './database.ts'
import { RecentEntries } from './recent-entries.ts'

/** What may wait for the disk at once. Beyond it a disk that has stalled would fill the memory. */
const QUEUED_LEAVES = 10_000
const QUEUED_BYTES = 64 * 1024 * 1024
/** What one statement carries: a large batch makes everybody in it wait. */
const BATCH_LEAVES = 1_000
const BATCH_BYTES = 8 * 1024 * 1024

/** So long after a failure the trail counts as failing, unless something was appended since: who is asked nothing appends nothing. */
const FAILING_FOR = 10 * SECOND

/** Changes the store and says what that leaves on the trail; what it throws undoes it, and nothing is appended. */
type Within = (tx: Queryable) => Promise<readonly AuditLeaf[]>

/** What a `Within` has thrown: its caller's affair, and nothing is wrong with the trail. */
class Declined extends Error {}

interface Waiting {
  readonly leaves: readonly AuditLeaf[]
  /** It travels alone, so that what it throws takes nobody along. */
  readonly within?: Within
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/**
 * The trail in PostgreSQL, with group commit: what arrives while a batch is on its way travels together in the next.
 * With a journal (the embedded server, which never syncs) a batch is also on disk there before it counts.
 * `start` before the first append; `close` lets what waits finish.
 */
export class PostgresAuditLog implements AuditLog {
  readonly #database: Database
  readonly #journal: AuditJournal | null
  readonly #recent = new RecentEntries()
  readonly #indexer: AuditIndexer
  readonly #search: AuditSearch
  readonly #leaves: AuditLeaves
  readonly #log: (line: string) => void
  #waiting: Waiting[] = []
  #waitingLeaves = 0
  #waitingBytes = 0
  #writing: Promise<void> | null = null
  #batch: Promise<void> = Promise.resolve()
  /** All entries below are in the journal; of those above, the ones that this process has put there. */
  #journaledTo = 0
  readonly #journaled = new Set<number>()
  #failures = 0
  #failedAt = Number.NEGATIVE_INFINITY
  #open = false
  #timer: NodeJS.Timeout | null = null
  #indexing: Promise<void> = Promise.resolve()

  /** @param log told what start-up repaired; never what an entry holds. */
  constructor(
    database: Database,
    journal: AuditJournal | null,
    log: (line: string) => void = () => {},
  ) {
    this.#database = database
    this.#journal = journal
    this.#indexer = new AuditIndexer(database, this.#recent)
    this.#search = new AuditSearch(database)
    this.#leaves = new PostgresAuditLeaves(database)
    this.#log = log
  }

  async start(): Promise<void> {
    if (this.#journal) this.#journaledTo = await reconcile(this.#database, this.#journal, this.#log)
    else await this.#warnOfUnsafeServer()
    this.#open = true
    this.#timer = setTimeout(() => this.#index(), SECOND).unref()
  }

  async close(): Promise<void> {
    this.#open = false
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    await this.#writing
    await this.#indexing
    await this.#journal?.close()
  }

  /** Leaves that wait for the batch under way. */
  get waiting(): number {
    return this.#waitingLeaves
  }

  /** Batches that could not be made durable since the start. */
  get failures(): number {
    return this.#failures
  }

  /** Whether the last batch could not be made durable, a moment ago. */
  get failing(): boolean {
    return performance.now() - this.#failedAt < FAILING_FOR
  }

  append(leaves: readonly AuditLeaf[]): Promise<void> {
    const bytes = leaves.reduce((sum, leaf) => sum + leaf.bytes.length, 0)
    const full =
      this.#waitingLeaves + leaves.length > QUEUED_LEAVES ||
      this.#waitingBytes + bytes > QUEUED_BYTES
    if (!this.#open || full) return Promise.reject(unavailable(undefined))
    return this.#wait({ leaves, bytes })
  }

  /**
   * Appends what `within` says, in the transaction in which it changes the store: both are durable, or neither is.
   * @throws whatever `within` throws; Refusal AUDIT_UNAVAILABLE as `append`.
   */
  appendWithin(within: Within): Promise<void> {
    if (!this.#open || this.#waitingLeaves >= QUEUED_LEAVES)
      return Promise.reject(unavailable(undefined))
    return this.#wait({ leaves: [], bytes: 0, within })
  }

  async size(): Promise<number> {
    const [row] = await this.#database.query<{ size: string }>(
      'SELECT size FROM audit_head',
      [],
      'audit-size',
    )
    return Number(row?.size ?? 0)
  }

  async durableSize(): Promise<number> {
    const size = await this.size()
    if (this.#journal) await this.#journalUpTo(size, this.#journal)
    return size
  }

  async find(
    filter: AuditFilter,
    page: { limit: number; before: number | null },
  ): Promise<readonly StoredAuditEntry[]> {
    await this.#indexer.catchUp()
    const entries: StoredAuditEntry[] = []
    for (let before = page.before; ; ) {
      const limit = page.limit - entries.length
      const found = await this.#search.find(filter, { limit, before })
      entries.push(...(await this.#leaves.at(found)).flatMap(readable))
      const last = found.at(-1)
      // What retention discards between index and log leaves room for older ones.
      if (found.length < limit || last === undefined || entries.length >= page.limit) return entries
      before = last
    }
  }

  #wait(what: Omit<Waiting, 'resolve' | 'reject'>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...what, resolve, reject })
      this.#waitingLeaves += what.leaves.length
      this.#waitingBytes += what.bytes
      this.#writing ??= this.#writeAll()
    })
  }

  async #warnOfUnsafeServer(): Promise<void> {
    const [row] = await this.#database.query<{ fsync: string }>('SHOW fsync')
    if (row?.fsync === 'off')
      this.#log('PostgreSQL runs with fsync off: a power cut can take entries from the audit trail')
  }

  /** One batch at a time, so that none overtakes another. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch()
      try {
        this.#batch = this.#write(batch)
        await this.#batch
        this.#failedAt = Number.NEGATIVE_INFINITY
        for (const { resolve } of batch) resolve()
      } catch (cause) {
        if (cause instanceof Declined) {
          for (const { reject } of batch) reject(cause.cause)
          continue
        }
        this.#failures++
        this.#failedAt = performance.now()
        const refusal = unavailable(cause)
        for (const { reject } of batch) reject(refusal)
      }
    }
    this.#writing = null
  }

  #nextBatch(): Waiting[] {
    let leaves = 0
    let bytes = 0
    let count = 0
    for (const one of this.#waiting) {
      leaves += one.leaves.length
      bytes += one.bytes
      if (count > 0 && (leaves > BATCH_LEAVES || bytes > BATCH_BYTES || one.within)) break
      count++
      if (one.within) break
    }
    const batch = this.#waiting.splice(0, count)
    for (const one of batch) {
      this.#waitingLeaves -= one.leaves.length
      this.#waitingBytes -= one.bytes
    }
    return batch
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    this.#journal?.assertUsable()
    const within = batch[0]?.within
    const { first, leaves } = within
      ? await this.#appendWith(within)
      : await this.#appendTo(
          this.#database,
          batch.flatMap((one) => one.leaves),
        )
    if (leaves.length === 0) return
    this.#recent.add(first, leaves)
    if (!this.#journal) return
    await this.#journal.append(leaves.map((leaf, at) => ({ ...leaf, index: first + at })))
    for (const at of leaves.keys()) this.#journaled.add(first + at)
  }

  async #appendTo(queryable: Queryable, leaves: readonly AuditLeaf[]) {
    return { first: leaves.length === 0 ? 0 : await appendBatch(queryable, leaves), leaves }
  }

  async #appendWith(within: Within) {
    return await this.#database.transaction(async (tx) => {
      const leaves = await within(tx).catch((cause: unknown) => {
        throw new Declined('declined', { cause })
      })
      return await this.#appendTo(tx, leaves)
    })
  }

  /** Another process on the same server may have died between its commit and its journal. */
  async #journalUpTo(size: number, journal: AuditJournal): Promise<void> {
    await this.#batch.catch(() => {})
    journal.assertUsable()
    const span = { from: this.#journaledTo, to: size }
    const own = [...this.#journaled].filter((index) => index < size)
    if (own.length < size - span.from)
      await complete(this.#database, journal, this.#journaled, span)
    this.#journaledTo = Math.max(this.#journaledTo, size)
    for (const index of own) this.#journaled.delete(index)
  }

  #index(): void {
    this.#indexing = this.#indexer
      .advance()
      // The next second tries again, and `find` says so when the index can't be filled.
      .catch(() => SECOND)
      .then((wait) => {
        if (this.#open) this.#timer = setTimeout(() => this.#index(), wait).unref()
      })
  }
}

function readable({ index, hash, bytes }: TrailLeaf): StoredAuditEntry[] {
  if (bytes === null) return []
  const entry = JSON.parse(Buffer.from(bytes).toString('utf8')) as AuditEntry
  return [{ index, leafHash: hash, bytes, entry }]
}

function unavailable(cause: unknown): Refusal {
  return new Refusal(
    'AUDIT_UNAVAILABLE',
    'The audit trail can not be written; nothing was disclosed.',
    cause === undefined ? undefined : { cause },
  )
}
