import type { KeptEvent, KeptRecord, PersonRecords } from '../../domain/profiles/person-records.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Database } from './database.ts'
import { loadRecords } from './rebuild-facts.ts'

const PAGE = 1_000

export class PostgresPersonRecords implements PersonRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async recordsOf(subject: SubjectId): Promise<readonly KeptRecord[]> {
    const members = await this.#database.query<{ id: SubjectId }>(
      'SELECT id FROM subject WHERE root_id = (SELECT root_id FROM subject WHERE id = $1::uuid)',
      [subject],
      'person-homes',
    )
    const records = await loadRecords(
      this.#database,
      members.map(({ id }) => id),
    )
    return records.sort((one, other) =>
      one.source === other.source
        ? one.observedAt - other.observedAt
        : one.source < other.source
          ? -1
          : 1,
    )
  }

  async *eventsOf(subject: SubjectId): AsyncIterable<readonly KeptEvent[]> {
    let after: readonly [at: string, source: string, messageId: string] = ['-infinity', '', '']
    for (;;) {
      const rows = await this.#database.query<KeptEvent & { place: string }>(
        `SELECT e.home_id AS home, e.source, e.message_id AS "messageId", e.name, e.occurred_at::text AS place,
           (extract(epoch FROM e.occurred_at) * 1000)::float8 AS at, e.item_id AS "itemId", e.order_id AS "orderId",
           e.value, e.properties
         FROM event e JOIN subject s ON s.id = e.home_id
         WHERE s.root_id = (SELECT root_id FROM subject WHERE id = $1::uuid)
           AND (e.occurred_at, e.source, e.message_id) > ($2::timestamptz, $3, $4)
         ORDER BY e.occurred_at, e.source, e.message_id LIMIT ${PAGE}`,
        [subject, ...after],
        'person-events',
      )
      const last = rows.at(-1)
      if (!last) return
      yield rows.map(({ place: _place, ...event }) => event)
      after = [last.place, last.source, last.messageId]
    }
  }
}
