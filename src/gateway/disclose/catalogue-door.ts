import DataLoader from 'dataloader'
import type { ProfileStore } from '../../domain/profiles/profile-store.ts'
import type { Item, RecommendationStore } from '../../domain/recommendations/recommender.ts'
import { describeRule } from '../../domain/segments/describe-rule.ts'
import type { Segment } from '../../domain/segments/rule.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Scope } from '../scope/scope.ts'
import type { Cursors } from './cursor.ts'
import { isOpen } from './open-segments.ts'
import { pageOf, pageSize } from './page.ts'
import type { Plan } from './plan.ts'
import { staticDecision } from './state-decisions.ts'
import type { ItemView, Page, SegmentView } from './views.ts'

/** Below this many members a size is not told at all. */
const FEWEST = 20
const ROUNDED_TO = 10

/** What is no person's: items and the definitions of segments. Only their sizes speak of people, as rounded counts. */
export class CatalogueDoor {
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #store: ProfileStore
  readonly #segments: SegmentStore
  readonly #recommendations: RecommendationStore
  readonly #cursors: Cursors
  readonly #items: DataLoader<readonly string[], ReadonlyMap<string, Item>>

  constructor(
    scope: Scope,
    plan: Plan,
    ports: {
      store: ProfileStore
      segments: SegmentStore
      recommendations: RecommendationStore
      cursors: Cursors
    },
  ) {
    this.#scope = scope
    this.#plan = plan
    this.#store = ports.store
    this.#segments = ports.segments
    this.#recommendations = ports.recommendations
    this.#cursors = ports.cursors
    // Whole lists are the keys: one promise for a list of fifty, one statement for all lists of a request.
    this.#items = new DataLoader(
      async (lists) => {
        const items = await ports.recommendations.items([...new Set(lists.flat())])
        return lists.map(() => items)
      },
      { cache: false },
    )
  }

  async item(id: string): Promise<ItemView | null> {
    return itemView((await this.#items.load([id])).get(id))
  }

  /** Items by id; those that are not in the catalogue are null. */
  async itemsOf(ids: readonly string[]): Promise<(id: string) => ItemView | null> {
    const items = await this.#items.load(ids)
    return (id) => itemView(items.get(id))
  }

  /** As `itemsOf`, for every id; null where the catalogue is too large to be held. */
  async allItems(): Promise<((id: string) => ItemView | null) | null> {
    const items = await this.#recommendations.allItems()
    const views = items && viewsOf(items)
    return views && ((id) => views.get(id) ?? null)
  }

  async items(
    category: string | null,
    page: { first: number | null; after: string | null },
  ): Promise<Page<ItemView>> {
    const size = pageSize(page.first)
    const list = ['items', category ?? '']
    const after = page.after === null ? null : (this.#cursors.open(list, page.after) as string)
    const items = await this.#recommendations.listItems({ category, limit: size + 1, after })
    return pageOf(items, size, after !== null, (item) => {
      const node = itemView(item)
      return node && { node, cursor: this.#cursors.seal(list, item.id) }
    })
  }

  async segment(key: string): Promise<SegmentView | null> {
    const segment = (await this.#segments.all()).get(key)
    return segment && this.#mayKnow(segment) ? this.#view(segment) : null
  }

  async segments(page: { first: number | null; after: string | null }): Promise<Page<SegmentView>> {
    const size = pageSize(page.first)
    const list = ['segments', this.#plan.grant.audience]
    const after = page.after === null ? null : (this.#cursors.open(list, page.after) as string)
    const keys = [...(await this.#segments.all()).values()]
      .filter((one) => this.#mayKnow(one) && (after === null || one.key > after))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    return pageOf(keys.slice(0, size + 1), size, after !== null, (segment) => ({
      node: this.#view(segment),
      cursor: this.#cursors.seal(list, segment.key),
    }))
  }

  /**
   * How many are in a segment, among those whose membership the caller could be told: for analysts and marketers, rounded
   * to 10 and null below 20. Nobody else is told.
   */
  async sizeOf(key: string): Promise<number | null> {
    const segment = (await this.#segments.all()).get(key)
    const { grant } = this.#plan
    if (!segment || !grant.roles.some((role) => role === 'analyst' || role === 'marketer'))
      return null
    if (grant.purpose === null)
      throw new Refusal('PURPOSE_REQUIRED', 'Sizes speak of people: name a purpose.')
    const plan = this.#plan
    if (!isOpen({ decide: (category) => staticDecision(plan, category) }, plan, segment))
      return null
    const states = await this.#store.consentStates()
    const permitted = [...states].filter(([, state]) =>
      isOpen(plan.decisionsFor(state), plan, segment),
    )
    const count = await this.#segments.count(
      key,
      permitted.map(([id]) => id),
      this.#scope.now,
    )
    this.#scope.noteAction({ counted: key })
    return count < FEWEST ? null : Math.round(count / ROUNDED_TO) * ROUNDED_TO
  }

  /** Partners are told only of segments that they could be told of about somebody: a name may be the rule in words. */
  #mayKnow(segment: Segment): boolean {
    const { segments, scopes, isPartner } = this.#plan.grant
    if (!scopes.has('segments:read') || (segments !== null && !segments.includes(segment.key)))
      return false
    const could = { decide: (category: string) => staticDecision(this.#plan, category) }
    return !isPartner || isOpen(could, this.#plan, segment)
  }

  /** A rule tells a partner what the house thinks about: it is for those who work with segments. */
  #view(segment: Segment): SegmentView {
    const seesRules =
      this.#plan.grant.roles.some((role) => RULE_READERS.has(role)) ||
      this.#plan.grant.scopes.has('segments:write')
    const { key, name, description, categories } = segment
    return {
      key,
      name,
      description,
      categories,
      rule: seesRules ? describeRule(segment.rule) : null,
    }
  }
}

const RULE_READERS: ReadonlySet<string> = new Set(['analyst', 'marketer', 'compliance', 'admin'])

/** The same items are shown over and over: each is shaped once. */
const shaped = new WeakMap<ReadonlyMap<string, Item>, ReadonlyMap<string, ItemView>>()

function viewsOf(items: ReadonlyMap<string, Item>): ReadonlyMap<string, ItemView> {
  const known = shaped.get(items)
  if (known) return known
  const views = new Map([...items.values()].map((item) => [item.id, viewOf(item)]))
  shaped.set(items, views)
  return views
}

function itemView(item: Item | undefined): ItemView | null {
  return item ? viewOf(item) : null
}

function viewOf({ id, title, category, price, available }: Item): ItemView {
  return { id: `item:${id}`, itemId: id, title, category, price, available }
}
