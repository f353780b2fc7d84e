import { randomUUID } from 'node:crypto'
import type { RateBudget } from '../../src/domain/access/rate-budget.ts'

/** Long enough that all of a test falls into it, short enough to wait for. */
export const MINUTE_SECONDS = 1

export interface Counting {
  /** Of two gateways that share a store; the same one where nothing is shared. */
  readonly one: RateBudget
  readonly other: RateBudget
  close(): Promise<void>
}

export function rateBudgetContract(
  adapter: string,
  open: (minuteSeconds: number) => Promise<Counting>,
): void {
  describe(`the rate budget ${adapter}`, () => {
    let counting: Counting
    beforeAll(async () => {
      counting = await open(MINUTE_SECONDS)
    })
    afterAll(async () => await counting.close())

    test('adds up what is spent under a key, by all, and keeps keys apart', async () => {
      const [key, stranger] = [randomUUID(), randomUUID()]
      expect((await counting.one.spend(key, 3)).units).toBe(3)
      expect((await counting.other.spend(key, 40)).units).toBe(43)
      expect((await counting.one.spend(stranger, 1)).units).toBe(1)
      expect((await counting.one.spend(key, 2_000_000_000)).units).toBe(2_000_000_043)
    })

    test('counts every unit once, however many spend at the same time', async () => {
      const key = randomUUID()
      const both = [counting.one, counting.other]
      const spent = await Promise.all(
        Array.from({ length: 200 }, async (_, n) => await both[n % 2]?.spend(key, 1)),
      )
      const seen = spent.map((one) => one?.units ?? 0).sort((a, b) => a - b)
      expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))
    })

    test('begins anew when the minute is over, as it has said', async () => {
      const key = randomUUID()
      const { resetMs } = await counting.one.spend(key, 5)
      expect(resetMs).toBeGreaterThan(0)
      expect(resetMs).toBeLessThanOrEqual(MINUTE_SECONDS * 1_000)
      const again = await counting.other.spend(key, 5)
      expect(again.resetMs).toBeLessThanOrEqual(resetMs)
      await new Promise((resolve) => setTimeout(resolve, again.resetMs + 30))
      expect((await counting.one.spend(key, 7)).units).toBe(7)
    })
  })
}
