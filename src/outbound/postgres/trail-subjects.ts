import type { TrailSubject, TrailSubjects } from '../../domain/audit/trail-subjects.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Queryable } from './database.ts'

// From link to link, as long as both stood at the same time: whoever is reached was taken for the same person then.
const SUBJECTS = `
  WITH RECURSIVE own AS (
    SELECT id FROM subject WHERE root_id = (SELECT root_id FROM subject WHERE id = $1)
  ), linked (id, since, until) AS (
    SELECT id, '-infinity'::timestamptz, 'infinity'::timestamptz FROM own
    UNION
    SELECT other.id, greatest(l.since, m.merged_at), least(l.until, coalesce(m.undone_at, 'infinity'))
    FROM linked l
    JOIN subject_merge m ON l.id IN (m.survivor_id, m.retired_id)
    CROSS JOIN LATERAL (SELECT CASE l.id WHEN m.survivor_id THEN m.retired_id ELSE m.survivor_id END AS id) other
    WHERE other.id NOT IN (SELECT id FROM own)
      AND greatest(l.since, m.merged_at) < least(l.until, coalesce(m.undone_at, 'infinity'))
  )
  SELECT id, nullif(since, '-infinity') AS since, nullif(until, 'infinity') AS until FROM linked`

export class PostgresTrailSubjects implements TrailSubjects {
  readonly #database: Queryable

  constructor(database: Queryable) {
    this.#database = database
  }

  async of(subject: SubjectId): Promise<readonly TrailSubject[]> {
    const rows = await this.#database.query<{
      id: string
      since: Date | null
      until: Date | null
    }>(SUBJECTS, [subject], 'trail-subjects')
    return rows.map(({ id, since, until }) => ({
      id,
      from: since?.getTime() ?? null,
      to: until?.getTime() ?? null,
    }))
  }
}
