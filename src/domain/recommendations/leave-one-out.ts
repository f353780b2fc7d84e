import { discountedGain, hitRate, rankOf } from '../../learning/ranking-metrics.ts'
import type { Interaction } from '../profiles/read-model.ts'
import { ModelFit } from './model-fit.ts'
import { type RecommenderModel, type RecommenderName, readyModel } from './recommender.ts'

/** Items of each person, in the order of the file. */
export type Histories = ReadonlyMap<string, readonly string[]>
export type Positive = readonly [user: string, item: string]

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

/** A whole number from 0 to below its argument. */
export type Draw = (below: number) => number

/** As in He et al. 2017, Neural Collaborative Filtering. */
const NEGATIVES = 99

/** Takes the last item of everybody who has met at least two; what they met of it before goes with it. */
export function cutLast(histories: Histories): { train: Histories; positives: Positive[] } {
  const train = new Map<string, readonly string[]>()
  const positives: Positive[] = []
  for (const [user, history] of histories) {
    const last = history.at(-1)
    const rest = history.filter((item) => item !== last)
    train.set(user, rest.length > 0 ? rest : history)
    if (last !== undefined && rest.length > 0) positives.push([user, last])
  }
  return { train, positives }
}

/** Draws for each positive 99 items that its person never met, each once; fewer where there are no more. */
export function drawNegatives(
  train: Histories,
  positives: readonly Positive[],
  draw: Draw,
): HeldOut[] {
  const items = [...new Set([...train.values()].flat().concat(positives.map(([, item]) => item)))]
  return positives.map(([user, positive]) => {
    const met = new Set(train.get(user)).add(positive)
    const wanted = Math.min(NEGATIVES, items.length - met.size)
    const negatives = new Set<string>()
    while (negatives.size < wanted) {
      const item = items[draw(items.length)]
      if (item !== undefined && !met.has(item)) negatives.add(item)
    }
    return { user, positive, negatives: [...negatives] }
  })
}

/** Fits, with the code that serves requests, on people who saw their items once, all at one instant. */
export async function fitHistories(
  train: Histories,
  pause: () => Promise<void>,
): Promise<RecommenderModel> {
  const fit = new ModelFit(0)
  for (const history of train.values())
    fit.add(
      history.map((item): Interaction => [item, 1, 0, 0]),
      'full',
    )
  return readyModel(0, await fit.finish(pause))
}

/**
 * Ranks each held-out item among its negatives. Ties count against it, and a negative that is the positive is left out.
 */
export function rankHeldOut(
  model: RecommenderModel,
  train: Histories,
  tests: readonly HeldOut[],
  k: number,
): Readonly<Record<RecommenderName, RankingQuality>> {
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
