import type { AuditStatistics, DayVolume } from '../../domain/audit/audit-statistics.ts'
import { AuditIndexer } from './audit-indexer.ts'
import type { Database } from './database.ts'

/** Rows of one page: 4 kilobytes each at most. */
const PAGE = 2_000

interface Row {
  day: string
  kind: number
  client_id: string
  audience: string
  purpose: string | null
  outcome: string
  fields: string[]
  entries: string
  disclosures: string
  listed: string
  people: Buffer
}

export class PostgresAuditStatistics implements AuditStatistics {
  readonly #database: Database
  readonly #indexer: AuditIndexer

  constructor(database: Database) {
    this.#database = database
    this.#indexer = new AuditIndexer(database)
  }

  async *volumes(from: string, to: string): AsyncIterable<readonly DayVolume[]> {
    await this.#indexer.catchUp()
    for (let after: readonly [string, number] = [from, -1]; ; ) {
      const rows = await this.#database.query<Row>(
        `SELECT d.day::text, d.kind, k.client_id, k.audience, k.purpose, k.outcome, k.fields,
           d.entries, d.disclosures, d.listed, d.people
         FROM audit_daily d JOIN audit_kind k ON k.id = d.kind
         WHERE (d.day, d.kind) > ($1::date, $2::int) AND d.day < $3::date ORDER BY d.day, d.kind LIMIT ${PAGE}`,
        [...after, to],
        'audit-volumes',
      )
      yield rows.map(volumeOf)
      const last = rows.at(-1)
      if (!last || rows.length < PAGE) return
      after = [last.day, last.kind]
    }
  }
}

function volumeOf(row: Row): DayVolume {
  const { day, audience, purpose, outcome, fields } = row
  return {
    day,
    actor: row.client_id,
    audience,
    purpose,
    outcome,
    fields,
    entries: Number(row.entries),
    disclosures: Number(row.disclosures),
    listed: Number(row.listed),
    people: row.people,
  }
}
