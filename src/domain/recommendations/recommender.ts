import type { Instant } from '../../kernel/time.ts'
import type { NeighbourIndex } from '../../learning/neighbour-index.ts'
import type { Interaction, Recommended } from '../profiles/read-model.ts'

export interface Item {
  readonly id: string
  readonly title: string
  readonly category: string | null
  readonly price: number | null
  readonly available: boolean
  readonly attributes: Readonly<Record<string, unknown>>
  readonly updatedAt: Instant
}

/** Which interactions a recommender has read: `activity` (views and the like), or `full` (with purchases). */
export type RecommenderInput = 'activity' | 'full'

/** A fitted model: shared by everybody, holding nothing that belongs to one person. */
export interface RecommenderModel {
  readonly id: number
  readonly fittedAt: Instant
  /** Item ids by decreasing time-decayed popularity, with their score. */
  readonly popular: readonly (readonly [itemId: string, score: number])[]
  /** Per input: similar items with cosine similarity. */
  readonly neighbours: Readonly<Record<RecommenderInput, NeighbourIndex>>
}

export type RecommenderName = 'item-to-item' | 'popularity'

export interface RecommendationAnswer {
  readonly recommender: RecommenderName
  readonly items: Recommended
}

/** Fitted models and the items they speak of. */
export interface RecommendationStore {
  /** The newest model, or null before the first fit; cached, looked for again at most once a second. */
  model(): Promise<RecommenderModel | null>
  /** All interactions of those people whose consent state is permitted, in pages, for a fit. */
  interactions(
    permittedStates: readonly number[],
  ): AsyncIterable<
    readonly { readonly subjectId: string; readonly interactions: readonly Interaction[] }[]
  >
  /** Stores a fitted model and returns its number; older models stay until replaced twice. */
  saveModel(model: Omit<RecommenderModel, 'id'>): Promise<number>
  items(ids: readonly string[]): Promise<Map<string, Item>>
  listItems(query: {
    category: string | null
    limit: number
    after: string | null
  }): Promise<readonly Item[]>
  saveItems(items: readonly Item[]): Promise<void>
  /** item id -> category, of all available items; cached like the model. */
  catalogue(): Promise<ReadonlyMap<string, string | null>>
}
