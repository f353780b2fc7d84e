import { byScore, nthLargest } from './best-first.ts'
import { at, type ItemSets, rowsByItem } from './item-sets.ts'
import type { NeighbourRow } from './neighbour-index.ts'

/** How many neighbours of an item are kept. */
export const NEIGHBOURS = 100
/**
 * Two items are neighbours only if at least so many people met both: with fewer, chance decides, and a list could tell
 * what one person did.
 */
export const LEAST_TOGETHER = 3

/**
 * Item-to-item similarity: the cosine of the two items' sets of people, |A ∩ B| / √(|A| |B|) (Sarwar et al. 2001;
 * Linden et al. 2003). One row is accumulated at a time, so memory grows with the pairs and not with the square of the
 * items; the caller may pause between rows.
 * @returns for each item with neighbours the `count` nearest, best first, ties by id.
 */
export function* neighbourRows(
  sets: ItemSets,
  count = NEIGHBOURS,
  leastTogether = LEAST_TOGETHER,
): Generator<NeighbourRow> {
  const { items } = sets
  const people = rowsByItem(sets)
  const size = (item: number) => at(people.offsets, item + 1) - at(people.offsets, item)
  const together = new Uint32Array(items.length)
  const similarities = new Float64Array(items.length)
  for (const [item, id] of items.entries()) {
    const close: number[] = []
    for (const other of countTogether(sets, people, item, together)) {
      const both = at(together, other)
      together[other] = 0
      if (other === item || both < leastTogether) continue
      similarities[other] = both / Math.sqrt(size(item) * size(other))
      close.push(other)
    }
    const similarityOf = (other: number) => at(similarities, other)
    const least = nthLargest(Float64Array.from(close, similarityOf), count)
    const nearest = close
      .filter((other) => similarityOf(other) >= least)
      .map((other) => [items[other] as string, similarityOf(other)] as const)
      .sort(byScore)
    if (nearest.length > 0) yield [id, nearest.slice(0, count)]
  }
}

/**
 * Adds up in `together` (all zero before) how many people of the item met each other one.
 * @returns the items whose count is not zero.
 */
function countTogether(
  { offsets, members }: ItemSets,
  people: ReturnType<typeof rowsByItem>,
  item: number,
  together: Uint32Array,
): number[] {
  const met: number[] = []
  for (let p = at(people.offsets, item); p < at(people.offsets, item + 1); p++) {
    const row = at(people.rows, p)
    const end = at(offsets, row + 1)
    for (let index = at(offsets, row); index < end; index++) {
      const other = at(members, index)
      const before = at(together, other)
      if (before === 0) met.push(other)
      together[other] = before + 1
    }
  }
  return met
}
