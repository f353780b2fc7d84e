import { NoisePool } from '../../../src/domain/privacy/noise-pool.ts'

/** A pool whose draws are numbered, and what it has put off. */
function numbered() {
  let drawn = 0
  const later: (() => void)[] = []
  const pool = new NoisePool(
    () => BigInt(drawn++),
    (work) => void later.push(work),
  )
  return { pool, later, drawn: () => drawn }
}

test('a request is handed what was drawn before it came, each draw once and in order', () => {
  const { pool, later, drawn } = numbered()
  for (let n = 0n; n < 1_000n; n++) {
    const before = drawn()
    const taken = pool.take()
    expect(taken).toBe(n)
    expect(Number(taken)).toBeLessThan(before)
    if (n % 7n === 0n) later.splice(0).forEach((work) => void work())
  }
})

test('while there is time between requests, none of them draws', () => {
  const { pool, later, drawn } = numbered()
  for (let n = 0; n < 500; n++) {
    const before = drawn()
    pool.take()
    expect(drawn()).toBe(before)
    later.splice(0).forEach((work) => void work())
  }
})

test('a burst that nothing was put by for is still handed what was drawn before', () => {
  const { pool, drawn } = numbered()
  for (let n = 0; n < 500; n++) {
    const before = drawn()
    expect(Number(pool.take())).toBeLessThan(before)
  }
})
