import type { PastPeople } from '../../domain/profiles/past-people.ts'
import type { ConsentFacts } from '../../domain/profiles/person-consent.ts'
import { NOBODY, type SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'
import { loadConsents, loadRecords } from './rebuild-facts.ts'

const PAGE = 10_000

// From link to link, as far as they stood at that instant.
const HOMES = `
  WITH RECURSIVE linked (asked, id) AS (
    SELECT id, id FROM subject WHERE id = ANY ($1::uuid[])
    UNION
    SELECT l.asked, CASE l.id WHEN m.survivor_id THEN m.retired_id ELSE m.survivor_id END
    FROM linked l JOIN subject_merge m ON l.id IN (m.survivor_id, m.retired_id)
    WHERE m.merged_at <= $2 AND (m.undone_at IS NULL OR m.undone_at > $2)
  )
  SELECT asked, id FROM linked`

const LINKS = `
  SELECT survivor_id AS one, retired_id AS other, (extract(epoch FROM merged_at) * 1000)::float8 AS at
  FROM subject_merge
  WHERE survivor_id = ANY ($1::uuid[]) AND merged_at <= $2 AND (undone_at IS NULL OR undone_at > $2)`

type Facts = { -readonly [K in keyof ConsentFacts]: ConsentFacts[K][number][] }

export class PostgresPastPeople implements PastPeople {
  readonly #database: Queryable

  constructor(database: Queryable) {
    this.#database = database
  }

  async at(
    subjects: readonly SubjectId[],
    instant: Instant,
  ): Promise<ReadonlyMap<SubjectId, ConsentFacts>> {
    const then = isoInstant(instant)
    const members = await this.#database.query<{ asked: SubjectId; id: SubjectId }>(HOMES, [
      subjects,
      then,
    ])
    const people = new Map<SubjectId, Facts>()
    const peopleAt = new Map<SubjectId, Facts[]>()
    for (const { asked, id } of members) {
      const facts = people.get(asked) ?? { records: [], consents: [], links: [] }
      people.set(asked, facts)
      peopleAt.set(id, [...(peopleAt.get(id) ?? []), facts])
    }
    const homes = [...peopleAt.keys()]
    for (const record of await loadRecords(this.#database, homes, instant))
      for (const { records } of peopleAt.get(record.home) ?? []) records.push(record)
    for (const consent of await loadConsents(this.#database, homes, instant))
      for (const { consents } of peopleAt.get(consent.home) ?? []) consents.push(consent)
    const links = await this.#database.query<{ one: SubjectId; other: SubjectId; at: number }>(
      LINKS,
      [homes, then],
    )
    for (const link of links) for (const one of peopleAt.get(link.one) ?? []) one.links.push(link)
    return people
  }

  async takenBackSince(instant: Instant): Promise<boolean> {
    const [row] = await this.#database.query<{ found: boolean }>(
      `SELECT EXISTS (
         SELECT FROM batch WHERE state = 'undone' AND finished_at > $1 AND started_at <= $1) AS found`,
      [isoInstant(instant)],
    )
    return row?.found ?? false
  }

  async *everybody(): AsyncIterable<readonly SubjectId[]> {
    for (let last: SubjectId = NOBODY; ; ) {
      const rows = await this.#database.query<{ id: SubjectId }>(
        `SELECT id FROM subject WHERE id > $1 ORDER BY id LIMIT ${PAGE}`,
        [last],
      )
      const end = rows.at(-1)
      if (!end) return
      yield rows.map(({ id }) => id)
      last = end.id
    }
  }
}
