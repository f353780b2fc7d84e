import fc from 'fast-check'
import type { Interaction } from '../../../src/domain/profiles/read-model.ts'
import { answer, recommendedFor } from '../../../src/domain/recommendations/recommend.ts'
import { readyModel } from '../../../src/domain/recommendations/recommender.ts'
import { DAY } from '../../../src/kernel/time.ts'

const NOW = Date.UTC(2026, 0, 1)
const ITEMS = [...'abcdefgh']
const catalogue = new Map(ITEMS.map((item, index) => [item, index % 2 ? 'tea' : 'books']))
const rows = ITEMS.map(
  (item, i) =>
    [
      item,
      ITEMS.filter((other) => other !== item).map(
        (other) => [other, 1 / (1 + Math.abs(i - ITEMS.indexOf(other)))] as const,
      ),
    ] as const,
)
const model = readyModel(7, {
  fittedAt: NOW,
  popular: ITEMS.map((item, index) => [item, 10 - index]),
  neighbours: { activity: rows, full: rows },
})
const listed = (interactions: readonly Interaction[], of = model) =>
  recommendedFor(of, catalogue, interactions)
const ids = (list: readonly (readonly [string, ...unknown[]])[]) => list.map(([id]) => id)

const interaction = (item: string): fc.Arbitrary<Interaction> =>
  fc.tuple(fc.constant(item), fc.nat(3), fc.nat(2), fc.integer({ min: NOW - 300 * DAY, max: NOW }))
const interactions = fc
  .subarray(ITEMS)
  .chain((items) => fc.tuple(...items.map(interaction)))
  .map((list) => list as readonly Interaction[])

describe('the activity list', () => {
  test('is the same bytes whatever was bought, how often something was seen, and when', () => {
    fc.assert(
      fc.property(interactions, interactions, (one, other) => {
        const seen = new Set(one.filter(([, views]) => views > 0).map(([id]) => id))
        // Another world: the same items seen, everything else different.
        const twin = [
          ...[...seen].map((id): Interaction => [id, 9, 1, NOW - 1]),
          ...other
            .filter(([id]) => !seen.has(id))
            .map(([id, , b, at]): Interaction => [id, 0, b, at]),
        ].reverse()
        expect(JSON.stringify(listed(twin).activity)).toBe(JSON.stringify(listed(one).activity))
      }),
    )
  })
  test('holds nothing that was seen, and names a seen item as the reason', () => {
    fc.assert(
      fc.property(interactions, (list) => {
        const seen = list.filter(([, views]) => views > 0).map(([id]) => id)
        for (const [id, , because] of listed(list).activity) {
          expect(seen).not.toContain(id)
          expect(seen).toContain(because)
        }
      }),
    )
  })
})

describe('the full list', () => {
  test('holds nothing that was bought or seen', () => {
    fc.assert(
      fc.property(interactions, (list) => {
        for (const id of ids(listed(list).full)) expect(list.map(([own]) => own)).not.toContain(id)
      }),
    )
  })
  test('listens to what was bought, and to yesterday more than to last year', () => {
    expect(listed([['a', 0, 1, NOW]]).activity).toEqual([])
    const [first] = listed([
      ['a', 1, 0, NOW - 360 * DAY],
      ['h', 1, 0, NOW],
    ]).full
    expect(first?.[0]).toBe('g')
    expect(first?.[2]).toBe('h')
  })
})

test('lists hold available items only, best first, and name their model', () => {
  const withoutB = new Map([...catalogue].filter(([id]) => id !== 'b'))
  const lists = recommendedFor(model, withoutB, [['a', 1, 0, NOW]])
  expect(ids(lists.activity)).toEqual(['c', 'd', 'e', 'f', 'g', 'h'])
  expect(lists.model).toBe(7)
  expect(recommendedFor(null, catalogue, [['a', 1, 0, NOW]])).toEqual({
    activity: [],
    full: [],
    model: 0,
  })
})

describe('an answer', () => {
  const lists = listed([
    ['a', 1, 0, NOW],
    ['b', 0, 1, NOW],
  ])
  const question = {
    model,
    catalogue,
    lists,
    input: 'full' as const,
    interactions: null,
    category: null,
    first: 3,
  }
  test('is the personal list where one may be told', () => {
    expect(answer(question)).toEqual({
      recommender: 'item-to-item',
      items: lists.full.slice(0, 3),
    })
    expect(answer({ ...question, input: 'activity' }).items).toEqual(lists.activity.slice(0, 3))
  })
  test('is popularity where nothing personal may be told, and says so', () => {
    expect(answer({ ...question, input: null })).toEqual({
      recommender: 'popularity',
      items: [
        ['a', 10, null],
        ['b', 9, null],
        ['c', 8, null],
      ],
    })
  })
  test('leaves owned items out of popularity only for those who may see purchases', () => {
    const owned: readonly Interaction[] = [
      ['a', 0, 1, NOW],
      ['b', 1, 0, NOW],
    ]
    const cold = { ...question, lists: null }
    expect(ids(answer({ ...cold, interactions: owned }).items)).toEqual(['b', 'c', 'd'])
    expect(ids(answer({ ...cold, interactions: null }).items)).toEqual(['a', 'b', 'c'])
  })
  test('keeps to a category, personal or popular', () => {
    expect(ids(answer({ ...question, category: 'tea', input: 'activity' }).items)).toEqual([
      'b',
      'd',
      'f',
    ])
    expect(ids(answer({ ...question, category: 'tea', input: null }).items)).toEqual([
      'b',
      'd',
      'f',
    ])
    expect(answer({ ...question, category: 'unheard-of' }).items).toEqual([])
  })
  test('is empty before the first fit', () => {
    expect(answer({ ...question, model: null, lists: null })).toEqual({
      recommender: 'popularity',
      items: [],
    })
  })
})
