import type { ConsentRecord } from '../../domain/privacy/consent.ts'
import { PURCHASE_WORDS } from '../../domain/privacy/event-category.ts'
import type { KeptConsent } from '../../domain/privacy/kept-consent.ts'
import type {
  ProfileStore,
  RowPosition,
  RowQuery,
  TimelineEvent,
} from '../../domain/profiles/profile-store.ts'
import type { ReadColumn, ReadRow } from '../../domain/profiles/read-model.ts'
import { NOBODY, type SubjectId } from '../../kernel/ids.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import { refreshConsent } from './consent-refresh.ts'
import { ConsentStates } from './consent-states.ts'
import type { Database } from './database.ts'
import { listStatement } from './profile-list.ts'
import { columnSetOf, readRow, type StoredRow } from './read-rows.ts'

/** `eventCategory` in SQL. */
const ABOUT_PURCHASES = String.raw`(regexp_replace(e.name, '([a-z])([A-Z])', '\1 \2', 'g')
  ~* '(^|[^a-z])(${PURCHASE_WORDS.join('|')})')`

export class PostgresProfileStore implements ProfileStore {
  readonly #database: Database
  readonly #states: ConsentStates
  readonly #refreshMemberships: (now: Instant) => Promise<number>

  /** @param refreshMemberships re-evaluates memberships that have changed by time alone; returns how many rows. */
  constructor(
    database: Database,
    refreshMemberships: (now: Instant) => Promise<number> = async () => 0,
  ) {
    this.#database = database
    this.#states = new ConsentStates(database)
    this.#refreshMemberships = refreshMemberships
  }

  async load(
    ids: readonly SubjectId[],
    columns: ReadonlySet<ReadColumn>,
  ): Promise<Map<SubjectId, ReadRow>> {
    const set = columnSetOf(columns)
    const found = new Map<SubjectId, ReadRow>()
    if (ids.length === 0) return found
    const rows = await this.#database.query<StoredRow>(
      // From a subselect, so that the planner can't count them and keeps its plan: for one it would plan each time anew.
      `SELECT ${set.selected} FROM read_model r WHERE r.subject_id = ANY((SELECT $1::uuid[])::uuid[])`,
      [ids],
      `profiles-${set.tag}`,
    )
    const states = await this.#states.holding(rows.map(({ consent_id }) => consent_id))
    for (const row of rows) found.set(row.subject_id, readRow(row, set, states))
    // Hardly anybody asks for a retired id, so those who don't shall not pay for a join.
    const missing = ids.filter((id) => !found.has(id))
    if (missing.length > 0) await this.#loadRetired(missing, columns, found)
    return found
  }

  async missOnce(columns: ReadonlySet<ReadColumn>): Promise<void> {
    await this.#loadRetired([NOBODY], columns, new Map())
  }

  async list(
    query: RowQuery,
    columns: ReadonlySet<ReadColumn>,
  ): Promise<readonly { row: ReadRow; position: RowPosition }[]> {
    const set = columnSetOf(columns)
    const { text, values } = listStatement(query, set.selected)
    type Listed = StoredRow & { order_value: string | number | null; order_tie: string }
    const rows = await this.#database.query<Listed>(text, values)
    const states = await this.#states.holding(rows.map(({ consent_id }) => consent_id))
    return rows.map((row) => ({
      row: readRow(row, set, states),
      position: { value: row.order_value, tie: row.order_tie },
    }))
  }

  async findByIdentifier(kind: string, blindIndex: Uint8Array): Promise<SubjectId | null> {
    const [row] = await this.#database.query<{ root_id: SubjectId }>(
      `SELECT s.root_id FROM identifier i JOIN subject s ON s.id = i.home_id
       WHERE i.kind = $1 AND i.blind_index = $2`,
      [kind, blindIndex],
      'profile-by-identifier',
    )
    return row?.root_id ?? null
  }

  async timelines(
    ids: readonly SubjectId[],
    page: Parameters<ProfileStore['timelines']>[1],
  ): Promise<Map<SubjectId, readonly TimelineEvent[]>> {
    const { before, only = null } = page
    const rows = await this.#database.query<EventRow>(
      `SELECT me.id AS asked, e.* FROM subject me CROSS JOIN LATERAL (
         SELECT e.source, e.message_id, e.name, e.occurred_at, e.item_id, e.order_id, e.value, e.properties
         FROM subject home JOIN event e ON e.home_id = home.id
         WHERE home.root_id = me.root_id
           AND ($3::timestamptz IS NULL OR
             (e.occurred_at, e.source COLLATE "C", e.message_id COLLATE "C") < ($3, $4::text, $5::text))
           AND ($6::boolean IS NULL OR ${ABOUT_PURCHASES} = $6)
         ORDER BY e.occurred_at DESC, e.source COLLATE "C" DESC, e.message_id COLLATE "C" DESC
         LIMIT $2
       ) e WHERE me.id = ANY($1::uuid[])
       ORDER BY me.id, e.occurred_at DESC, e.source COLLATE "C" DESC, e.message_id COLLATE "C" DESC`,
      [
        ids,
        page.limit,
        before ? isoInstant(before.at) : null,
        before?.source ?? null,
        before?.messageId ?? null,
        only && only === 'user.behavior.purchase_history',
      ],
      'profile-timelines',
    )
    return grouped(ids, rows, timelineEvent)
  }

  async consentRecords(ids: readonly SubjectId[]): Promise<Map<SubjectId, readonly KeptConsent[]>> {
    const rows = await this.#database.query<ConsentRow>(
      `SELECT me.id AS asked, c.* FROM subject me
       JOIN subject home ON home.root_id = me.root_id
       JOIN consent_record c ON c.home_id = home.id
       WHERE me.id = ANY($1::uuid[]) ORDER BY c.effective_at, c.recorded_at, c.id`,
      [ids],
      'profile-consent-records',
    )
    return grouped(ids, rows, consentRecord)
  }

  consentStates(): Promise<ReadonlyMap<number, string>> {
    return this.#states.all()
  }

  async refreshDue(now: Instant): Promise<number> {
    return (await refreshConsent(this.#database, now)) + (await this.#refreshMemberships(now))
  }

  async #loadRetired(
    ids: readonly SubjectId[],
    columns: ReadonlySet<ReadColumn>,
    found: Map<SubjectId, ReadRow>,
  ): Promise<void> {
    const set = columnSetOf(columns)
    const rows = await this.#database.query<StoredRow & { asked: SubjectId }>(
      `SELECT s.id AS asked, ${set.selected} FROM subject s JOIN read_model r ON r.subject_id = s.root_id
       WHERE s.id = ANY($1::uuid[])`,
      [ids],
      `profiles-retired-${set.tag}`,
    )
    const states = await this.#states.holding(rows.map(({ consent_id }) => consent_id))
    for (const row of rows) found.set(row.asked, readRow(row, set, states))
  }
}

