import type { Interaction } from '../../src/domain/profiles/read-model.ts'
import { type PlainGroups, plainColumns } from '../../src/domain/profiles/read-model.ts'
import { type Instant, isoInstant } from '../../src/kernel/time.ts'
import type { Queryable } from '../../src/outbound/postgres/database.ts'

/** One person as the stores of segments and recommendations see them. */
export interface FeatureRow {
  readonly id: string
  readonly groups: PlainGroups
  readonly events?: Readonly<Record<string, readonly Instant[]>>
  readonly interactions?: readonly Interaction[]
  readonly consentId?: number
  /** Another subject that was merged into this one and brought the events along. */
  readonly home?: string
}

export const noGroups: PlainGroups = {
  demographics: {},
  location: {},
  account: {},
  activity: {},
  device: {},
  commerce: {},
  custom: {},
}

export const personId = (number: number) =>
  `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`

export async function clearRows(database: Queryable): Promise<void> {
  await database.query(
    `TRUNCATE read_model, subject, event, change, segment, consent_state, item,
       recommender_model, recommender_neighbours RESTART IDENTITY`,
  )
}

export async function writeRows(database: Queryable, rows: readonly FeatureRow[]): Promise<void> {
  for (const row of rows) {
    const home = row.home ?? row.id
    for (const id of new Set([row.id, home]))
      await database.query(
        'INSERT INTO subject (id, root_id, kind, created_at) VALUES ($1, $2, $3, now())',
        [id, row.id, 'person'],
      )
    await database.query(
      `INSERT INTO read_model (subject_id, kind, consent_id, consent_later, consent_records, segment_keys,
         memberships, ${plainColumns.join(', ')}, interactions, recommended, lineage, sealed_more, updated_at)
       VALUES ($1, 'person', $2, '[]', '{}', '{}', '{}', $3, $4, $5, $6, $7, $8, $9, $10, '{}', '{"origins":[],"traits":{}}', '{}', now())`,
      [
        row.id,
        row.consentId ?? 1,
        ...plainColumns.map((column) => JSON.stringify(row.groups[column])),
        JSON.stringify(row.interactions ?? []),
      ],
    )
    const events = Object.entries(row.events ?? {}).flatMap(([name, instants]) =>
      instants.map((at, index) => [`${row.id} ${name} ${index}`, name, isoInstant(at)]),
    )
    await database.query(
      `INSERT INTO event (source, message_id, home_id, batch_id, name, occurred_at, received_at, properties)
       SELECT 'test', message_id, $1, $1, name, at, at, '{}'
       FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS e (message_id, name, at)`,
      [
        home,
        events.map(([id]) => id),
        events.map(([, name]) => name),
        events.map(([, , at]) => at),
      ],
    )
  }
}
