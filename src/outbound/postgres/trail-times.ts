import type { TrailTimes } from '../../domain/audit/trail-times.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import { AuditIndexer } from './audit-indexer.ts'
import type { Database } from './database.ts'

// The spans say roughly where, so that only entries at both ends are looked at.
const WITHIN = `
  WITH rough AS (
    SELECT min(first_index) FILTER (WHERE latest >= $1::timestamptz) AS low,
           max(last_index) FILTER (WHERE earliest < $2::timestamptz) AS high FROM audit_span
  )
  SELECT first.log_index AS first, last.log_index AS last FROM rough
  CROSS JOIN LATERAL (
    SELECT log_index FROM audit_index
    WHERE log_index BETWEEN low AND high AND time >= $1::timestamptz AND time < $2::timestamptz
    ORDER BY log_index LIMIT 1) first
  CROSS JOIN LATERAL (
    SELECT log_index FROM audit_index
    WHERE log_index BETWEEN low AND high AND time >= $1::timestamptz AND time < $2::timestamptz
    ORDER BY log_index DESC LIMIT 1) last`

export class PostgresTrailTimes implements TrailTimes {
  readonly #database: Database
  readonly #indexer: AuditIndexer

  constructor(database: Database) {
    this.#database = database
    this.#indexer = new AuditIndexer(database)
  }

  async within(from: Instant, to: Instant): Promise<{ first: number; last: number } | null> {
    await this.#indexer.catchUp()
    const [row] = await this.#database.query<{ first: string; last: string }>(WITHIN, [
      isoInstant(from),
      isoInstant(to),
    ])
    return row ? { first: Number(row.first), last: Number(row.last) } : null
  }
}
