import { DAY, type Instant } from '../../kernel/time.ts'
import { neighbourRows } from '../../learning/item-neighbours.ts'
import { type ItemSets, ItemSetsBuilder } from '../../learning/item-sets.ts'
import type { NeighbourRow } from '../../learning/neighbour-index.ts'
import { Popularity } from '../../learning/popularity.ts'
import type { Interaction } from '../profiles/read-model.ts'
import type { FittedModel, RecommenderInput } from './recommender.ts'

/** Half of what was popular a month ago still is. */
export const POPULARITY_HALF_LIFE = 30 * DAY
/** Popular items that are kept: enough for a page of every category. */
const POPULAR = 10_000
/** Rows of the similarity between two pauses: a few milliseconds of work. */
const ROWS_PER_TURN = 16

/**
 * Collects interactions, then fits one model. Of people who permit activity only, it reads which items they saw, and
 * nothing else: instants may be those of purchases.
 */
export class ModelFit {
  readonly #now: Instant
  readonly #seen = new ItemSetsBuilder()
  readonly #full = new ItemSetsBuilder()
  readonly #popularity: Popularity

  constructor(now: Instant, halfLife = POPULARITY_HALF_LIFE) {
    this.#now = now
    this.#popularity = new Popularity(now, halfLife)
  }

  add(interactions: readonly Interaction[], permission: RecommenderInput): void {
    const seen = interactions.filter(([, views]) => views > 0)
    if (seen.length > 0) this.#seen.add(seen.map(([itemId]) => itemId))
    if (permission !== 'full' || interactions.length === 0) return
    this.#full.add(interactions.map(([itemId]) => itemId))
    for (const [itemId, , , lastAt] of interactions) this.#popularity.add(itemId, lastAt)
  }

  /** @param pause lets others work; awaited again and again during the fit. */
  async finish(pause: () => Promise<void>): Promise<FittedModel> {
    const activity = await neighboursOf(this.#seen.build(), pause)
    const full = await neighboursOf(this.#full.build(), pause)
    return {
      fittedAt: this.#now,
      popular: this.#popularity.ranked().slice(0, POPULAR),
      neighbours: { activity, full },
    }
  }
}

async function neighboursOf(sets: ItemSets, pause: () => Promise<void>): Promise<NeighbourRow[]> {
  const rows: NeighbourRow[] = []
  for (const row of neighbourRows(sets)) {
    rows.push(row)
    if (rows.length % ROWS_PER_TURN === 0) await pause()
  }
  return rows
}
