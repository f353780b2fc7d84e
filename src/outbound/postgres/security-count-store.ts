import {
  SAMPLES,
  type SecurityCount,
  type SecurityCountStore,
  type SecurityEvent,
  type SecuritySample,
} from '../../domain/audit/security-counts.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Database } from './database.ts'

export class PostgresSecurityCountStore implements SecurityCountStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async add(counts: readonly SecurityCount[]): Promise<void> {
    // In one order everywhere: two gateways that add the same rows must not wait for each other in a circle.
    const rows = counts.toSorted((a, b) => a.minute - b.minute || (a.event < b.event ? -1 : 1))
    await this.#database.query(
      `INSERT INTO security_count (minute, event, count, samples)
       SELECT minute, event, count, samples::jsonb
       FROM unnest($1::timestamptz[], $2::text[], $3::bigint[], $4::text[]) AS given (minute, event, count, samples)
       ON CONFLICT (minute, event) DO UPDATE SET
         count = security_count.count + excluded.count,
         samples = jsonb_path_query_array(security_count.samples || excluded.samples, '$[0 to ${SAMPLES - 1}]')`,
      [
        rows.map(({ minute }) => isoInstant(minute)),
        rows.map(({ event }) => event),
        rows.map(({ count }) => count),
        rows.map(({ samples }) => JSON.stringify(samples.slice(0, SAMPLES))),
      ],
      'security-count-add',
    )
  }

  async find(from: Instant, to: Instant, limit: number): Promise<readonly SecurityCount[]> {
    const rows = await this.#database.query<{
      minute: Date
      event: SecurityEvent
      count: string
      samples: SecuritySample[]
    }>(
      `SELECT minute, event, count, samples FROM security_count
       WHERE minute >= $1 AND minute < $2 ORDER BY minute DESC, event LIMIT $3`,
      [isoInstant(from), isoInstant(to), limit],
      'security-count-find',
    )
    return rows.map(({ minute, event, count, samples }) => ({
      minute: minute.getTime(),
      event,
      count: Number(count),
      samples,
    }))
  }

  async discardBefore(minute: Instant): Promise<number> {
    const rows = await this.#database.query(
      'DELETE FROM security_count WHERE minute < $1 RETURNING minute',
      [isoInstant(minute)],
      'security-count-discard',
    )
    return rows.length
  }
}
