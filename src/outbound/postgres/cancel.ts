import pg, { type Pool, type PoolClient } from 'pg'
import { Refusal } from '../../kernel/refusal.ts'

/** SQLSTATE query_canceled. */
const CANCELLED = '57014'

/**
 * The answer of a statement that runs on a connection of its own, which goes back to the pool afterwards; cancelled in
 * the server once it has taken so long.
 * @throws Refusal TIMEOUT
 */
export async function cancelledAfter<T>(
  milliseconds: number,
  pool: Pool,
  client: PoolClient,
  running: Promise<T>,
): Promise<T> {
  let cancelling: Promise<void> | null = null
  const timer = setTimeout(() => {
    cancelling = cancel(pool, client)
  }, milliseconds)
  try {
    return await running
  } catch (error) {
    if (cancelling === null || (error as { code?: unknown }).code !== CANCELLED) throw error
    throw new Refusal('TIMEOUT', 'The request took too long; ask for less at once.', {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
    // A cancellation that comes late must not meet the next statement: the connection goes.
    await cancelling
    client.release(cancelling !== null)
  }
}

/** Over a connection that is not of the pool: all of those may be waiting for the same lock. */
async function cancel(pool: Pool, client: PoolClient): Promise<void> {
  const { processID } = client as PoolClient & { readonly processID?: number }
  const other = new pg.Client(pool.options)
  other.on('error', () => {})
  try {
    await other.connect()
    await other.query('SELECT pg_cancel_backend($1)', [processID])
  } catch {
    // A server that can not be reached has nothing under way for us.
  } finally {
    await other.end().catch(() => {})
  }
}
