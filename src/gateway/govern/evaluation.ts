import {
  cutLast,
  drawNegatives,
  fitHistories,
  type HeldOut,
  type Histories,
  type Positive,
  type RankingQuality,
  rankHeldOut,
} from '../../domain/recommendations/leave-one-out.ts'
import type { RecommenderName } from '../../domain/recommendations/recommender.ts'
import { seededDraw } from '../../domain/recommendations/seeded-draw.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock } from '../../kernel/time.ts'

/** Pairs to train on, and the test: given, or to be cut and drawn. */
export interface EvaluationData {
  readonly pairs: Histories
  /** Absent: the last item of each person is cut off. */
  readonly positives?: readonly Positive[]
  /** By person; absent: 99 are drawn. */
  readonly negatives?: ReadonlyMap<string, readonly string[]>
}

/** Quality on one data set, and what it took. */
export interface RecommenderEvaluation {
  readonly people: number
  readonly items: number
  readonly tested: number
  readonly k: number
  readonly quality: Readonly<Record<RecommenderName, RankingQuality>>
  /** HR@k of item-to-item through that of popularity; null where popularity found nothing. */
  readonly ratio: number | null
  readonly fitSeconds: number
  readonly rankSeconds: number
}

/**
 * How good the recommenders are on pairs of people and items, by a leave-one-out test.
 * @throws Refusal BAD_USER_INPUT where no person is left to test.
 */
export async function evaluateRecommenders(
  data: EvaluationData,
  options: { k: number; seed: number; clock: Clock; pause: () => Promise<void> },
): Promise<RecommenderEvaluation> {
  const { clock, k } = options
  const { train, positives } = data.positives
    ? { train: data.pairs, positives: data.positives }
    : cutLast(data.pairs)
  const tests = data.negatives
    ? withNegatives(positives, data.negatives)
    : drawNegatives(train, positives, seededDraw(options.seed))
  if (tests.length === 0)
    throw new Refusal('BAD_USER_INPUT', 'Nobody to test: everybody has one item only.')
  const started = clock.now()
  const model = await fitHistories(train, options.pause)
  const fitted = clock.now()
  const quality = rankHeldOut(model, train, tests, k)
  return {
    people: train.size,
    items: new Set([...train.values()].flat()).size,
    tested: tests.length,
    k,
    quality,
    ratio:
      quality.popularity.hitRate === 0
        ? null
        : quality['item-to-item'].hitRate / quality.popularity.hitRate,
    fitSeconds: (fitted - started) / 1_000,
    rankSeconds: (clock.now() - fitted) / 1_000,
  }
}

function withNegatives(
  positives: readonly Positive[],
  negatives: ReadonlyMap<string, readonly string[]>,
): HeldOut[] {
  return positives.map(([user, positive]) => {
    const own = negatives.get(user)
    if (!own)
      throw new Refusal('BAD_USER_INPUT', 'The negatives file misses a person of the test file.')
    return { user, positive, negatives: own }
  })
}
