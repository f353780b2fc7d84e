import DataLoader from 'dataloader'
import type { ConsentRecord } from '../../domain/privacy/consent.ts'
import { parseVector } from '../../domain/privacy/consent-vector.ts'
import { type EventCategory, eventCategories } from '../../domain/privacy/event-category.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { ProfileStore, TimelineEvent } from '../../domain/profiles/profile-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Cursors } from './cursor.ts'
import { pageOf, pageSize } from './page.ts'
import type { Plan } from './plan.ts'
import type { ProfileRows } from './profile-rows.ts'
import type { StateDecisions } from './state-decisions.ts'
import type { ConsentStateView, Page, ProfileView, TimelineEventView } from './views.ts'

type Position = { at: number; source: string; messageId: string }

/** A person's events and consents: lists below one profile, loaded for all profiles of the request at once. */
export class HistoryDoor {
  readonly #plan: Plan
  readonly #rows: ProfileRows
  readonly #store: ProfileStore
  readonly #cursors: Cursors
  readonly #timelines = new Map<string, DataLoader<SubjectId, readonly TimelineEvent[]>>()
  readonly #consents: DataLoader<SubjectId, readonly ConsentRecord[]>

  constructor(plan: Plan, rows: ProfileRows, ports: { store: ProfileStore; cursors: Cursors }) {
    this.#plan = plan
    this.#rows = rows
    this.#store = ports.store
    this.#cursors = ports.cursors
    this.#consents = new DataLoader(async (ids) => {
      const records = await ports.store.consentRecords(ids)
      return ids.map((id) => records.get(id) ?? [])
    })
  }

  /**
   * Events, newest first. Each has the category of its name and is shown only where that is CLEAR: single events have no
   * generalised form. Hidden ones are not even read, so that they leave no gap and take no time.
   */
  async timelineOf(
    view: ProfileView,
    page: { first: number | null; after: string | null },
  ): Promise<Page<TimelineEventView> | null> {
    const { row, decisions } = this.#rows.at(view)
    if (decisions.decideField('Profile.timeline').reason !== null) return null
    const size = pageSize(page.first, 100)
    const list = ['timeline', this.#plan.grant.audience, row.subjectId]
    const before = page.after === null ? null : (this.#cursors.open(list, page.after) as Position)
    const told = eventCategories.filter(
      (category) => decisions.decide(category).treatment === 'CLEAR',
    )
    const [first, another] = told
    const only = first && !another ? first : null
    const events = first ? await this.#events(row.subjectId, size + 1, before, only) : []
    return pageOf(events, size, page.after !== null, (event) => ({
      node: eventView(event, decisions, this.#plan.policy),
      cursor: this.#cursors.seal(list, {
        at: event.at,
        source: event.source,
        messageId: event.messageId,
      }),
    }))
  }

  /** What the person decided, purpose by purpose, as it stands now. */
  async consentsOf(view: ProfileView): Promise<ConsentStateView[] | null> {
    const { row, decisions } = this.#rows.at(view)
    const { treatment, reason } = decisions.decideField('Profile.consents')
    if (reason !== null) return null
    const records = new Map(
      (await this.#consents.load(row.subjectId)).map((record) => [record.id, record]),
    )
    const standings = [...parseVector(decisions.state).standings].sort(([a], [b]) =>
      a < b ? -1 : 1,
    )
    return standings.map(([key, { state, categories }]) => {
      const [purpose = '', recipient = null] = key.split('@')
      const record = records.get(row.consent.records[key]?.[0] ?? '')
      const whole = treatment === 'CLEAR'
      return {
        purpose,
        recipient: whole ? recipient : null,
        state,
        categories: whole ? categories : null,
        effectiveAt: whole && record ? record.effectiveAt : null,
        expiresAt: whole && record ? record.expiresAt : null,
        source: whole && record ? record.source : null,
      }
    })
  }

  async #events(
    id: SubjectId,
    limit: number,
    before: Position | null,
    only: EventCategory | null,
  ): Promise<readonly TimelineEvent[]> {
    const key = JSON.stringify([limit, before, only])
    let loader = this.#timelines.get(key)
    if (!loader) {
      loader = new DataLoader(async (ids) => {
        const found = await this.#store.timelines(ids, { limit, before, only })
        return ids.map((one) => found.get(one) ?? [])
      })
      this.#timelines.set(key, loader)
    }
    return await loader.load(id)
  }
}

function eventView(
  event: TimelineEvent,
  decisions: StateDecisions,
  policy: Policy,
): TimelineEventView {
  const { name, at, itemId, orderId, value } = event
  // Properties have their category per key, like traits; keys that nobody registered stay inside.
  const known = Object.entries(event.properties).filter(([key]) => {
    const definition = policy.traits.get(key)
    return definition && decisions.decide(definition.category).treatment === 'CLEAR'
  })
  return { name, at, itemId, orderId, value, properties: Object.fromEntries(known) }
}
