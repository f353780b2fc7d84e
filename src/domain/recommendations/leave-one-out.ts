import { discountedGain, hitRate, rankOf } from '../../learning/ranking-metrics.ts'
import { ModelFit } from './model-fit.ts'
import { type RecommenderName, readyModel } from './recommender.ts'

/** One person's test: the item held out, and items they never met. */
export interface HeldOut {
  readonly user: string
  readonly positive: string
  readonly negatives: readonly string[]
}

/** HR@k and NDCG@k over all people with a test. */
export interface RankingQuality {
  readonly hitRate: number
  readonly ndcg: number
}

/** Items of each person, in the order of the file. */
export type Histories = ReadonlyMap<string, readonly string[]>

/**
 * Cuts the last item of everybody who has at least two, and draws 99 distinct items per person that they never met.
 * @param draw a whole number from 0 to below its argument
 */
export function cutLast(
  histories: Histories,
  draw: (below: number) => number,
): { train: Histories; tests: HeldOut[] } {
  const items = [...new Set([...histories.values()].flat())]
  const train = new Map<string, readonly string[]>()
  const tests: HeldOut[] = []
  for (const [user, history] of histories) {
    const positive = history.length > 1 ? history.at(-1) : undefined
    train.set(user, positive === undefined ? history : history.filter((item) => item !== positive))
    if (positive === undefined) continue
    const met = new Set(history)
    const wanted = Math.min(NEGATIVES, items.length - met.size)
    const negatives = new Set<string>()
    while (negatives.size < wanted) {
      const item = items[draw(items.length)]
      if (item !== undefined && !met.has(item)) negatives.add(item)
    }
    tests.push({ user, positive, negatives: [...negatives] })
  }
  return { train, tests }
}

/** As in He et al. 2017, Neural Collaborative Filtering. */
const NEGATIVES = 99

/**
 * Fits on the training histories with the code that serves requests, and ranks each held-out item among its
 * negatives; ties count against it, and a negative that is the positive is left out.
 */
export async function leaveOneOut(
  train: Histories,
  tests: readonly HeldOut[],
  k: number,
  pause: () => Promise<void>,
): Promise<Readonly<Record<RecommenderName, RankingQuality>>> {
  const fit = new ModelFit(0)
  for (const history of train.values())
    fit.add(
      history.map((item) => [item, 1, 0, 0]),
      'full',
    )
  const model = readyModel(0, await fit.finish(pause))
  const popular = new Map(model.popular)
  const ranks: Record<RecommenderName, number[]> = { popularity: [], 'item-to-item': [] }
  for (const { user, positive, negatives } of tests) {
    const history = new Map((train.get(user) ?? []).map((item) => [item, 1]))
    const others = negatives.filter((item) => item !== positive)
    const popularity = others.map((item) => popular.get(item) ?? 0)
    ranks.popularity.push(rankOf(popular.get(positive) ?? 0, popularity))
    const [score = 0, ...scores] = model.neighbours.activity.scores(history, [positive, ...others])
    ranks['item-to-item'].push(rankOf(score, scores))
  }
  const quality = (name: RecommenderName) => ({
    hitRate: hitRate(ranks[name], k),
    ndcg: discountedGain(ranks[name], k),
  })
  return { popularity: quality('popularity'), 'item-to-item': quality('item-to-item') }
}
