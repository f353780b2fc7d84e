import { consentAt } from '../../domain/privacy/consent.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import { internConsentStates } from './consent-states.ts'
import type { Database, Queryable } from './database.ts'

const PAGE = 1_000

/** Rewrites the rows whose consent has changed by time alone and says so in the change feed; returns how many. */
export async function refreshConsent(database: Database, now: Instant): Promise<number> {
  let refreshed = 0
  while (await anyDue(database, now))
    refreshed += await database.transaction((queryable) => refreshPage(queryable, now))
  return refreshed
}

async function anyDue(database: Database, now: Instant): Promise<boolean> {
  const rows = await database.query(
    'SELECT FROM read_model WHERE consent_until <= $1::timestamptz LIMIT 1',
    [isoInstant(now)],
    'consent-due',
  )
  return rows.length > 0
}

interface DueRow {
  subject_id: SubjectId
  state: string
  later: [Instant, string][]
}

async function refreshPage(queryable: Queryable, now: Instant): Promise<number> {
  const due = await queryable.query<DueRow>(
    `SELECT r.subject_id, s.state, r.consent_later AS later
     FROM read_model r JOIN consent_state s ON s.id = r.consent_id
     WHERE r.consent_until <= $1::timestamptz ORDER BY r.subject_id LIMIT ${PAGE} FOR UPDATE OF r`,
    [isoInstant(now)],
    'consent-due-page',
  )
  const fresh = due.map((row) => ({
    id: row.subject_id,
    state: consentAt(row, now),
    later: row.later.filter(([from]) => from > now),
  }))
  const ids = await internConsentStates(
    queryable,
    fresh.map(({ state }) => state),
  )
  await queryable.query(
    `UPDATE read_model r SET consent_id = fresh.state_id, consent_later = fresh.later, consent_until = fresh.until
     FROM unnest($1::uuid[], $2::int[], $3::jsonb[], $4::timestamptz[]) AS fresh (id, state_id, later, until)
     WHERE r.subject_id = fresh.id`,
    [
      fresh.map(({ id }) => id),
      fresh.map(({ state }) => ids.get(state)),
      fresh.map(({ later }) => JSON.stringify(later)),
      fresh.map(({ later }) => (later[0] ? isoInstant(later[0][0]) : null)),
    ],
    'consent-refresh',
  )
  await queryable.query(
    `INSERT INTO change (kind, subject_id) SELECT 'consent', id FROM unnest($1::uuid[]) AS id`,
    [fresh.map(({ id }) => id)],
    'consent-refresh-told',
  )
  return fresh.length
}
