import { SAMPLES, type SecurityCount } from '../../src/domain/audit/security-counts.ts'
import { PostgresSecurityCountStore } from '../../src/outbound/postgres/security-count-store.ts'
import type { FreshDatabase } from './fresh-database.ts'

const MINUTE = 60_000
const NOON = Date.UTC(2026, 0, 31, 12)

const counted = (changes: Partial<SecurityCount> = {}): SecurityCount => ({
  minute: NOON,
  event: 'bad-token',
  count: 2,
  samples: [{ at: NOON + 17, requestId: 'request-1', clientId: null }],
  ...changes,
})

export function securityCountStoreContract(
  adapter: string,
  fresh: () => Promise<FreshDatabase>,
): void {
  describe(`the counts of what leaves no entry, on ${adapter}`, () => {
    let db: FreshDatabase
    let store: PostgresSecurityCountStore

    beforeAll(async () => {
      db = await fresh()
      store = new PostgresSecurityCountStore(db.database)
    })
    beforeEach(async () => {
      await db.database.query('TRUNCATE security_count')
    })
    afterAll(async () => {
      await db.drop()
    })

    test('add up over all gateways, minute by minute and event by event', async () => {
      const gateway = await db.connect()
      const other = new PostgresSecurityCountStore(gateway.database)
      const minutes = Array.from({ length: 10 }, (_, n) => counted({ minute: NOON + n * MINUTE }))
      await Promise.all([
        store.add(minutes),
        other.add(minutes.toReversed()),
        store.add([counted({ event: 'no-credential', count: 1 })]),
      ])
      const found = await store.find(NOON, NOON + 10 * MINUTE, 100)
      expect(found.map(({ event, count }) => [event, count])).toEqual([
        ...Array.from({ length: 10 }, () => ['bad-token', 4]),
        ['no-credential', 1],
      ])
      await gateway.close()
    })

    test('keep a few samples and no more, the first ones', async () => {
      const samples = (from: number) =>
        Array.from({ length: SAMPLES - 1 }, (_, n) => ({
          at: NOON + from + n,
          requestId: `request-${from + n}`,
          clientId: n === 0 ? 'shop' : null,
        }))
      await store.add([counted({ count: 9, samples: samples(0) })])
      await store.add([counted({ count: 9, samples: samples(100) })])
      const [row] = await store.find(NOON, NOON + 1, 1)
      expect(row).toEqual({
        minute: NOON,
        event: 'bad-token',
        count: 18,
        samples: [...samples(0), samples(100)[0]],
      })
    })

    test('are found by time, newest first, and forgotten by time', async () => {
      await store.add([0, 1, 2, 3].map((n) => counted({ minute: NOON + n * MINUTE })))
      const minutes = async (from: number, to: number, limit = 100) =>
        (await store.find(NOON + from * MINUTE, NOON + to * MINUTE, limit)).map(
          ({ minute }) => (minute - NOON) / MINUTE,
        )
      expect(await minutes(1, 3)).toEqual([2, 1])
      expect(await minutes(0, 9, 1)).toEqual([3])
      expect(await store.discardBefore(NOON + 2 * MINUTE)).toBe(2)
      expect(await minutes(0, 9)).toEqual([3, 2])
    })
  })
}
