import { createHash } from 'node:crypto'
import type { Category } from '../../domain/privacy/categories.ts'
import type {
  ProfileOrderKey,
  ProfileStore,
  RowCondition,
  RowPosition,
  RowQuery,
  SegmentLimit,
} from '../../domain/profiles/profile-store.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Scope } from '../scope/scope.ts'
import type { Cursors } from './cursor.ts'
import { isOpen } from './open-segments.ts'
import { pageOf, pageSize } from './page.ts'
import type { Plan } from './plan.ts'
import type { ProfileRows } from './profile-rows.ts'
import { type StateDecisions, staticDecision } from './state-decisions.ts'
import type { Page, ProfileView } from './views.ts'

/** What a caller may filter a list by; every field is one data category. */
export interface ProfileFilter {
  readonly country?: string | null
  readonly plan?: string | null
  readonly lifecycleStage?: string | null
  readonly segment?: string | null
  readonly ageBand?: string | null
  readonly minSessions?: number | null
  readonly seenSince?: number | null
  readonly minOrders?: number | null
}

export interface ProfileOrder {
  readonly by: ProfileOrderKey
  /** Absent: largest or latest first. */
  readonly descending?: boolean | null
}

type SettledOrder = Pick<RowQuery['order'], 'descending'> & { readonly by: ProfileOrderKey }

const filterFields: Readonly<
  Record<
    Exclude<keyof ProfileFilter, 'segment'>,
    Pick<RowCondition, 'field' | 'operator'> & { category: Category }
  >
> = {
  country: { field: 'country', operator: 'eq', category: 'user.location.country' },
  plan: { field: 'plan', operator: 'eq', category: 'user.account.plan' },
  lifecycleStage: { field: 'lifecycleStage', operator: 'eq', category: 'user.account' },
  ageBand: { field: 'ageBand', operator: 'eq', category: 'user.demographic.age_band' },
  minSessions: { field: 'sessionCount', operator: 'gte', category: 'user.behavior.activity' },
  seenSince: { field: 'lastSeenAt', operator: 'gte', category: 'user.behavior.activity' },
  minOrders: { field: 'orderCount', operator: 'gte', category: 'user.behavior.purchase_history' },
}

const orderCategories: Readonly<Record<Exclude<ProfileOrderKey, 'none'>, Category>> = {
  lastSeenAt: 'user.behavior.activity',
  sessionCount: 'user.behavior.activity',
  customerSince: 'user.account',
  totalValue: 'user.behavior.purchase_history',
}

/**
 * Lists of profiles. A caller can filter and order only by what it may see in CLEAR, and a row matches only where that
 * person's consent covers the field: so neither presence, order nor cursor tells anything that the fields would not.
 */
export class SearchDoor {
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #rows: ProfileRows
  readonly #store: ProfileStore
  readonly #segments: SegmentStore
  readonly #cursors: Cursors

  constructor(
    scope: Scope,
    plan: Plan,
    rows: ProfileRows,
    ports: { store: ProfileStore; segments: SegmentStore; cursors: Cursors },
  ) {
    this.#scope = scope
    this.#plan = plan
    this.#rows = rows
    this.#store = ports.store
    this.#segments = ports.segments
    this.#cursors = ports.cursors
  }

