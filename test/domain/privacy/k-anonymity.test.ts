import fc from 'fast-check'
import { isolatedBetween, kAnonymity } from '../../../src/domain/privacy/k-anonymity.ts'

const row = fc.record({
  id: fc.integer({ min: 1, max: 40 }).map(String),
  country: fc.constantFrom('DE', 'FR', 'IT'),
  age: fc.constantFrom('25-34', '35-44'),
  plan: fc.constantFrom('free', 'pro'),
})
const rows = fc.array(row, { maxLength: 60 })
const quasi = ['country', 'age'] as const
const alike = (a: { country: string; age: string }, b: { country: string; age: string }) =>
  a.country === b.country && a.age === b.age

test('finds what comparing every row with every other finds', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 2, max: 12 }), (all, k) => {
      const report = kAnonymity(all, { quasi, sensitive: 'plan', k })
      const sizes = all.map((one) => all.filter((other) => alike(one, other)).length)
      expect(report.smallest).toBe(all.length === 0 ? 0 : Math.min(...sizes))
      const standOut = report.below.reduce((sum, one) => sum + one.rows, 0)
      expect(standOut).toBe(sizes.filter((size) => size < k).length)
      const plans = all.map(
        (one) => new Set(all.filter((o) => alike(one, o)).map((o) => o.plan)).size,
      )
      expect(report.diversity).toBe(all.length === 0 ? 0 : Math.min(...plans))
      for (const { column, rowsBelow } of report.without) {
        const rest = column === 'country' ? 'age' : 'country'
        const coarse = all.map((one) => all.filter((other) => other[rest] === one[rest]).length)
        expect(rowsBelow).toBe(coarse.filter((size) => size < k).length)
      }
    }),
  )
})

test('rows of which everybody has the same sensitive value are named although there are enough', () => {
  const same = Array.from({ length: 12 }, () => ({ country: 'DE', plan: 'pro' }))
  const report = kAnonymity(same, { quasi: ['country'], sensitive: 'plan', k: 10 })
  expect(report).toMatchObject({ smallest: 12, diversity: 1, below: [], without: [] })
  expect(report.uniform).toEqual([{ values: ['DE'], rows: 12, diversity: 1 }])
})

test('two exports tell together no fewer than k, or the class is named', () => {
  const people = fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 40 })
  const inBoth = fc.tuple(people, fc.infiniteStream(fc.integer({ min: 0, max: 2 })))
  fc.assert(
    fc.property(inBoth, fc.integer({ min: 2, max: 8 }), ([all, stream], k) => {
      const where = all.map(() => stream.next().value)
      const first = all.filter((_, n) => where[n] !== 1)
      const second = all.filter((_, n) => where[n] !== 2)
      const only = (here: typeof all, there: typeof all) =>
        here.filter((one) => !there.some(({ id }) => id === one.id))
      const left = [only(first, second), only(second, first)]
      const isolated = left.flatMap((alone) =>
        alone.filter((one) => alone.filter((other) => alike(one, other)).length < k),
      )
      const named = isolatedBetween(first, second, { quasi, k, id: 'id' })
      expect(named.reduce((sum, one) => sum + one.rows, 0)).toBe(isolated.length)
    }),
  )
})

test('without a column that names people, numbers tell who came', () => {
  const export1 = Array.from({ length: 30 }, () => ({ country: 'DE' }))
  const asked = { quasi: ['country'], k: 10, id: null }
  expect(isolatedBetween([...export1, { country: 'DE' }], export1, asked)).toEqual([
    { values: ['DE'], rows: 1, diversity: null },
  ])
  expect(isolatedBetween(export1, export1, asked)).toEqual([])
})
