import fc from 'fast-check'
import { isoInstant } from '../../src/kernel/time.ts'

describe('an instant is written', () => {
  test('as Date writes it, for every instant there is', () => {
    const instants = fc.oneof(
      fc.integer({ min: -8.64e15, max: 8.64e15 }),
      fc.date({ noInvalidDate: true }).map((date) => date.getTime()),
      fc.integer({ min: 0, max: 2 ** 41 }).map((ms) => ms / 7),
    )
    fc.assert(
      fc.property(instants, (instant) => {
        expect(isoInstant(instant)).toBe(new Date(instant).toISOString())
      }),
    )
  })

  test('and the last one has no later moments on its day', () => {
    expect(isoInstant(8.64e15)).toBe('+275760-09-13T00:00:00.000Z')
    expect(() => isoInstant(8.64e15 + 1)).toThrow(RangeError)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])('and %s is refused', (instant) => {
    expect(() => isoInstant(instant)).toThrow(RangeError)
  })
})
