import { PeopleSketch } from '../../../src/domain/audit/people-sketch.ts'

function sketchOf(from: number, to: number): PeopleSketch {
  const sketch = new PeopleSketch()
  for (let person = from; person < to; person++) sketch.add(`person ${person}`)
  return sketch
}

/** Five times the standard error of 4,096 registers. */
const TOLERANCE = (5 * 1.04) / Math.sqrt(4_096)

describe('how many different people', () => {
  test.each([0, 1, 2, 300, 511])('is exact for %i', (people) => {
    const sketch = sketchOf(0, people)
    sketch.merge(sketchOf(0, people))
    expect(sketch.count()).toBe(people)
    expect(PeopleSketch.from(sketch.toBytes()).count()).toBe(people)
  })

  test.each([512, 1_000, 5_000, 20_000, 200_000])('is close for %i', (people) => {
    const sketch = sketchOf(0, people)
    expect(Math.abs(sketch.count() / people - 1)).toBeLessThan(TOLERANCE)
    expect(sketch.toBytes()).toHaveLength(4_096)
    expect(PeopleSketch.from(sketch.toBytes()).count()).toBe(sketch.count())
  })

  test.each([
    [0, 100, 50, 200, 200],
    [0, 400, 200, 700, 700],
    [0, 400, 0, 9_000, 9_000],
    [0, 9_000, 100, 400, 9_000],
    [0, 9_000, 4_000, 30_000, 30_000],
  ])('adds up over days: %i to %i and %i to %i', (a, b, c, d, people) => {
    const sketch = PeopleSketch.from(sketchOf(a, b).toBytes())
    sketch.merge(PeopleSketch.from(sketchOf(c, d).toBytes()))
    const together = sketchOf(a, b)
    for (let person = c; person < d; person++) together.add(`person ${person}`)
    expect(sketch.toBytes().length).toBe(together.toBytes().length)
    expect(sketch.count()).toBe(together.count())
    expect(Math.abs(sketch.count() / people - 1)).toBeLessThan(TOLERANCE)
  })
})
