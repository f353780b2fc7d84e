import { compileDataRetention } from '../../src/domain/privacy/data-retention.ts'
import { DataRetentionSweep } from '../../src/gateway/govern/data-retention.ts'
import { DAY } from '../../src/kernel/time.ts'
import { PostgresExpiredData } from '../../src/outbound/postgres/expired-data.ts'
import { event, IngestHouse, profile } from '../gateway/ingest/ingest-house.ts'
import type { FreshDatabase } from './fresh-database.ts'

const RULES = [
  { data: 'user', keep_days: 'forever' },
  { data: 'user.device', keep_days: '100' },
  { data: 'user.contact', keep_days: '200' },
  { data: 'user.behavior.activity', keep_days: '300' },
  { data: 'user.behavior.purchase_history', keep_days: '400' },
  { data: 'quarantine', keep_days: '50' },
]

export function dataRetentionContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`data that is not kept any longer, on ${adapter}`, () => {
    let db: FreshDatabase
    let house: IngestHouse
    let sweep: DataRetentionSweep
    const maria = { kind: 'userId' as const, value: 'maria' }
    const rowOfMaria = async () => {
      const row = await house.rowOf(maria)
      if (!row) throw new Error('she is not known')
      return row
    }

    beforeAll(async () => {
      db = await fresh()
      house = await IngestHouse.over(db)
      sweep = new DataRetentionSweep({
        expired: new PostgresExpiredData(db.database, house.rebuild, house.clock),
        policy: house.policy,
        rules: compileDataRetention(RULES, house.policy.categories),
        recorder: { recordAction: async (action) => String(house.recorded.push(action)) },
        clock: house.clock,
      })
      await house.take('crm', [
        profile(
          'r-1',
          { userId: 'maria' },
          { email: 'maria@example.com', plan: 'pro', device: 'phone' },
        ),
        profile('r-2', { userId: 'other' }, { plan: 'basic' }),
        { type: 'profile', recordKey: 'broken' },
      ])
      await house.take('shop', [
        event('m-1', { userId: 'maria' }, 'Product Viewed', { itemId: 'i-1' }),
        event('m-2', { userId: 'maria' }, 'Session Started', { browser: 'lynx' }),
        event('m-3', { userId: 'maria' }, 'Order Completed', {
          orderId: 'o-1',
          price: 5,
          quantity: 1,
        }),
      ])
    })
    afterAll(async () => await db.drop())

    test('stays as long as nothing is too old, and no entry is made', async () => {
      const before = house.recorded.length
      expect(await sweep.run()).toBe(0)
      expect(house.recorded).toHaveLength(before)
      expect(await house.count('event')).toBe(3)
    })

    test('goes by category, rows of the quarantine first, and an entry counts what went', async () => {
      house.clock.pass(60 * DAY)
      const due = (await sweep.report()).filter(
        ({ events, records, rows }) => events + records + rows,
      )
      expect(due).toEqual([{ data: 'quarantine', keepDays: 50, events: 0, records: 0, rows: 1 }])
      expect(await house.count('quarantine')).toBe(1)
      expect(await sweep.run()).toBe(1)
      expect(await house.count('quarantine')).toBe(0)
      expect(house.recorded.at(-1)).toEqual({
        action: 'data.discard',
        categories: 'quarantine',
        events: 0,
        records: 0,
        quarantined: 1,
      })
    })

    test('takes values out of records and of what reads see, and leaves the others', async () => {
      expect((await rowOfMaria()).device).toEqual({ device: 'phone' })
      house.clock.pass(60 * DAY)
      expect(await sweep.run()).toBe(2)
      const row = await rowOfMaria()
      expect(row.device).toEqual({})
      const [session] = await db.database.query<{ properties: object }>(
        "SELECT properties FROM event WHERE message_id = 'm-2'",
      )
      expect(session?.properties).toEqual({})
      expect(row.account).toMatchObject({ plan: 'pro' })
      expect(house.vaultOf(row)).toMatchObject({ email: 'maria@example.com' })
    })

    test('takes sealed values too', async () => {
      house.clock.pass(100 * DAY)
      expect(await sweep.run()).toBe(1)
      expect(house.vaultOf(await rowOfMaria())).not.toHaveProperty('email')
      const [held] = await db.database.query<{ sealed: object; traits: object }>(
        "SELECT sealed, traits FROM record WHERE traits ->> 'plan' = 'pro'",
      )
      expect(Object.keys(held?.sealed ?? {})).not.toContain('user.contact.email')
      expect(held?.traits).toMatchObject({ plan: 'pro' })
    })

    test('takes events of a category away and counts what is left anew', async () => {
      expect((await rowOfMaria()).activity.eventCounts).toMatchObject({ 'Product Viewed': 1 })
      house.clock.pass(100 * DAY)
      expect(await sweep.run()).toBe(2)
      const row = await rowOfMaria()
      expect(row.activity.eventCounts ?? {}).not.toHaveProperty('Product Viewed')
      expect(row.commerce).toMatchObject({ orderCount: 1 })
      house.clock.pass(100 * DAY)
      expect(await sweep.run()).toBe(1)
      expect((await rowOfMaria()).commerce.orderCount ?? 0).toBe(0)
      expect(await house.count('event')).toBe(0)
    })

    test('is gone once: another round finds nothing, and others are as they were', async () => {
      expect(await sweep.run()).toBe(0)
      expect((await house.rowOf({ kind: 'userId', value: 'other' }))?.account).toMatchObject({
        plan: 'basic',
      })
    })
  })

  test('the table refuses what is no category, twice the same, and days that are none', () => {
    const categories = new Map([
      ['user', { category: 'user', sensitivity: 'NORMAL', store: 'features' }],
    ] as const)
    const compiled = (rows: { data: string; keep_days: string }[]) => () =>
      compileDataRetention(rows, categories)
    expect(compiled([{ data: 'pets', keep_days: '1' }])).toThrow('line 2: "pets" is no category')
    expect(compiled([{ data: 'user', keep_days: '0' }])).toThrow('keep_days is "0"')
    expect(
      compiled([
        { data: 'user', keep_days: '1' },
        { data: 'user', keep_days: '2' },
      ]),
    ).toThrow('"user" stands twice')
  })
}
