import { consentAt } from '../../domain/privacy/consent.ts'
import { plainColumns, type ReadRow, type Recommended } from '../../domain/profiles/read-model.ts'
import { readable } from '../../domain/recommendations/profiling.ts'
import { answer, recommendedFor } from '../../domain/recommendations/recommend.ts'
import type {
  RecommendationStore,
  RecommenderInput,
  RecommenderModel,
} from '../../domain/recommendations/recommender.ts'
import { evaluate } from '../../domain/segments/evaluate.ts'
import { eventNamesOf, eventsSince, factsOf } from '../../domain/segments/facts.ts'
import type { Segment } from '../../domain/segments/rule.ts'
import type { SegmentStore } from '../../domain/segments/segment-store.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Scope } from '../scope/scope.ts'
import type { CatalogueDoor } from './catalogue-door.ts'
import { isOpen, openSegments } from './open-segments.ts'
import { pageSize } from './page.ts'
import type { Plan } from './plan.ts'
import type { DisclosedRow, ProfileRows } from './profile-rows.ts'
import { plainGroupsOf } from './row-values.ts'
import type { StateDecisions } from './state-decisions.ts'
import type { ItemView, MembershipView, ProfileView, RecommendationListView } from './views.ts'

const ACTIVITY = 'user.behavior.activity'
const PURCHASES = 'user.behavior.purchase_history'
/** Lists are kept so long; more would be noise. */
const MOST_RECOMMENDED = 50

/** What recommendations are made of, the same for all people of a request. */
interface Stock {
  readonly model: RecommenderModel | null
  readonly catalogue: ReadonlyMap<string, string | null>
  /** Null where the catalogue is too large to be held. */
  readonly itemOf: ((id: string) => ItemView | null) | null
}

/**
 * Derived values inherit: a membership or a recommendation says something about each of its inputs, so it is disclosed
 * only where all of them may be, in CLEAR, or GENERALISED where it reads nothing finer than that.
 */
export class DerivedDoor {
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #rows: ProfileRows
  readonly #segments: SegmentStore
  readonly #recommendations: RecommendationStore
  readonly #catalogue: CatalogueDoor
  #defined: Promise<ReadonlyMap<string, Segment>> | null = null
  readonly #shelves = new Map<string, ReadonlyMap<string, string | null>>()
  #stock: Promise<Stock> | null = null

  constructor(
    scope: Scope,
    plan: Plan,
    rows: ProfileRows,
    catalogue: CatalogueDoor,
    stores: { segments: SegmentStore; recommendations: RecommendationStore },
  ) {
    this.#scope = scope
    this.#plan = plan
    this.#rows = rows
    this.#segments = stores.segments
    this.#recommendations = stores.recommendations
    this.#catalogue = catalogue
  }

