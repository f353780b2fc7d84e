import type { Item, RecommendationStore } from '../../domain/recommendations/recommender.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { byClient } from '../scope/actor.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Scope } from '../scope/scope.ts'

/** An item as the shop words it. */
export interface ItemDraft {
  readonly id: string
  readonly title: string
  readonly category?: string | null
  /** In the shop's currency, not below 0. */
  readonly price?: number | null
  /** Absent: it can be had. */
  readonly available?: boolean | null
}

const MAX_ID = 256
const MAX_TEXT = 500

/** What may be recommended: the catalogue, one item at a time. Whole catalogues come in through `bauta import items`. */
export class Items {
  readonly #store: RecommendationStore
  readonly #recorder: Recorder

  constructor(store: RecommendationStore, recorder: Recorder) {
    this.#store = store
    this.#recorder = recorder
  }

  /**
   * Adds an item, or changes the one with this id, on the trail before it holds; attributes that were imported with it
   * stay.
   * @throws Refusal BAD_USER_INPUT, FORBIDDEN
   */
  async upsert(scope: Scope, draft: ItemDraft): Promise<Item> {
    if (!scope.principal.scopes.has('items:write'))
      throw new Refusal('FORBIDDEN', 'This needs the scope items:write.')
    const price = draft.price ?? null
    if (price !== null && !(Number.isFinite(price) && price >= 0))
      throw new Refusal('BAD_USER_INPUT', 'price: a number not below 0')
    const item: Item = {
      id: plainText('id', draft.id, MAX_ID),
      title: plainText('title', draft.title, MAX_TEXT),
      category: draft.category == null ? null : plainText('category', draft.category, MAX_TEXT),
      price,
      available: draft.available ?? true,
      attributes: {},
      updatedAt: scope.now,
    }
    await this.#recorder.recordAction({ action: 'item.save' }, byClient(scope))
    await this.#store.saveItems([item])
    return item
  }
}

function plainText(field: string, value: string, most: number): string {
  const text = value.trim()
  if (text === '' || text.length > most || /\p{Cc}|\p{Surrogate}/u.test(text))
    throw new Refusal('BAD_USER_INPUT', `${field}: 1 to ${most} characters, in one line`)
  return text
}
