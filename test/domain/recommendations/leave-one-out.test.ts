import {
  cutLast,
  drawNegatives,
  fitHistories,
  rankHeldOut,
} from '../../../src/domain/recommendations/leave-one-out.ts'
import { seededDraw } from '../../../src/domain/recommendations/seeded-draw.ts'

const none = async () => {}

test('the last item is cut, with what the person met of it before; single items stay', () => {
  const histories = new Map([
    ['u', ['a', 'b', 'a', 'c']],
    ['v', ['b', 'a', 'b']],
    ['w', ['a']],
    ['x', ['a', 'a']],
  ])
  const { train, positives } = cutLast(histories)
  expect(positives).toEqual([
    ['u', 'c'],
    ['v', 'b'],
  ])
  expect(train.get('u')).toEqual(['a', 'b', 'a'])
  expect(train.get('v')).toEqual(['a'])
  expect(train.get('w')).toEqual(['a'])
})

test('negatives are distinct, never met, 99 or all there are, and the same for the same seed', () => {
  const train = new Map([
    ['u', ['1', '2', '3']],
    ['v', Array.from({ length: 200 }, (_, n) => String(n))],
  ])
  const positives = [
    ['u', '150'],
    ['v', '300'],
  ] as const
  const tests = drawNegatives(train, positives, seededDraw(1))
  expect(tests.map(({ negatives }) => new Set(negatives).size)).toEqual([99, 0])
  for (const item of ['1', '2', '3', '150']) expect(tests[0]?.negatives).not.toContain(item)
  expect(drawNegatives(train, positives, seededDraw(1))).toEqual(tests)
  expect(drawNegatives(train, positives, seededDraw(2))).not.toEqual(tests)
})

test('on two tastes, item-to-item ranks everybody’s item first where popularity knows nothing', async () => {
  const shelf = (taste: string) => Array.from({ length: 10 }, (_, n) => `${taste}${n}`)
  const train = new Map(
    Array.from({ length: 40 }, (_, user) => [
      String(user),
      shelf(user % 2 ? 'a' : 'b').filter((_, n) => n !== user % 10),
    ]),
  )
  const tests = [...train].map(([user, history]) => ({
    user,
    positive: shelf(history[0]?.startsWith('a') ? 'a' : 'b')[Number(user) % 10] ?? '',
    negatives: shelf(history[0]?.startsWith('a') ? 'b' : 'a'),
  }))
  const quality = rankHeldOut(await fitHistories(train, none), train, tests, 1)
  expect(quality['item-to-item']).toEqual({ hitRate: 1, ndcg: 1 })
  expect(quality.popularity.hitRate).toBe(0)
})

test('a positive among its own negatives does not stand in its own way', async () => {
  const train = new Map(['1', '2', '3', '4'].map((user) => [user, ['a', 'b']]))
  const tests = [{ user: '5', positive: 'a', negatives: ['a'] }]
  const quality = rankHeldOut(await fitHistories(train, none), train, tests, 1)
  expect(quality.popularity).toEqual({ hitRate: 1, ndcg: 1 })
})