interface EventRow {
  asked: SubjectId
  source: string
  message_id: string
  name: string
  occurred_at: Date
  item_id: string | null
  order_id: string | null
  value: number
  properties: Record<string, unknown>
}

function timelineEvent(row: EventRow): TimelineEvent {
  return {
    source: row.source,
    messageId: row.message_id,
    name: row.name,
    at: row.occurred_at.getTime(),
    itemId: row.item_id,
    orderId: row.order_id,
    value: row.value,
    properties: row.properties,
  }
}

interface ConsentRow {
  asked: SubjectId
  id: string
  purpose: string
  categories: string[] | null
  recipient: string | null
  state: ConsentRecord['state']
  jurisdiction: string | null
  effective_at: Date
  expires_at: Date | null
  recorded_at: Date
  source: string
  method: string | null
  collection_point: string | null
  notice: string | null
  notice_version: string | null
  notice_hash: string | null
  language: string | null
  entity: string | null
  evidence: Record<string, unknown> | null
}

function consentRecord(row: ConsentRow): KeptConsent {
  return {
    id: row.id,
    purpose: row.purpose,
    categories: row.categories,
    recipient: row.recipient,
    state: row.state,
    jurisdiction: row.jurisdiction,
    effectiveAt: row.effective_at.getTime(),
    expiresAt: row.expires_at?.getTime() ?? null,
    recordedAt: row.recorded_at.getTime(),
    source: row.source,
    method: row.method,
    collectionPoint: row.collection_point,
    notice: row.notice,
    noticeVersion: row.notice_version,
    noticeHash: row.notice_hash,
    language: row.language,
    entity: row.entity,
    evidence: row.evidence,
  }
}

function grouped<Row extends { asked: SubjectId }, T>(
  ids: readonly SubjectId[],
  rows: readonly Row[],
  one: (row: Row) => T,
): Map<SubjectId, T[]> {
  const groups = new Map<SubjectId, T[]>(ids.map((id) => [id, []]))
  for (const row of rows) groups.get(row.asked)?.push(one(row))
  return groups
}
