import fc from 'fast-check'
import {
  combine,
  emptyTally,
  ORDER_COMPLETED,
  SESSION_STARTED,
  type TallyEvent,
  tallyOf,
} from '../../../src/domain/profiles/tally.ts'

const awkward = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString')
const events: fc.Arbitrary<TallyEvent[]> = fc.array(
  fc.record({
    name: fc.oneof(fc.constantFrom(SESSION_STARTED, ORDER_COMPLETED, 'Product Viewed'), awkward),
    at: fc.integer({ min: 0, max: 2e12 }),
    itemId: fc.option(awkward),
    itemCategory: fc.option(awkward),
    orderId: fc.option(awkward),
    value: fc.integer({ min: 0, max: 100_000 }).map((cents) => cents / 100),
  }),
)
/** Key order says nothing. */
const sorted = (tally: object) =>
  Object.fromEntries(
    Object.entries(tally).map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null ? Object.entries(value).sort() : value,
    ]),
  )

describe('tallies', () => {
  test('are a monoid: counting in parts and adding up is counting at once, in any order', () => {
    fc.assert(
      fc.property(events, events, events, (a, b, c) => {
        const whole = sorted(tallyOf([...a, ...b, ...c]))
        expect(sorted(combine(combine(tallyOf(a), tallyOf(b)), tallyOf(c)))).toEqual(whole)
        expect(sorted(combine(tallyOf(a), combine(tallyOf(b), tallyOf(c))))).toEqual(whole)
        expect(sorted(combine(tallyOf([...c, ...b]), tallyOf(a)))).toEqual(whole)
        expect(combine(emptyTally, tallyOf(a))).toEqual(tallyOf(a))
        expect(combine(tallyOf(a), emptyTally)).toEqual(tallyOf(a))
      }),
    )
  })

  test('survive the way through JSON, names that objects inherit included', () => {
    fc.assert(
      fc.property(events, (some) => {
        const tally = tallyOf(some)
        expect(sorted(combine(JSON.parse(JSON.stringify(tally)), emptyTally))).toEqual(
          sorted(tally),
        )
      }),
    )
  })

  test('count each event, order and item once', () => {
    const line = { itemCategory: 'lamps', orderId: 'o1', at: 2_000 }
    expect(
      tallyOf([
        {
          name: SESSION_STARTED,
          at: 1_000,
          itemId: null,
          itemCategory: null,
          orderId: null,
          value: 0,
        },
        { name: ORDER_COMPLETED, itemId: 'x', value: 10.1, ...line },
        { name: ORDER_COMPLETED, itemId: 'y', value: 20.2, ...line },
        { name: 'Product Viewed', itemId: 'x', value: 0, ...line, orderId: null, at: 3_000 },
      ]),
    ).toEqual({
      sessions: 1,
      firstAt: 1_000,
      lastAt: 3_000,
      events: {
        [SESSION_STARTED]: [1, 1_000],
        [ORDER_COMPLETED]: [2, 2_000],
        'Product Viewed': [1, 3_000],
      },
      orders: { o1: [30.3, 2_000] },
      items: { x: [1, 1, 3_000, 3_000], y: [0, 1, 2_000, null] },
      categories: { lamps: 2 },
    })
  })

  test('keep what tells of purchases apart: they change neither when somebody was seen nor what', () => {
    const viewed = { name: 'Product Viewed', at: 2_000, itemId: 'x', itemCategory: null }
    const seen = { ...viewed, orderId: null, value: 0 }
    const refunded = { ...seen, name: 'Order Refunded', at: 3_000, itemId: 'y' }
    const bought = { ...seen, name: ORDER_COMPLETED, at: 1_000, orderId: 'o1' }
    const { firstAt, lastAt, items } = tallyOf([bought, seen, refunded])
    expect([firstAt, lastAt]).toEqual([2_000, 2_000])
    expect(items).toEqual({ x: [1, 1, 2_000, 2_000] })
  })
})
