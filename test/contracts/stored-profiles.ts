import type { Queryable } from '../../src/outbound/postgres/database.ts'

/** Ids that tell in a failure which one it was. */
export const person = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`

export interface StoredProfile {
  readonly id: string
  readonly state?: string
  readonly later?: readonly (readonly [number, string])[]
  readonly kind?: 'person' | 'visitor'
  readonly segments?: readonly string[]
  readonly demographics?: object
  readonly location?: object
  readonly account?: object
  readonly activity?: object
  readonly commerce?: object
  readonly sealedEmail?: Uint8Array
}

export async function storeSubject(on: Queryable, id: string, rootId = id): Promise<void> {
  await on.query(
    `INSERT INTO subject (id, root_id, kind, created_at) VALUES ($1, $2, 'person', now())`,
    [id, rootId],
  )
}

export async function stateId(on: Queryable, state: string): Promise<number> {
  const [row] = await on.query<{ id: number }>(
    `INSERT INTO consent_state (state) VALUES ($1) ON CONFLICT (state) DO UPDATE SET state = $1 RETURNING id`,
    [state],
  )
  return row?.id as number
}

/** A row of the read model as ingest would leave it. */
export async function storeProfile(on: Queryable, profile: StoredProfile): Promise<void> {
  await storeSubject(on, profile.id)
  const until = profile.later?.[0]?.[0]
  await on.query(
    `INSERT INTO read_model (subject_id, kind, consent_id, consent_until, consent_later, consent_records, segment_keys,
       memberships, demographics, location, account, activity, device, commerce, custom, interactions, recommended,
       lineage, sealed_email, sealed_more, updated_at)
     VALUES ($1, $2, $3, $4, $5, '{"ANALYTICS":["r1","record"]}', $6, '{}', $7, $8, $9, $10, '{}', $11, '{}', '[]',
       '{"activity":[],"full":[],"model":0}', '{"origins":[],"traits":{}}', $12, '{"user.extra":"AAAA"}', now())`,
    [
      profile.id,
      profile.kind ?? 'person',
      await stateId(on, profile.state ?? 'country=DE'),
      until === undefined ? null : new Date(until),
      JSON.stringify(profile.later ?? []),
      profile.segments ?? [],
      profile.demographics ?? {},
      profile.location ?? {},
      profile.account ?? {},
      profile.activity ?? {},
      profile.commerce ?? {},
      profile.sealedEmail ?? null,
    ],
  )
}
