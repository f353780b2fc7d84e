import type { AuditStatistics, DayVolume } from '../../domain/audit/audit-statistics.ts'
import { AuditIndexer } from './audit-indexer.ts'
import type { Database } from './database.ts'

/** Rows of one page: 4 kilobytes each at most. */
const PAGE = 2_000

interface Kind {
  id: number
  client_id: string
  audience: string
  purpose: string | null
  outcome: string
  fields: string[]
}

interface Row {
  day: string
  kind: number
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
    const kinds = new Map<number, Kind>()
    for (let after: readonly [string, number] = [from, -1]; ; ) {
      const rows = await this.#database.query<Row>(
        `SELECT day::text, kind, entries, disclosures, listed, people FROM audit_daily
         WHERE (day, kind) > ($1::date, $2::int) AND day < $3::date ORDER BY day, kind LIMIT ${PAGE}`,
        [...after, to],
        'audit-volumes',
      )
      await this.#learn(kinds, rows)
      yield rows.map((row) => volumeOf(row, kinds.get(row.kind) as Kind))
      const last = rows.at(-1)
      if (!last || rows.length < PAGE) return
      after = [last.day, last.kind]
    }
  }

  /** A kind comes back day after day: it is told once. */
  async #learn(kinds: Map<number, Kind>, rows: readonly Row[]): Promise<void> {
    const unknown = new Set(rows.map(({ kind }) => kind).filter((kind) => !kinds.has(kind)))
    if (unknown.size === 0) return
    const found = await this.#database.query<Kind>(
      'SELECT id, client_id, audience, purpose, outcome, fields FROM audit_kind WHERE id = ANY($1::int[])',
      [[...unknown]],
    )
    for (const kind of found) kinds.set(kind.id, kind)
  }
}

function volumeOf(
  row: Row,
  { client_id: actor, audience, purpose, outcome, fields }: Kind,
): DayVolume {
  return {
    day: row.day,
    actor,
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
