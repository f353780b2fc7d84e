import { unusualDays } from '../../../src/domain/audit/unusual-days.ts'

const from = (volumes: readonly number[]) =>
  volumes.map((volume, at) => ({
    day: new Date(Date.UTC(2026, 0, 1) + at * 86_400_000).toISOString().slice(0, 10),
    volume,
  }))
const found = (volumes: readonly number[], first = '2026-01-01') =>
  unusualDays(from(volumes), first).map(({ day, volume }) => [day, volume])

describe('unusual days', () => {
  test('are far above the days before, not above those of others or of later', () => {
    const steady = [100, 104, 98, 101, 99, 103, 97, 100]
    expect(found([...steady, 160, 101])).toEqual([['2026-01-09', 160]])
    expect(found([...steady, 110])).toEqual([])
    expect(found([...steady, 2])).toEqual([])
  })

  test('say how far: the median of the days before, and robust deviations above it', () => {
    const [day] = unusualDays(from([10, 20, 30, 40, 50, 60, 70, 400]), '2026-01-01')
    expect(day?.usual).toBe(40)
    expect(day?.score).toBeCloseTo((400 - 40) / (1.4826 * 20))
  })

  test('do not hide behind an earlier outlier', () => {
    expect(found([5, 6, 5, 6, 5, 900, 6, 5, 800])).toEqual([['2026-01-09', 800]])
  })

  test('need a week to compare with, and chance alone is none', () => {
    expect(found([1, 1, 1, 1, 1, 1, 900])).toEqual([])
    expect(found([0, 0, 0, 0, 0, 0, 0, 3])).toEqual([])
    expect(found([0, 0, 0, 0, 0, 0, 0, 4])).toEqual([['2026-01-08', 4]])
    expect(found([100, 100, 100, 100, 100, 100, 100, 130])).toEqual([])
  })

  test('are judged from the day that was asked for, by at most 28 days before', () => {
    const month = [
      ...Array.from({ length: 30 }, () => 1_000),
      ...Array.from({ length: 28 }, () => 1),
    ]
    expect(found([...month, 50], '2026-02-28')).toEqual([['2026-02-28', 50]])
    expect(found([...month, 50], '2026-03-01')).toEqual([])
  })
})
