import DataLoader from 'dataloader'
import type { Item, RecommendationStore } from '../../domain/recommendations/recommender.ts'
import { describeRule } from '../../domain/segments/describe-rule.ts'
import type { Segment } from '../../domain/segments/rule.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import type { Cursors } from './cursor.ts'
import { mayKnowSegment } from './known-segments.ts'
import { pageOf, pageSize } from './page.ts'
import type { Plan } from './plan.ts'
import type { ItemView, Page, SegmentView } from './views.ts'

/** What is no person's: items and the definitions of segments. */
export class CatalogueDoor {
  readonly #plan: Plan
  readonly #segments: SegmentStore
  readonly #recommendations: RecommendationStore
  readonly #cursors: Cursors
  readonly #items: DataLoader<readonly string[], ReadonlyMap<string, Item>>

  constructor(
    plan: Plan,
    ports: {
      segments: SegmentStore
      recommendations: RecommendationStore
      cursors: Cursors
    },
  ) {
    this.#plan = plan
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
    return segment && mayKnowSegment(this.#plan, segment) ? this.#view(segment) : null
  }

  async segments(page: { first: number | null; after: string | null }): Promise<Page<SegmentView>> {
    const size = pageSize(page.first)
    const list = ['segments', this.#plan.grant.audience]
    const after = page.after === null ? null : (this.#cursors.open(list, page.after) as string)
    const keys = [...(await this.#segments.all()).values()]
      .filter((one) => mayKnowSegment(this.#plan, one) && (after === null || one.key > after))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    return pageOf(keys.slice(0, size + 1), size, after !== null, (segment) => ({
      node: this.#view(segment),
      cursor: this.#cursors.seal(list, segment.key),
    }))
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