  /** Segments that the person is a member of, as far as this caller may know; null where it may know of none. */
  async segmentsOf(view: ProfileView): Promise<MembershipView[] | null> {
    const disclosed = this.#rows.at(view)
    const { row, decisions } = disclosed
    if (decisions.decideField('Profile.segments').reason !== null) return null
    const defined = await this.segments()
    const open = openSegments(decisions, this.#plan, defined)
    if (open.size < defined.size) this.#noteHiddenSegments(disclosed)
    const memberships: MembershipView[] = []
    for (const [key, [stored, until]] of Object.entries(row.memberships ?? {})) {
      const segment = open.get(key)
      if (!segment) continue
      const stale = until !== null && until <= this.#scope.now
      const now = stale ? await this.#evaluate(disclosed, segment) : { member: stored, until }
      if (now.member) memberships.push({ key, name: segment.name, until: now.until })
    }
    return memberships.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** A list to recommend: personal where inputs and consent allow, else what is popular. Null where the caller may see none. */
  async recommendationsOf(
    view: ProfileView,
    args: { first: number; category: string | null },
  ): Promise<RecommendationListView | null> {
    const { row, decisions } = this.#rows.at(view)
    const first = pageSize(args.first, MOST_RECOMMENDED)
    const own = decisions.decideField('Profile.recommendations')
    if (own.reason !== null && !decisions.isConsentMatter(own.reason)) {
      const reason = decisions.told(own.reason)
      this.#scope.noteWithheld(
        (this.#plan.paths.get('Profile.recommendations') ?? []).map((path) => ({ path, reason })),
        view.id,
      )
      return null
    }
    const input = own.reason === null ? inputFor(decisions) : null
    this.#stock ??= this.#takeStock()
    const { model, catalogue, itemOf } = await this.#stock
    const purchasesOpen = input === 'full'
    const asks = purchasesOpen || (input && args.category !== null)
    const interactions =
      asks && !isStored(row, args) ? await this.#interactionsOf(row.subjectId) : null
    const lists =
      args.category !== null && interactions
        ? recommendedFor(
            model,
            this.#shelf(catalogue, args.category),
            readable(interactions, decisions.profiling, this.#scope.now),
          )
        : (row.recommended ?? null)
    const given = answer({
      model,
      catalogue,
      lists,
      input,
      interactions: purchasesOpen ? interactions : null,
      category: args.category,
      first,
    })
    const explained = decisions.decide(ACTIVITY).treatment === 'CLEAR'
    const item = itemOf ?? (await this.#catalogue.itemsOf(namesIn(given.items, explained)))
    return {
      recommender: given.recommender === 'item-to-item' ? 'ITEM_TO_ITEM' : 'POPULARITY',
      recommendations: given.items.map(([itemId, score, because]) => ({
        itemId,
        score,
        item: item(itemId),
        because: explained && because !== null ? item(because) : null,
      })),
    }
  }

  /** The person who entered or left a segment, where this caller may know of such memberships; else null, and nothing noted. */
  async profileIn(key: string, subject: SubjectId): Promise<ProfileView | null> {
    const segment = (await this.segments()).get(key)
    const row = segment && (await this.#rows.extra(subject, []))
    if (!segment || !row) return null
    const decisions = this.#plan.decisionsFor(consentAt(row.consent, this.#scope.now))
    return isOpen(decisions, this.#plan, segment) ? await this.#rows.view(subject) : null
  }

  /** All defined segments; asked for once per request. */
  segments(): Promise<ReadonlyMap<string, Segment>> {
    this.#defined ??= this.#segments.all()
    return this.#defined
  }

  async #takeStock(): Promise<Stock> {
    const [model, catalogue, itemOf] = await Promise.all([
      this.#recommendations.model(),
      this.#recommendations.catalogue(),
      this.#catalogue.allItems(),
    ])
    return { model, catalogue, itemOf }
  }

  /** For where no stored list answers: a category is asked for, or popularity has to leave out what they own. */
  async #interactionsOf(subjectId: string) {
    return (await this.#rows.extra(subjectId, ['interactions']))?.interactions ?? null
  }

  /** The items of one category; worked out once per request, whatever the number of people. */
  #shelf(catalogue: ReadonlyMap<string, string | null>, category: string) {
    const known = this.#shelves.get(category)
    if (known) return known
    const shelf = new Map([...catalogue].filter(([, one]) => one === category))
    this.#shelves.set(category, shelf)
    return shelf
  }

  async #evaluate(disclosed: DisclosedRow, segment: Segment) {
    const { subjectId } = disclosed.row
    const row = await this.#rows.extra(subjectId, plainColumns)
    if (!row) return { member: false, until: null }
    const names = eventNamesOf(segment.rule)
    const since = eventsSince([segment.rule], this.#scope.now)
    const events =
      names.length > 0 ? await this.#segments.eventInstants([subjectId], names, since) : new Map()
    const groups = plainGroupsOf(row)
    return evaluate(segment.rule, factsOf(groups, events.get(subjectId) ?? {}), this.#scope.now)
  }

  #noteHiddenSegments(disclosed: DisclosedRow): void {
    const reason = disclosed.decisions.told('DERIVED_FROM_WITHHELD')
    const paths = this.#plan.paths.get('Profile.segments') ?? []
    this.#scope.noteWithheld(
      paths.map((path) => ({ path, reason })),
      disclosed.id,
    )
  }
}

/**
 * The widest recommender input that may be told, and that the person lets be read for profiling at this instant. The
 * `activity` list reads which items were seen as a bare set, no counts and no instants: that is what activity is when
 * generalised.
 */
function inputFor(decisions: StateDecisions): RecommenderInput | null {
  const { profiling } = decisions
  const activity = decisions.decide(ACTIVITY).treatment
  if (profiling === null || (activity !== 'CLEAR' && activity !== 'GENERALISED')) return null
  const purchases = activity === 'CLEAR' && decisions.decide(PURCHASES).treatment === 'CLEAR'
  return purchases && profiling === 'full' ? 'full' : 'activity'
}

function isStored(row: ReadRow, { category }: { category: string | null }): boolean {
  return category === null && (row.recommended?.full.length ?? 0) > 0
}

function namesIn(items: Recommended, explained: boolean): string[] {
  const names: string[] = []
  for (const [itemId, , because] of items) {
    names.push(itemId)
    if (explained && because !== null) names.push(because)
  }
  return names
}
