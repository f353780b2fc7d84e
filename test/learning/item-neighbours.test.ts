import fc from 'fast-check'
import { neighbourRows } from '../../src/learning/item-neighbours.ts'
import { ItemSetsBuilder } from '../../src/learning/item-sets.ts'
import { NeighbourIndex } from '../../src/learning/neighbour-index.ts'

const setsOf = (rows: readonly (readonly string[])[]) => {
  const builder = new ItemSetsBuilder()
  for (const row of rows) builder.add(row)
  return builder.build()
}

/** Even people met the even items and odd ones the odd, but nobody the item of their own number (as in implicit's tests). */
const checkerboard = (size: number) =>
  Array.from({ length: size }, (_, user) =>
    Array.from({ length: size }, (_, item) => item)
      .filter((item) => item % 2 === user % 2 && item !== user)
      .map(String),
  )

describe('on a checkerboard', () => {
  const size = 50
  const board = checkerboard(size)
  const rows = [...neighbourRows(setsOf(board))]

  test('every item is near to those of its colour, by 23 of 24 people, and to no other', () => {
    expect(rows).toHaveLength(size)
    for (const [item, nearest] of rows) {
      expect(nearest).toHaveLength(size / 2 - 1)
      for (const [other, similarity] of nearest) {
        expect(Number(other) % 2).toBe(Number(item) % 2)
        expect(similarity).toBeCloseTo(23 / 24, 12)
      }
    }
  })

  test('everybody is recommended the one item of their colour that they have not met', () => {
    const index = new NeighbourIndex(rows)
    for (const [user, met] of board.entries()) {
      const history = new Map(met.map((item) => [item, 1]))
      expect(index.strongest(history, () => true, 5).map(([item]) => item)).toEqual([String(user)])
    }
  })
})

const board = fc.array(fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 6 }), {
  maxLength: 12,
})

/** The definition, written down: all pairs of items. */
function slowly(rows: readonly (readonly string[])[], least: number) {
  const people = new Map<string, Set<number>>()
  for (const [user, row] of rows.entries())
    for (const item of row) people.set(item, (people.get(item) ?? new Set()).add(user))
  return new Map(
    [...people].map(([item, own]) => [
      item,
      new Map(
        [...people]
          .filter(([other]) => other !== item)
          .map(
            ([other, theirs]) =>
              [other, [...own].filter((user) => theirs.has(user)).length] as const,
          )
          .filter(([, both]) => both >= least)
          .map(([other, both]) => [
            other,
            both / Math.sqrt(own.size * (people.get(other)?.size ?? 0)),
          ]),
      ),
    ]),
  )
}

describe('on any board', () => {
  test('similarities are the cosines of the definition, best first, without too small ones', () => {
    fc.assert(
      fc.property(board, fc.integer({ min: 1, max: 3 }), (rows, least) => {
        const expected = slowly(rows, least)
        const found = new Map(neighbourRows(setsOf(rows), 100, least))
        for (const [item, nearest] of expected) {
          const own = found.get(item) ?? []
          expect(new Set(own.map(([other]) => other))).toEqual(new Set(nearest.keys()))
          for (const [index, [other, similarity]] of own.entries()) {
            expect(similarity).toBeCloseTo(nearest.get(other) ?? 0, 12)
            expect(similarity).toBeLessThanOrEqual(own[index - 1]?.[1] ?? 1)
          }
        }
      }),
    )
  })

  test('fewer neighbours are the first of more', () => {
    fc.assert(
      fc.property(board, fc.integer({ min: 1, max: 4 }), (rows, count) => {
        const all = new Map(neighbourRows(setsOf(rows), 100, 1))
        for (const [item, nearest] of neighbourRows(setsOf(rows), count, 1))
          expect(nearest).toEqual(all.get(item)?.slice(0, count))
      }),
    )
  })

  test('a neighbour that two people met says nothing of a third', () => {
    const pair = ['a', 'b']
    expect([...neighbourRows(setsOf([pair, pair]))]).toEqual([])
    expect([...neighbourRows(setsOf([pair, pair, pair]))]).toEqual([
      ['a', [['b', 1]]],
      ['b', [['a', 1]]],
    ])
  })
})

describe('weighing a history', () => {
  const rows = [
    [
      'x',
      [
        ['a', 0.8],
        ['b', 0.6],
      ],
    ],
    [
      'y',
      [
        ['b', 0.7],
        ['a', 0.2],
      ],
    ],
  ] as const
  const index = new NeighbourIndex(rows)

  test('adds weight × similarity and names the largest part', () => {
    const history = new Map([
      ['a', 1],
      ['b', 2],
    ])
    expect(index.strongest(history, () => true, 2)).toEqual([
      ['x', 0.8 + 2 * 0.6, 'b'],
      ['y', 0.2 + 2 * 0.7, 'b'],
    ])
    expect(index.scores(history, ['y', 'a', 'unheard-of'])).toEqual([0.2 + 2 * 0.7, 0, 0])
  })
  test('leaves out what is not admitted', () => {
    expect(index.strongest(new Map([['a', 1]]), (item) => item !== 'x', 2)).toEqual([
      ['y', 0.2, 'a'],
    ])
  })
  test('gives the same bits whatever the order of the history, time after time', () => {
    fc.assert(
      fc.property(
        board,
        fc.uniqueArray(
          fc.tuple(fc.constantFrom(...'abcdefgh'), fc.double({ min: 0.01, max: 2, noNaN: true })),
          {
            selector: ([item]) => item,
          },
        ),
        (people, entries) => {
          const own = new NeighbourIndex([...neighbourRows(setsOf(people), 100, 1)])
          const once = own.strongest(new Map(entries), () => true, 10)
          expect(own.strongest(new Map(entries.toReversed()), () => true, 10)).toEqual(once)
        },
      ),
    )
  })
})
