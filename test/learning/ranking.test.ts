import fc from 'fast-check'
import { Popularity } from '../../src/learning/popularity.ts'
import { discountedGain, hitRate, rankOf } from '../../src/learning/ranking-metrics.ts'

test('a tie counts against the positive', () => {
  expect(rankOf(3, [1, 2])).toBe(0)
  expect(rankOf(3, [3, 2, 5])).toBe(2)
  expect(rankOf(0, Array(99).fill(0))).toBe(99)
})

test('HR@k is the share below k, NDCG@k the mean of ln 2 / ln(rank + 2)', () => {
  const ranks = [0, 1, 9, 10]
  expect(hitRate(ranks, 10)).toBe(0.75)
  expect(discountedGain(ranks, 10)).toBeCloseTo((1 + 1 / Math.log2(3) + 1 / Math.log2(11)) / 4, 12)
  expect(hitRate([], 10)).toBe(0)
})

test('the gain is never above the hit rate, and both grow with k', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30)), fc.integer({ min: 1, max: 30 }), (ranks, k) => {
      expect(discountedGain(ranks, k)).toBeLessThanOrEqual(hitRate(ranks, k) + 1e-12)
      expect(hitRate(ranks, k)).toBeLessThanOrEqual(hitRate(ranks, k + 1))
      expect(discountedGain(ranks, k)).toBeLessThanOrEqual(discountedGain(ranks, k + 1))
    }),
  )
})

test('popularity halves with every half-life, and the future counts as now', () => {
  const popularity = new Popularity(1_000, 100)
  popularity.add('old', 800)
  popularity.add('old', 800)
  popularity.add('new', 1_000)
  popularity.add('soon', 9_000)
  expect(popularity.ranked()).toEqual([
    ['new', 1],
    ['soon', 1],
    ['old', 0.5],
  ])
})
