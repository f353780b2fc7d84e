/** Neighbours of one item, best first. */
export type Neighbours = readonly (readonly [item: string, similarity: number])[]

/**
 * Scores every neighbour of a weighted history by the sum of weight × similarity.
 * The history is read in the order of its item ids, so that equal histories give equal bits.
 * @returns item -> score and the history item with the largest part in it (ties: the smaller id).
 */
export function scoresOf(
  neighbours: ReadonlyMap<string, Neighbours>,
  history: ReadonlyMap<string, number>,
): Map<string, { score: number; because: string }> {
  const scores = new Map<string, { score: number; because: string; part: number }>()
  for (const [item, weight] of [...history].sort(byId)) {
    for (const [other, similarity] of neighbours.get(item) ?? []) {
      const part = weight * similarity
      const known = scores.get(other)
      if (!known) scores.set(other, { score: part, because: item, part })
      else {
        known.score += part
        if (part > known.part) {
          known.part = part
          known.because = item
        }
      }
    }
  }
  return scores
}

/** The items with the highest scores that are admitted and not in the history themselves; ties by id. */
export function strongest(
  neighbours: ReadonlyMap<string, Neighbours>,
  history: ReadonlyMap<string, number>,
  admitted: (item: string) => boolean,
  count: number,
): readonly (readonly [item: string, score: number, because: string])[] {
  return [...scoresOf(neighbours, history)]
    .filter(([item]) => !history.has(item) && admitted(item))
    .sort(([a, one], [b, other]) => other.score - one.score || (a < b ? -1 : 1))
    .slice(0, count)
    .map(([item, { score, because }]) => [item, Number(score.toPrecision(6)), because])
}

const byId = ([a]: readonly [string, number], [b]: readonly [string, number]) =>
  a < b ? -1 : a > b ? 1 : 0
