import { types } from 'node:util'
import type { Pool, PoolClient, QueryResultRow } from 'pg'
import { Refusal } from '../../kernel/refusal.ts'
import { cancelledAfter } from './cancel.ts'

/** What a store may do with the database, inside a transaction or outside one. */
export interface Queryable {
  /**
   * One statement. `name` makes it a prepared statement where the server keeps one per connection; name only
   * statements whose text never varies.
   * @throws Refusal STORE_UNAVAILABLE when the server can't be reached or shuts down; other errors pass unchanged.
   */
  query<R extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
    name?: string,
  ): Promise<R[]>
}

const WRITES_CHANGE = 'INSERT INTO change ('

/**
 * The pool, shared by all stores. The embedded server has one session: inside `transaction` every statement MUST go
 * through the given Queryable, or it waits for itself for ever.
 */
export class Database implements Queryable {
  readonly #pool: Pool
  readonly #prepare: boolean
  readonly #onStatement: (text: string) => void
  readonly #running = new Set<number>()
  readonly #changes: { tell: () => void }
  /** Statements outside transactions are cancelled after so many milliseconds; null: never. */
  readonly #patienceMs: number | null

  /** @param embedded no named statements: all connections share one session. */
  constructor(
    pool: Pool,
    embedded: boolean,
    onStatement: (text: string) => void = () => {},
    patienceMs: number | null = null,
    changes = { tell: () => {} },
  ) {
    this.#pool = pool
    this.#prepare = !embedded
    this.#onStatement = onStatement
    this.#patienceMs = patienceMs
    this.#changes = changes
    // An idle connection that breaks is dropped by the pool; without a listener the process would end.
    if (patienceMs === null) pool.on('error', () => {})
  }

  /**
   * The same database for reads that somebody waits for: a statement outside a transaction that takes longer is cancelled
   * in the server, with the refusal TIMEOUT. Not so in the embedded server, which takes no word while it is at work.
   */
  impatient(milliseconds: number): Database {
    if (!this.#prepare) return this
    return new Database(this.#pool, false, this.#onStatement, milliseconds, this.#changes)
  }

  /** Connections open, and callers that wait for one. */
  get load(): { readonly connections: number; readonly waiting: number } {
    return { connections: this.#pool.totalCount, waiting: this.#pool.waitingCount }
  }

  async query<R extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    name?: string,
  ): Promise<R[]> {
    if (this.#patienceMs === null) return await this.#run<R>(this.#pool, text, values, name)
    const client = await this.#connect()
    const run = this.#run<R>(client, text, values, name)
    return await cancelledAfter(this.#patienceMs, this.#pool, client, run)
  }

  /** @param tell called after each commit of a transaction that has written to the table of changes. */
  whenChanged(tell: () => void): void {
    this.#changes.tell = tell
  }

  /** Runs `work` in one transaction; rolls back when it throws. */
  async transaction<T>(work: (queryable: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    let broken: Error | undefined
    let changed = false
    try {
      await this.#run(client, 'BEGIN', [])
      const result = await work({
        query: (text, values = [], name) => {
          // Seen here, so that nobody who writes a change can forget to tell of it.
          changed ||= text.includes(WRITES_CHANGE)
          return this.#run(client, text, values, name)
        },
      })
      await this.#run(client, 'COMMIT', [])
      if (changed) this.#changes.tell()
      return result
    } catch (error) {
      try {
        await client.query('ROLLBACK')
      } catch (cause) {
        broken = cause instanceof Error ? cause : new Error('rollback failed')
      }
      throw error
    } finally {
      client.release(broken)
    }
  }

  /**
   * Runs `work` unless it runs already, here or in another gateway: then null, at once. The embedded server has one
   * session and one gateway, so there it is enough to know what runs here.
   * @param key of the advisory lock; a connection of its own holds it meanwhile.
   */
  async alone<T>(key: number, work: () => Promise<T>): Promise<T | null> {
    if (this.#running.has(key)) return null
    this.#running.add(key)
    try {
      return this.#prepare ? await this.#withLock(key, work) : await work()
    } finally {
      this.#running.delete(key)
    }
  }

  async #withLock<T>(key: number, work: () => Promise<T>): Promise<T | null> {
    const client = await this.#connect()
    let locked = false
    try {
      const rows = await this.#run<{ locked: boolean }>(
        client,
        'SELECT pg_try_advisory_lock($1) AS locked',
        [key],
      )
      locked = rows[0]?.locked === true
      return locked ? await work() : null
    } finally {
      // Where the statement fails, closing the connection gives the lock back, if a little later.
      const unlock = async () => await this.#run(client, 'SELECT pg_advisory_unlock($1)', [key])
      const failed =
        locked &&
        (await unlock()
          .then(() => false)
          .catch(() => true))
      client.release(failed)
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      const client = await this.#pool.connect()
      // A connection that breaks between two statements says so here; the next statement on it fails by itself.
      if (client.listenerCount('error') === 0) client.on('error', () => {})
      return client
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  async #run<R extends QueryResultRow>(
    on: Pool | PoolClient,
    text: string,
    values: readonly unknown[],
    name?: string,
  ): Promise<R[]> {
    this.#onStatement(text)
    try {
      const query =
        name && this.#prepare ? { name, text, values: [...values] } : { text, values: [...values] }
      return (await on.query<R>(query)).rows
    } catch (error) {
      throw isUnavailable(error) ? unavailable(error) : error
    }
  }
}

// SQLSTATE classes 08 (connection), 53 (resources, disk full), 57P (shutdown), and errors below SQL that carry no SQLSTATE.
const UNAVAILABLE = /^(08|53|57P)/

function isUnavailable(error: unknown): boolean {
  // Not `instanceof`: an error of the socket comes from outside where modules run in a context of their own.
  if (!types.isNativeError(error)) return false
  const code = (error as Error & { code?: unknown }).code
  if (typeof code !== 'string') return /connect|terminat|timeout|closed|ended/i.test(error.message)
  return UNAVAILABLE.test(code) || /^E[A-Z]+$/.test(code)
}

function unavailable(cause: unknown): Refusal {
  return new Refusal('STORE_UNAVAILABLE', 'The database can not be reached; try again shortly.', {
    cause,
  })
}
