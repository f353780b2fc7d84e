import { randomUUID } from 'node:crypto'
import type { SealedMessage } from '../../src/domain/delivery/outbox.ts'
import { DAY, MINUTE } from '../../src/kernel/time.ts'
import { PostgresClientStore } from '../../src/outbound/postgres/client-store.ts'
import { PostgresDeliveryQueue } from '../../src/outbound/postgres/delivery-queue.ts'
import { PostgresEndpointStore } from '../../src/outbound/postgres/endpoint-store.ts'
import { PostgresOutbox, writeOutbox } from '../../src/outbound/postgres/outbox.ts'
import type { FreshDatabase } from './fresh-database.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const SUBJECT = '01890000-0000-7000-8000-00000000000a'

function message(more: Partial<SealedMessage> = {}): SealedMessage {
  return {
    id: randomUUID(),
    kind: 'subject.erased',
    audience: 'acme',
    callbackOf: null,
    subject: null,
    needs: null,
    fields: [{ path: 'id', treatment: 'PSEUDONYM' }],
    sealed: Buffer.from('sealed'),
    at: NOW,
    ...more,
  }
}

export function outboxContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`messages that wait to be delivered, on ${adapter}`, () => {
    let db: FreshDatabase
    let outbox: PostgresOutbox
    let queue: PostgresDeliveryQueue
    let endpoints: PostgresEndpointStore

    beforeAll(async () => {
      db = await fresh()
      outbox = new PostgresOutbox(db.database)
      queue = new PostgresDeliveryQueue(db.database)
      endpoints = new PostgresEndpointStore(db.database)
      await client('acme-shop', 'acme')
      await client('acme-app', 'acme')
      await client('globex', 'globex')
    })
    beforeEach(async () => {
      await db.database.query('DELETE FROM delivery')
      await db.database.query('DELETE FROM delivery_endpoint')
    })
    afterAll(async () => {
      await db.drop()
    })

    async function client(id: string, audience: string): Promise<void> {
      await new PostgresClientStore(db.database).add(
        {
          id,
          name: id,
          roles: ['partner'],
          audience,
          scopes: [],
          purposes: [],
          defaultPurpose: null,
          categories: null,
          segments: null,
          writeKey: null,
          lookupsPerDay: null,
          requestsPerMinute: null,
          costPerMinute: null,
          origins: [],
          adhoc: false,
          disabledAt: null,
        },
        null,
        {
          id: `key of ${id}`,
          hash: Buffer.from(id),
          clientId: id,
          createdAt: 0,
          expiresAt: null,
          revokedAt: null,
        },
      )
    }
    async function takes(clientId: string, ...kinds: SealedMessage['kind'][]): Promise<void> {
      await endpoints.save({
        clientId,
        url: `https://${clientId}.example.com/`,
        kinds,
        createdAt: NOW,
        disabledAt: null,
        secret: Buffer.from(`secret of ${clientId}`),
        previous: null,
      })
    }
    const claim = async (now = NOW) => await queue.claim(now, 10, now + MINUTE)
    const first = async (now = NOW) => {
      const [claimed] = await claim(now)
      if (!claimed) throw new Error('nothing is due')
      return claimed
    }

    test('go to every endpoint of the audience that takes the kind, and to no other', async () => {
      await takes('acme-shop', 'subject.erased')
      await takes('acme-app', 'subject.rectified')
      await takes('globex', 'subject.erased')
      const one = message()
      await outbox.put([one])
      const claimed = await claim()
      expect(claimed).toMatchObject([
        {
          id: one.id,
          clientId: 'acme-shop',
          audience: 'acme',
          attempts: 1,
          endpoint: { url: 'https://acme-shop.example.com/' },
          fields: one.fields,
        },
      ])
      expect(Buffer.from(claimed[0]?.sealed ?? [])).toEqual(Buffer.from('sealed'))
    })

    test('without an audience go to everybody who takes the kind', async () => {
      await takes('acme-shop', 'request.verify')
      await takes('globex', 'request.verify')
      await outbox.put([message({ kind: 'request.verify', audience: null })])
      expect((await claim()).map(({ clientId }) => clientId).sort()).toEqual([
        'acme-shop',
        'globex',
      ])
    })

    test('with an address of their own need no endpoint', async () => {
      await outbox.put([message({ kind: 'request.status', audience: null, callbackOf: 'globex' })])
      expect(await claim()).toMatchObject([
        { clientId: 'globex', audience: 'globex', endpoint: null },
      ])
    })

    test('are there exactly if the change is that they tell of', async () => {
      await takes('acme-shop', 'subject.erased')
      const failed = db.database.transaction(async (queryable) => {
        await writeOutbox(queryable, [message()])
        throw new Error('the change failed')
      })
      await expect(failed).rejects.toThrow('the change failed')
      expect(await queue.list({ state: null, limit: 10 })).toEqual([])
      await db.database.transaction(async (queryable) => await writeOutbox(queryable, [message()]))
      expect(await queue.list({ state: 'waiting', limit: 10 })).toHaveLength(1)
    })

    test('put twice are one', async () => {
      await takes('acme-shop', 'subject.erased')
      const one = message()
      await outbox.put([one])
      await outbox.put([one])
      expect(await queue.find(one.id)).toHaveLength(1)
    })

    test('are claimed by one gateway only, and by another when the lease has ended', async () => {
      await takes('acme-shop', 'subject.erased')
      await outbox.put(Array.from({ length: 8 }, () => message()))
      const other = await db.connect()
      const there = new PostgresDeliveryQueue(other.database)
      const both = await Promise.all([
        queue.claim(NOW, 4, NOW + MINUTE),
        there.claim(NOW, 4, NOW + MINUTE),
      ])
      const ids = both.flat().map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
      await claim()
      expect(await claim()).toEqual([])
      const later = await there.claim(NOW + 2 * MINUTE, 10, NOW + 3 * MINUTE)
      expect(later).toHaveLength(8)
      expect(later.every(({ attempts }) => attempts === 2)).toBe(true)
      await other.close()
    })

    test('hold no content any more once they are delivered or may not be sent', async () => {
      await takes('acme-shop', 'subject.erased')
      await outbox.put([message(), message()])
      const [one, two] = await claim()
      if (!one || !two) throw new Error('two are due')
      await queue.settle(one, { state: 'delivered' }, NOW + 1)
      await queue.settle(two, { state: 'dropped', reason: 'consent' }, NOW + 1)
      const rows = await db.database.query('SELECT sealed FROM delivery')
      expect(rows).toEqual([{ sealed: null }, { sealed: null }])
      expect(await queue.find(two.id)).toMatchObject([
        { state: 'dropped', reason: 'consent', settledAt: NOW + 1 },
      ])
    })

    test('that were not taken wait until their next attempt', async () => {
      await takes('acme-shop', 'subject.erased')
      await outbox.put([message()])
      const claimed = await first()
      const settlement = { state: 'waiting', reason: 'http_500', nextAt: NOW + 5 * MINUTE } as const
      await queue.settle(claimed, settlement, NOW)
      expect(await claim(NOW + 4 * MINUTE)).toEqual([])
      expect(await first(NOW + 5 * MINUTE)).toMatchObject({ id: claimed.id, attempts: 2 })
    })

    test('are not settled by whoever has lost the lease', async () => {
      await takes('acme-shop', 'subject.erased')
      await outbox.put([message()])
      const early = await first()
      const late = await first(NOW + 2 * MINUTE)
      await queue.settle(early, { state: 'dead', reason: 'timeout' }, NOW + 3 * MINUTE)
      expect(await queue.find(late.id)).toMatchObject([{ state: 'waiting', attempts: 2 }])
      await queue.settle(late, { state: 'delivered' }, NOW + 3 * MINUTE)
      expect(await queue.find(late.id)).toMatchObject([{ state: 'delivered' }])
    })

    test('that nobody takes are undeliverable, until somebody takes them and they are replayed', async () => {
      const one = message()
      await outbox.put([one])
      expect(await queue.find(one.id)).toMatchObject([
        { clientId: '', state: 'dead', reason: 'no_endpoint' },
      ])
      expect(await queue.replay(one.id, NOW)).toBe(0)
      await takes('acme-shop', 'subject.erased')
      await takes('globex', 'subject.erased')
      expect(await queue.replay(one.id, NOW)).toBe(1)
      expect(await claim()).toMatchObject([{ id: one.id, clientId: 'acme-shop', attempts: 1 }])
      expect(await queue.find(one.id)).toHaveLength(1)
    })

    test('that are dead begin anew when they are replayed; others are left alone', async () => {
      await takes('acme-shop', 'subject.erased')
      await outbox.put([message()])
      const claimed = await first()
      expect(await queue.replay(claimed.id, NOW)).toBe(0)
      await queue.settle(claimed, { state: 'dead', reason: 'http_404' }, NOW)
      expect(await queue.replay(claimed.id, NOW)).toBe(1)
      const again = await first()
      expect(again).toMatchObject({ id: claimed.id, attempts: 1, reason: null })
      await queue.settle(again, { state: 'delivered' }, NOW)
      expect(await queue.replay(claimed.id, NOW)).toBe(0)
    })

    test('of an erased person go; notices about them stay', async () => {
      await takes('acme-shop', 'subject.erased')
      const [own, notice] = [message({ subject: SUBJECT }), message()]
      await outbox.put([own, notice])
      expect(await outbox.forget([SUBJECT])).toBe(1)
      expect((await claim()).map(({ id }) => id)).toEqual([notice.id])
    })

    test('are counted by state and removed when they are old and settled', async () => {
      await takes('acme-shop', 'subject.erased')
      await outbox.put([message(), message()])
      await queue.settle(await first(), { state: 'delivered' }, NOW)
      const counts = await queue.count()
      expect((counts.get('waiting') ?? 0) + (counts.get('delivered') ?? 0)).toBe(2)
      expect(await queue.discardSettledBefore(NOW)).toBe(0)
      expect(await queue.discardSettledBefore(NOW + DAY)).toBe(1)
    })

    test('are not sent to where a client said that it is gone, or was removed', async () => {
      await takes('acme-shop', 'subject.erased')
      await endpoints.disable('acme-shop', NOW)
      expect(await endpoints.find('acme-shop')).toMatchObject({ disabledAt: NOW })
      const one = message()
      await outbox.put([one])
      expect(await queue.find(one.id)).toMatchObject([{ clientId: '', reason: 'no_endpoint' }])
      expect(await endpoints.remove('acme-shop')).toBe(true)
      expect(await endpoints.remove('acme-shop')).toBe(false)
      expect(await endpoints.list()).toEqual([])
    })
  })
}
