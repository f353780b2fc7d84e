import type { ConsentRecord } from '../../domain/privacy/consent.ts'
import type { FiledConsent, HomeLink } from '../../domain/profiles/consent-histories.ts'
import type { TraitValue } from '../../domain/profiles/normalise.ts'
import type { Tally } from '../../domain/profiles/tally.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import type { Queryable } from './database.ts'
import { namesPerson } from './ingest-identities.ts'

/** The standing version of a record, its vault still sealed. */
export interface HeldRecord {
  readonly home: SubjectId
  readonly source: string
  readonly recordKey: string
  readonly observedAt: Instant
  readonly receivedAt: Instant
  readonly traits: Readonly<Record<string, TraitValue>>
  readonly sealed: Readonly<Record<string, string>>
}

/** Everything that is known of one person. */
export interface PersonFacts {
  readonly records: HeldRecord[]
  readonly tallies: Tally[]
  readonly consents: FiledConsent[]
  readonly links: HomeLink[]
  /** Somebody vouched for an identifier of a person; otherwise it is a visitor. */
  isPerson: boolean
}

/**
 * All that the rows of these people are composed from, in a fixed number of statements.
 * @param counted counters that need no reading.
 */
export async function loadPeople(
  tx: Queryable,
  roots: readonly SubjectId[],
  counted: ReadonlyMap<SubjectId, Tally>,
): Promise<ReadonlyMap<SubjectId, PersonFacts>> {
  const people = new Map(roots.map((root) => [root, nobody()]))
  if (roots.length === 0) return people
  const members = await tx.query<{ id: SubjectId; root: SubjectId }>(
    'SELECT id, root_id AS root FROM subject WHERE root_id = ANY ($1::uuid[])',
    [roots],
  )
  const rootOf = new Map(members.map(({ id, root }) => [id, root]))
  const homes = [...rootOf.keys()]
  const personOf = (home: SubjectId) => people.get(rootOf.get(home) ?? '')
  for (const record of await loadRecords(tx, homes)) personOf(record.home)?.records.push(record)
  const uncounted = homes.filter((home) => !counted.has(home))
  for (const { home, tally } of await loadTallies(tx, uncounted))
    personOf(home)?.tallies.push(tally)
  for (const [home, tally] of counted) personOf(home)?.tallies.push(tally)
  for (const consent of await loadConsents(tx, homes))
    personOf(consent.home)?.consents.push(consent)
  for (const link of await loadLinks(tx, homesWithSeveralHistories(people)))
    personOf(link.one)?.links.push(link)
  for (const { home, kind } of await loadVerified(tx, homes)) {
    const person = personOf(home)
    if (person && namesPerson(kind)) person.isPerson = true
  }
  return people
}

function nobody(): PersonFacts {
  return { records: [], tallies: [], consents: [], links: [], isPerson: false }
}

/**
 * Of the versions of a record the newest observation stands, whoever it is filed under by now.
 * @param until as it was then; null: as it is.
 */
export async function loadRecords(
  tx: Queryable,
  homes: readonly SubjectId[],
  until: Instant | null = null,
): Promise<HeldRecord[]> {
  return await tx.query<HeldRecord & Record<string, unknown>>(
    `SELECT r.home_id AS home, r.source, r.record_key AS "recordKey", r.traits, r.sealed,
       (extract(epoch FROM r.observed_at) * 1000)::float8 AS "observedAt",
       (extract(epoch FROM r.received_at) * 1000)::float8 AS "receivedAt"
     FROM record r WHERE r.home_id = ANY ($1::uuid[]) AND ($2::timestamptz IS NULL OR r.received_at <= $2)
       AND NOT EXISTS (
       SELECT 1 FROM record newer WHERE newer.source = r.source AND newer.record_key = r.record_key
         AND ($2::timestamptz IS NULL OR newer.received_at <= $2)
         AND (newer.observed_at, newer.received_at, newer.batch_id) > (r.observed_at, r.received_at, r.batch_id))`,
    [homes, until === null ? null : isoInstant(until)],
  )
}

async function loadTallies(tx: Queryable, homes: readonly SubjectId[]) {
  return await tx.query<{ home: SubjectId; tally: Tally }>(
    'SELECT home_id AS home, tally FROM tally WHERE home_id = ANY ($1::uuid[])',
    [homes],
  )
}

/** @param until what had been recorded by then; null: all. */
export async function loadConsents(
  tx: Queryable,
  homes: readonly SubjectId[],
  until: Instant | null = null,
): Promise<FiledConsent[]> {
  const rows = await tx.query<ConsentRecord & { home: SubjectId }>(
    `SELECT home_id AS home, id, purpose, categories, recipient, state, jurisdiction, source, notice,
       notice_version AS "noticeVersion",
       (extract(epoch FROM effective_at) * 1000)::float8 AS "effectiveAt",
       (extract(epoch FROM expires_at) * 1000)::float8 AS "expiresAt",
       (extract(epoch FROM recorded_at) * 1000)::float8 AS "recordedAt"
     FROM consent_record
     WHERE home_id = ANY ($1::uuid[]) AND ($2::timestamptz IS NULL OR recorded_at <= $2)`,
    [homes, until === null ? null : isoInstant(until)],
  )
  return rows.map(({ home, ...record }) => ({ home, record }))
}

function homesWithSeveralHistories(people: ReadonlyMap<SubjectId, PersonFacts>): SubjectId[] {
  return [...people].flatMap(([root, { consents }]) =>
    new Set(consents.map(({ home }) => home)).size > 1 ? [root] : [],
  )
}

async function loadLinks(tx: Queryable, roots: readonly SubjectId[]): Promise<HomeLink[]> {
  if (roots.length === 0) return []
  return await tx.query<HomeLink & Record<string, unknown>>(
    `SELECT m.survivor_id AS one, m.retired_id AS other,
       (extract(epoch FROM m.merged_at) * 1000)::float8 AS at
     FROM subject s JOIN subject_merge m ON m.survivor_id = s.id
     WHERE s.root_id = ANY ($1::uuid[]) AND m.undone_at IS NULL`,
    [roots],
  )
}

async function loadVerified(tx: Queryable, homes: readonly SubjectId[]) {
  return await tx.query<{ home: SubjectId; kind: string }>(
    'SELECT home_id AS home, kind FROM identifier WHERE home_id = ANY ($1::uuid[]) AND verified',
    [homes],
  )
}
