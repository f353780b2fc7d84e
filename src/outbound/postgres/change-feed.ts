import type { Change, ChangeFeed } from '../../domain/profiles/change-feed.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database } from './database.ts'

/** How soon a subscriber hears of a change, at the latest: where nobody said that there is one. */
const POLL_MS = 250
/** Larger bursts are told in several portions. */
const PAGE = 1_000
/** Doubles hold today's milliseconds to a quarter of a microsecond: a margin costs nothing, told changes are remembered. */
const MARGIN_MS = 1
/** A transaction has a number only when its first row is stored, which a busy machine may put off after the row's time was read. */
const NUMBERED_WITHIN = '2 seconds'

interface Polling {
  wake(): void
  stop(): void
}

type Listener = (changes: readonly Change[]) => void

/**
 * Polls the change table, only while somebody listens, and at once when it is woken. Changes appear when their transaction
 * commits, in no order: so each poll reads again from the beginning of the oldest transaction that was still writing, or
 * about to, at the poll before. All gateways must connect as one role, or as roles that may read pg_stat_activity.
 */
export class PostgresChangeFeed implements ChangeFeed {
  readonly #database: Database
  readonly #listeners = new Set<Listener>()
  #polling: Polling | null = null

  constructor(database: Database) {
    this.#database = database
  }

  /** Tells of all changes that commit from now on. Calls end when the returned function has been called. */
  subscribe(listener: Listener): () => void {
    // A subscription of its own, even if the same function listens twice.
    const own: Listener = (changes) => listener(changes)
    this.#listeners.add(own)
    this.#polling ??= this.#start()
    return () => {
      this.#listeners.delete(own)
      if (this.#listeners.size > 0 || !this.#polling) return
      this.#polling.stop()
      this.#polling = null
    }
  }

  /** There may be something new: looks now, if anybody listens. */
  wake(): void {
    this.#polling?.wake()
  }

  /** Forgets changes older than that; nobody can have missed them who was listening. Returns how many. */
  async discardBefore(instant: Instant): Promise<number> {
    const [row] = await this.#database.query<{ discarded: number }>(
      `WITH discarded AS (DELETE FROM change WHERE changed_at < $1::timestamptz RETURNING sequence)
       SELECT count(*)::int AS discarded FROM discarded`,
      [isoInstant(instant)],
      'change-discard',
    )
    return row?.discarded ?? 0
  }

  #start(): Polling {
    const run = { stopped: false }
    const subscribedAt = performance.now()
    /** Milliseconds of the database's clock; null until it was asked for the first time. */
    let from: number | null = null
    let told = new Map<number, number>()
    const poll = async () => {
      // Asked before the changes are read: what commits in between is read again next time.
      const { now, writingSince } = await this.#horizon()
      from ??= Math.min(now - (performance.now() - subscribedAt), writingSince)
      await this.#tellFrom(from - MARGIN_MS, told, run)
      // Never back: who writes now and was not seen writing at the last poll, has written nothing that is older than that.
      const next = Math.max(from, writingSince)
      from = next
      told = new Map([...told].filter(([, changedAt]) => changedAt >= next - MARGIN_MS))
    }
    let waiting: NodeJS.Timeout | null = null
    let woken = false
    const again = () => {
      waiting = null
      woken = false
      if (run.stopped) return
      void poll()
        // While the database is gone nothing is told; `from` stays, so nothing is missed.
        .catch(() => {})
        .then(() => {
          waiting = setTimeout(again, woken ? 0 : POLL_MS).unref()
        })
    }
    again()
    return {
      wake() {
        // What was committed while a poll is under way may have come too late for it.
        woken = true
        if (waiting === null) return
        clearTimeout(waiting)
        again()
      },
      stop() {
        run.stopped = true
      },
    }
  }

  #tell(changes: readonly Change[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(changes)
      } catch {
        // One subscriber's fault must not keep the others from hearing.
      }
    }
  }

  async #horizon(): Promise<{ now: number; writingSince: number }> {
    const [row] = await this.#database.query<{ now: number; since: number }>(
      `SELECT extract(epoch FROM now)::float8 * 1000 AS now,
              extract(epoch FROM coalesce(since, now))::float8 * 1000 AS since
       FROM (SELECT now() AS now, min(xact_start) AS since FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()
               AND (backend_xid IS NOT NULL
                 OR state = 'active' AND xact_start > now() - interval '${NUMBERED_WITHIN}')) activity`,
      [],
      'change-horizon',
    )
    return { now: row?.now ?? 0, writingSince: row?.since ?? 0 }
  }

  async #tellFrom(
    from: number,
    told: Map<number, number>,
    run: { readonly stopped: boolean },
  ): Promise<void> {
    let last = 0
    for (let full = true; full && !run.stopped; ) {
      const rows = await this.#database.query<ChangeRow>(
        `SELECT sequence, kind, subject_id, key, extract(epoch FROM changed_at)::float8 * 1000 AS changed_at
         FROM change WHERE changed_at >= to_timestamp($1::float8 / 1000) AND sequence > $2
         ORDER BY sequence LIMIT ${PAGE}`,
        [from, last],
        'change-read',
      )
      const changes = rows.map(changeOf).filter(({ sequence }) => !told.has(sequence))
      for (const row of rows) told.set(Number(row.sequence), row.changed_at)
      if (changes.length > 0 && !run.stopped) this.#tell(changes)
      last = Number(rows.at(-1)?.sequence ?? last)
      full = rows.length === PAGE
    }
  }
}

interface ChangeRow {
  sequence: string
  kind: Change['kind']
  subject_id: SubjectId
  key: string | null
  changed_at: number
}

function changeOf(row: ChangeRow): Change {
  return {
    sequence: Number(row.sequence),
    kind: row.kind,
    subjectId: row.subject_id,
    key: row.key,
  }
}
