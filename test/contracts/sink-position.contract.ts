import { PostgresSinkPosition } from '../../src/outbound/postgres/sink-position.ts'
import type { FreshDatabase } from './fresh-database.ts'

export function sinkPositionContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`how far the trail has been sent, on ${adapter}`, () => {
    let db: FreshDatabase
    const position = () => new PostgresSinkPosition(db.database)

    beforeAll(async () => {
      db = await fresh()
    })
    beforeEach(async () => {
      await db.database.query(`DELETE FROM audit_cursor WHERE name = 'sink'`)
    })
    afterAll(async () => {
      await db.drop()
    })

    test('begins with the first entry', async () => {
      expect(await position().next()).toBe(0)
    })

    test('is the same for whoever asks, from the moment that it was advanced', async () => {
      const other = await db.connect()
      await position().advance(500)
      expect(await new PostgresSinkPosition(other.database).next()).toBe(500)
      await new PostgresSinkPosition(other.database).advance(10_000_000_000)
      expect(await position().next()).toBe(10_000_000_000)
      await other.close()
    })

    test('never goes back: a batch that was confirmed late is not sent again', async () => {
      const [one, other] = [position(), position()]
      await Promise.all([one.advance(1_500), other.advance(1_000)])
      await one.advance(500)
      expect(await other.next()).toBe(1_500)
    })

    test('lets one at a time send, and turns others away at once', async () => {
      const one = position()
      const inside = await one.alone(async () => {
        const second = await position().alone(async () => 'second')
        await one.advance(7)
        return [second, await one.next()]
      })
      expect(inside).toEqual([null, 7])
      expect(await position().alone(async () => 'next')).toBe('next')
    })

    test('lets the next one in when one has failed', async () => {
      const failing = position().alone(async () => await Promise.reject(new Error('unreachable')))
      await expect(failing).rejects.toThrow('unreachable')
      expect(await position().alone(async () => 'next')).toBe('next')
    })
  })
}
