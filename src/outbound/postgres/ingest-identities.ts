import { type IdentifierKind, namesDevice } from '../../domain/profiles/identifier.ts'
import type { BatchOrigin } from '../../domain/profiles/ingest-store.ts'
import type {
  IndexedIdentifier,
  KnownIdentifier,
  Resolution,
  RootSubject,
} from '../../domain/profiles/resolution.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'
import { LostRace } from './ingest-race.ts'

export async function knownIdentifiers(
  tx: Queryable,
  identifiers: readonly IndexedIdentifier[],
): Promise<KnownIdentifier[]> {
  const wanted = [...new Map(identifiers.map((one) => [keyOf(one), one])).values()]
  if (wanted.length === 0) return []
  return await tx.query<KnownIdentifier>(
    `SELECT i.kind, encode(i.blind_index, 'hex') AS "blindIndex", i.home_id AS home, i.verified,
       home.root_id AS root, (extract(epoch FROM root.created_at) * 1000)::float8 AS "rootCreatedAt"
     FROM json_to_recordset($1) AS wanted (kind text, index text)
     JOIN identifier i ON i.kind = wanted.kind AND i.blind_index = decode(wanted.index, 'hex')
     JOIN subject home ON home.id = i.home_id
     JOIN subject root ON root.id = home.root_id`,
    [JSON.stringify(wanted.map(({ kind, blindIndex }) => ({ kind, index: blindIndex })))],
  )
}

/** Locks the roots in the order of their ids, so that no two gateways wait for each other. */
export async function lockPeople(
  tx: Queryable,
  homes: Iterable<SubjectId>,
): Promise<ReadonlyMap<SubjectId, RootSubject>> {
  const ids = [...new Set(homes)]
  if (ids.length === 0) return new Map()
  const members = await tx.query<{ id: string; root_id: string }>(
    'SELECT id, root_id FROM subject WHERE id = ANY ($1::uuid[])',
    [ids],
  )
  const roots = await tx.query<{ id: string; root_id: string; created: number }>(
    `SELECT id, root_id, (extract(epoch FROM created_at) * 1000)::float8 AS created
     FROM subject WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`,
    [[...new Set(members.map(({ root_id }) => root_id))]],
  )
  // What was a root before the lock came may be somebody else's home by now, or gone.
  const standing = new Map(
    roots.filter(({ id, root_id }) => id === root_id).map((root) => [root.id, root]),
  )
  return new Map(
    members.map(({ id, root_id }) => {
      const root = standing.get(root_id)
      if (!root) throw new LostRace()
      return [id, { id: root.id, createdAt: root.created }]
    }),
  )
}

/** New subjects, identifiers, claims and links, and what they make of people known before. */
export async function saveIdentities(
  tx: Queryable,
  { id: batchId, source }: BatchOrigin,
  resolution: Resolution,
  now: Instant,
): Promise<void> {
  const at = isoInstant(now)
  await saveSubjects(tx, resolution, at)
  await saveIdentifiers(tx, resolution, at)
  if (resolution.claims.size > 0)
    await tx.query(
      `INSERT INTO identifier_claim AS held (kind, blind_index, source, record_key, batch_id, verified)
       SELECT kind, decode(index, 'hex'), $2, record_key, $3, verified
       FROM json_to_recordset($1) AS claim (kind text, index text, record_key text, verified boolean)
       ON CONFLICT (kind, blind_index, source, record_key, batch_id)
       DO UPDATE SET verified = true WHERE excluded.verified AND NOT held.verified`,
      [
        JSON.stringify(
          sorted(resolution.claims).map(({ kind, blindIndex, recordKey, verified }) => ({
            kind,
            index: blindIndex,
            record_key: recordKey,
            verified,
          })),
        ),
        source,
        batchId,
      ],
    )
  if (resolution.links.size > 0)
    await tx.query(
      `INSERT INTO subject_merge (id, survivor_id, retired_id, identifier_kind, source, record_key, batch_id, merged_at)
       SELECT gen_random_uuid(), survivor, retired, "identifierKind", $2, "recordKey", $3, $4
       FROM json_to_recordset($1) AS link (survivor uuid, retired uuid, "identifierKind" text, "recordKey" text)
       ON CONFLICT DO NOTHING`,
      [JSON.stringify([...resolution.links.values()]), source, batchId, at],
    )
}

async function saveSubjects(tx: Queryable, resolution: Resolution, at: string): Promise<void> {
  if (resolution.newSubjects.length > 0)
    await tx.query(
      `INSERT INTO subject (id, root_id, kind, created_at)
       SELECT id, root, kind, $2 FROM json_to_recordset($1) AS made (id uuid, root uuid, kind text)`,
      [
        JSON.stringify(
          resolution.newSubjects.map(({ id, identifierKind }) => ({
            id,
            root: resolution.rootOf(id),
            kind: namesPerson(identifierKind) ? 'person' : 'visitor',
          })),
        ),
        at,
      ],
    )
  const retired = resolution.retired()
  if (retired.length > 0)
    await tx.query(
      `UPDATE subject SET root_id = merged.root
       FROM json_to_recordset($1) AS merged (former uuid, root uuid) WHERE subject.root_id = merged.former`,
      [JSON.stringify(retired)],
    )
}

async function saveIdentifiers(tx: Queryable, resolution: Resolution, at: string): Promise<void> {
  if (resolution.newIdentifiers.size > 0) {
    const inserted = await tx.query(
      `INSERT INTO identifier (kind, blind_index, home_id, verified, first_seen_at)
       SELECT kind, decode(index, 'hex'), home, verified, $2
       FROM json_to_recordset($1) AS made (kind text, index text, home uuid, verified boolean)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [
        JSON.stringify(
          sorted(resolution.newIdentifiers).map(({ kind, blindIndex, home, verified }) => ({
            kind,
            index: blindIndex,
            home,
            verified,
          })),
        ),
        at,
      ],
    )
    if (inserted.length < resolution.newIdentifiers.size) throw new LostRace()
  }
  if (resolution.confirmed.size > 0)
    await tx.query(
      `UPDATE identifier SET verified = true
       FROM json_to_recordset($1) AS seen (kind text, "blindIndex" text)
       WHERE identifier.kind = seen.kind AND identifier.blind_index = decode(seen."blindIndex", 'hex')`,
      [JSON.stringify(sorted(resolution.confirmed))],
    )
}

/** Whether an identifier, as it is filed, says that somebody vouched for a person. */
export function namesPerson(filedKind: string): boolean {
  return !filedKind.startsWith('unverified:') && !namesDevice(filedKind as IdentifierKind)
}

const keyOf = ({ kind, blindIndex }: IndexedIdentifier) => `${kind} ${blindIndex}`

/** In one order everywhere, so that no two gateways wait for each other's identifiers. */
function sorted<T>(byKey: ReadonlyMap<string, T>): T[] {
  return [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value)
}
