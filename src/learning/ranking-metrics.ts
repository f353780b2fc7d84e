/**
 * Place of the positive among the candidates, from 0. A candidate with the same score stands before it: a recommender
 * that can't tell them apart earns nothing by chance.
 */
export function rankOf(positive: number, others: readonly number[]): number {
  let rank = 0
  for (const other of others) if (other >= positive) rank += 1
  return rank
}

/** HR@k of a leave-one-out test: the share of people whose one positive is among the first k. */
export function hitRate(ranks: readonly number[], k: number): number {
  return mean(ranks, (rank) => (rank < k ? 1 : 0))
}

/** NDCG@k of a leave-one-out test: the mean of ln 2 / ln(rank + 2) where the rank (from 0) is below k, else 0. */
export function discountedGain(ranks: readonly number[], k: number): number {
  return mean(ranks, (rank) => (rank < k ? Math.LN2 / Math.log(rank + 2) : 0))
}

/** 0 of nobody. */
function mean(ranks: readonly number[], value: (rank: number) => number): number {
  let sum = 0
  for (const rank of ranks) sum += value(rank)
  return ranks.length === 0 ? 0 : sum / ranks.length
}
