import { type Notice, renewalDue } from '../../domain/privacy/notices.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Database } from './database.ts'
import type { ProfileRebuild } from './profile-rebuild.ts'

interface Renewal {
  readonly notice: string
  readonly version: string
  readonly due: string
}

/**
 * Tells compiled consent of renewals that the policy has come to require, or no longer requires: everybody who decided
 * under such a version is composed anew, and only then is it noted as told, so that a start that breaks off begins again.
 * @returns how many people it concerned.
 */
export async function applyRenewals(
  database: Database,
  rebuild: ProfileRebuild,
  notices: ReadonlyMap<string, Notice>,
): Promise<number> {
  const wanted = renewalsOf(notices)
  const told = await database.query<Renewal & Record<string, unknown>>(
    `SELECT notice, version, to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS due
     FROM notice_renewal`,
  )
  const changed = difference(wanted, told)
  if (changed.length === 0) return 0
  const people = await database.query<{ id: SubjectId }>(
    `SELECT DISTINCT s.root_id AS id
     FROM json_to_recordset($1) AS changed (notice text, version text)
     JOIN consent_record c ON c.notice = changed.notice AND c.notice_version = changed.version
     JOIN subject s ON s.id = c.home_id`,
    [JSON.stringify(changed)],
  )
  await rebuild.rebuild(people.map(({ id }) => id))
  await database.transaction(async (tx) => {
    await tx.query('DELETE FROM notice_renewal')
    await tx.query(
      `INSERT INTO notice_renewal (notice, version, due_at)
       SELECT notice, version, due FROM json_to_recordset($1) AS wanted (notice text, version text, due timestamptz)
       ON CONFLICT DO NOTHING`,
      [JSON.stringify(wanted)],
    )
  })
  return people.length
}

function renewalsOf(notices: ReadonlyMap<string, Notice>): Renewal[] {
  return [...notices.values()].flatMap(({ key: notice, versions }) =>
    versions.flatMap(({ version }) => {
      const due = renewalDue(notices, notice, version)
      return due === null ? [] : [{ notice, version, due: isoInstant(due) }]
    }),
  )
}

function difference(one: readonly Renewal[], other: readonly Renewal[]): readonly Renewal[] {
  const keyOf = ({ notice, version, due }: Renewal) => JSON.stringify([notice, version, due])
  const [ones, others] = [one, other].map((all) => new Set(all.map(keyOf)))
  return [
    ...one.filter((renewal) => !others?.has(keyOf(renewal))),
    ...other.filter((renewal) => !ones?.has(keyOf(renewal))),
  ]
}
