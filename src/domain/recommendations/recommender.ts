import type { SubjectId } from '../../kernel/ids.ts'
import { DAY, type Instant } from '../../kernel/time.ts'
import { NeighbourIndex, type NeighbourRow } from '../../learning/neighbour-index.ts'
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

/** What a fit has found: plain data, as it is stored. It holds nothing that belongs to one person. */
export interface FittedModel {
  readonly fittedAt: Instant
  /** Item ids by decreasing time-decayed popularity, with their score. */
  readonly popular: readonly (readonly [itemId: string, score: number])[]
  /** Per input: each item's nearest neighbours with their cosine similarity, best first. */
  readonly neighbours: Readonly<Record<RecommenderInput, readonly NeighbourRow[]>>
}

/** A fitted model, ready to be asked; shared by everybody. */
export interface RecommenderModel {
  readonly id: number
  readonly fittedAt: Instant
  readonly popular: FittedModel['popular']
  readonly neighbours: Readonly<Record<RecommenderInput, NeighbourIndex>>
}

export function readyModel(
  id: number,
  { fittedAt, popular, neighbours }: FittedModel,
): RecommenderModel {
  return {
    id,
    fittedAt,
    popular,
    neighbours: {
      activity: new NeighbourIndex(neighbours.activity),
      full: new NeighbourIndex(neighbours.full),
    },
  }
}

export type RecommenderName = 'item-to-item' | 'popularity'

export interface RecommendationAnswer {
  readonly recommender: RecommenderName
  readonly items: Recommended
}

/** Both lists of one person, as the read model keeps them. */
export interface RecommendedLists {
  readonly activity: Recommended
  readonly full: Recommended
  /** Number of the model that made them; 0 before the first fit. */
  readonly model: number
}

/** One person's interactions, and the interned consent state under which they were read. */
export interface PersonInteractions {
  readonly subjectId: SubjectId
  readonly state: number
  readonly interactions: readonly Interaction[]
  /** Of the row, for `saveRecommended`. */
  readonly version: string
}

/** How long a model may be used after somebody was erased with whom it was fitted, in milliseconds. */
export const FORGET_WITHIN = DAY

/**
 * Fitted models and the items they speak of. What was fitted with somebody who was erased meanwhile MUST NOT be used, nor
 * become the newest model, later than FORGET_WITHIN after the erasure: an implementation MUST then answer as before the
 * first fit. Lists of a person go with the person, at once.
 */
export interface RecommendationStore {
  /** The newest model, or null before the first fit; cached, looked for again at most once a second. */
  model(): Promise<RecommenderModel | null>
  /**
   * All interactions of those people whose consent state is permitted, in pages of bounded size.
   * @param notOf only people whose lists another model made.
   */
  interactions(
    permittedStates: readonly number[],
    notOf?: number,
  ): AsyncIterable<readonly PersonInteractions[]>
  /** Whether any person's data changed, or anybody was erased, after this instant. */
  changedSince(instant: Instant): Promise<boolean>
  /**
   * Stores a fitted model and returns its number; older models stay until replaced twice.
   * @throws Refusal CONFLICT where it was fitted with somebody whose erasure is FORGET_WITHIN ago.
   */
  saveModel(model: FittedModel): Promise<number>
  /** Replaces the lists of these people, except where the row has changed since it was read. */
  saveRecommended(
    people: readonly { readonly of: PersonInteractions; readonly lists: RecommendedLists }[],
  ): Promise<void>
  /** Empties the lists of everybody whose consent state is none of these; returns how many had any. */
  clearRecommended(permittedStates: readonly number[]): Promise<number>
  /** Runs `work` unless a fit is running, in whichever gateway: then null, at once. */
  fitAlone<T>(work: () => Promise<T>): Promise<T | null>
  /** Those of these items that exist. */
  items(ids: readonly string[]): Promise<ReadonlyMap<string, Item>>
  /** All items, where they are few enough to be kept; else null. */
  allItems(): Promise<ReadonlyMap<string, Item> | null>
  listItems(query: {
    category: string | null
    limit: number
    after: string | null
  }): Promise<readonly Item[]>
  saveItems(items: readonly Item[]): Promise<void>
  /** item id -> category, of all available items; cached like the model. */
  catalogue(): Promise<ReadonlyMap<string, string | null>>
}
