import { randomUUID } from 'node:crypto'
import type { UsedProofs } from '../../src/domain/access/dpop.ts'

export function usedProofsContract(
  adapter: string,
  open: () => Promise<{ readonly used: UsedProofs; close(): void }>,
): void {
  describe(`the memory of used proofs ${adapter}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())

    test('lets each be used once, however many ask at once', async () => {
      const [one, other] = [randomUUID(), randomUUID()]
      const taken = await Promise.all(
        Array.from({ length: 30 }, () => opened.used.take(one, 60_000)),
      )
      expect(taken.filter(Boolean)).toHaveLength(1)
      expect(await opened.used.take(other, 60_000)).toBe(true)
      expect(await opened.used.take(one, 60_000)).toBe(false)
    })

    test('forgets one whose time is over', async () => {
      const id = randomUUID()
      expect(await opened.used.take(id, 20)).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await opened.used.take(id, 20)).toBe(true)
    })
  })
}
