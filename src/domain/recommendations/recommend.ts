import { DAY } from '../../kernel/time.ts'
import type { Interaction } from '../profiles/read-model.ts'
import type {
  RecommendationAnswer,
  RecommendedLists,
  RecommenderInput,
  RecommenderModel,
} from './recommender.ts'

/** Lists are kept longer than a page, so that a category filter finds something. */
const KEPT = 50
/** What somebody looked at three months ago says half as much as what they look at today. */
const HISTORY_HALF_LIFE = 90 * DAY
/** Buying says more than looking. */
const BOUGHT_WEIGHT = 2

/**
 * What to recommend to one person. The `activity` list reads nothing but which items were seen, as a set: no counts,
 * instants or purchases, so it can be told to whoever may know that. The `full` list also reads purchases and leaves
 * out what was bought. Neither holds what was seen already. Each item names the one that argues most for it.
 * @param catalogue available items; others are not recommended.
 */
export function recommendedFor(
  model: RecommenderModel | null,
  catalogue: ReadonlyMap<string, string | null>,
  interactions: readonly Interaction[],
): RecommendedLists {
  if (model === null) return { activity: [], full: [], model: 0 }
  const seen = new Map<string, number>()
  const full = new Map<string, number>()
  for (const [itemId, views, purchases, lastAt] of interactions) {
    if (views > 0) seen.set(itemId, 1)
    // Aged as of the fit: scores that moved with each rewriting of a row would tell that something else in it changed.
    const age = Math.max(0, model.fittedAt - lastAt)
    full.set(itemId, (purchases > 0 ? BOUGHT_WEIGHT : 1) * 2 ** (-age / HISTORY_HALF_LIFE))
  }
  const list = (input: RecommenderInput, history: ReadonlyMap<string, number>) =>
    model.neighbours[input]
      .strongest(history, (itemId) => catalogue.has(itemId), KEPT)
      .map(([itemId, score, because]) => [itemId, rounded(score), because] as const)
  return { activity: list('activity', seen), full: list('full', full), model: model.id }
}

/** Six digits: what is beyond them only makes rows longer. */
const rounded = (score: number) => Number(score.toPrecision(6))

/** What the caller asks for and may know. */
export interface RecommendationQuestion {
  readonly model: RecommenderModel | null
  readonly catalogue: ReadonlyMap<string, string | null>
  readonly lists: RecommendedLists | null
  /** The widest input that may be told to this caller; null: nothing personal, popularity only. */
  readonly input: RecommenderInput | null
  /** The person's interactions, where this caller may see the purchases among them; null otherwise. */
  readonly interactions: readonly Interaction[] | null
  readonly category: string | null
  readonly first: number
}

/**
 * The personal list where there is one, else what is popular. What a person owns is left out only where the caller may
 * see purchases: a list must not vary with what its reader may not know.
 */
export function answer(question: RecommendationQuestion): RecommendationAnswer {
  const { model, catalogue, category, first, input } = question
  // A model that may be used no more takes the lists that it made with it.
  const lists = model === null ? null : question.lists
  const fits = ([itemId]: readonly [string, ...unknown[]]) =>
    catalogue.has(itemId) && (category === null || catalogue.get(itemId) === category)
  // One at least is looked for: an empty page of a personal list is still that list's.
  const personal = input && lists ? firstOf(lists[input], Math.max(1, first), fits) : []
  if (personal.length > 0)
    return { recommender: 'item-to-item', items: first === 0 ? [] : personal }
  const owned = new Set(
    question.interactions?.filter(([, , bought]) => bought > 0).map(([itemId]) => itemId),
  )
  const popular = firstOf(model?.popular ?? [], first, (one) => fits(one) && !owned.has(one[0]))
  return {
    recommender: 'popularity',
    items: popular.map(([itemId, score]) => [itemId, score, null] as const),
  }
}

function firstOf<T>(list: readonly T[], count: number, fits: (one: T) => boolean): T[] {
  const found: T[] = []
  for (const one of list) {
    if (found.length === count) break
    if (fits(one)) found.push(one)
  }
  return found
}