  async search(
    filter: ProfileFilter,
    order: ProfileOrder | null,
    page: { first: number | null; after: string | null },
  ): Promise<Page<ProfileView>> {
    if (!this.#plan.grant.listsRows)
      throw new Refusal('FORBIDDEN', 'This token may not list profiles.')
    const size = pageSize(page.first)
    const settled = {
      by: order?.by ?? ('none' as const),
      descending: order !== null && (order.descending ?? true),
    }
    const list = this.#listOf(filter, settled)
    const after = page.after === null ? null : positionFrom(this.#cursors.open(list, page.after))
    await this.#store.refreshDue(this.#scope.now)
    const states = await this.#store.consentStates()
    const query = await this.#query(filter, settled, states, size, after)
    const found = await this.#store.list(query, this.#plan.columns)
    const views = await this.#rows.disclose(found.slice(0, size).map(({ row }) => row))
    return pageOf(
      found.map(({ position }, index) => ({ position, view: views[index] ?? null })),
      size,
      after !== null,
      ({ position, view }) =>
        view && { node: view, cursor: this.#cursors.seal(list, [position.value, position.tie]) },
    )
  }

  async #query(
    filter: ProfileFilter,
    order: SettledOrder,
    states: ReadonlyMap<number, string>,
    size: number,
    after: RowPosition | null,
  ): Promise<RowQuery> {
    const permitting = (asks: (decisions: StateDecisions) => boolean) =>
      [...states].filter(([, state]) => asks(this.#plan.decisionsFor(state))).map(([id]) => id)
    const clear = (category: Category) =>
      permitting((decisions) => decisions.decide(category).treatment === 'CLEAR')
    const { rows } = this.#scope
    const defined = await this.#segments.all()
    const membersOf = (key: string): SegmentLimit => {
      const segment = defined.get(key)
      const permittedStates = segment
        ? permitting((decisions) => isOpen(decisions, this.#plan, segment))
        : []
      return { key, permittedStates }
    }
    return {
      visibleStates: permitting((decisions) => decisions.known),
      onlySubject: rows.subjectId,
      onlySubjects: rows.subjects,
      onlySegments: rows.segments?.map(membersOf) ?? null,
      kind: 'person',
      conditions: this.#conditions(filter, clear, membersOf),
      order: {
        key: order.by,
        descending: order.descending,
        permittedStates: order.by === 'none' ? [] : clear(this.#orderCategory(order.by)),
      },
      audienceSeed: `${this.#plan.grant.audience}/${this.#plan.grant.purpose?.key ?? ''}`,
      limit: size + 1,
      after,
    }
  }

  #conditions(
    filter: ProfileFilter,
    clear: (category: Category) => number[],
    membersOf: (key: string) => SegmentLimit,
  ): RowCondition[] {
    const conditions: RowCondition[] = []
    for (const [name, { field, operator, category }] of Object.entries(filterFields)) {
      const value = filter[name as keyof ProfileFilter]
      if (value === null || value === undefined) continue
      this.#mayUse(category, `filter by ${name}`)
      conditions.push({ field, operator, value, permittedStates: clear(category) })
    }
    if (filter.segment === null || filter.segment === undefined) return conditions
    const { segments: limitedTo, scopes } = this.#plan.grant
    // A segment that the caller may not use looks like one that does not exist: nobody matches.
    const usable =
      scopes.has('segments:read') && (limitedTo === null || limitedTo.includes(filter.segment))
    const { permittedStates } = usable ? membersOf(filter.segment) : { permittedStates: [] }
    conditions.push({ field: 'segment', operator: 'eq', value: filter.segment, permittedStates })
    return conditions
  }

  #orderCategory(by: Exclude<ProfileOrderKey, 'none'>): Category {
    const category = orderCategories[by]
    this.#mayUse(category, `order by ${by}`)
    return category
  }

  /** What may not be seen in CLEAR may not be asked about either (OWASP API3:2023). */
  #mayUse(category: Category, what: string): void {
    if (staticDecision(this.#plan, category).treatment === 'CLEAR') return
    throw new Refusal(
      'FORBIDDEN',
      this.#plan.grant.isPartner ? 'This token may not do that.' : `This token may not ${what}.`,
    )
  }

  /** What a cursor of this list is bound to. */
  #listOf(filter: ProfileFilter, order: SettledOrder): string[] {
    const { grant } = this.#plan
    const asked = createHash('sha256')
      .update(
        JSON.stringify([
          Object.entries(filter)
            .filter(([, value]) => value != null)
            .sort(),
          order,
        ]),
      )
      .digest('base64')
    return ['profiles', grant.audience, grant.purpose?.key ?? '', asked]
  }
}

function positionFrom(opened: unknown): RowPosition {
  const [value, tie] = opened as [string | number | null, string]
  return { value, tie }
}
