import type { FreshDatabase } from '../../contracts/fresh-database.ts'
import { consent, event, IngestHouse, profile } from './ingest-house.ts'

/** What the ingest door promises, on every database. */
export function ingestContract(name: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the ingest door over ${name}`, () => {
    let database: FreshDatabase
    let house: IngestHouse
    beforeAll(async () => {
      database = await fresh()
      house = await IngestHouse.over(database)
    })
    afterAll(() => database.drop())

    test('makes one profile of what two sources say about a person, by the rule of each trait', async () => {
      await house.take('crm', [
        profile(
          'C1',
          { crmId: 'C1', email: ' Ada@Example.com' },
          {
            name: 'Ada L.',
            plan: 'pro',
            country: 'Germany',
            phone: '030 901820',
            birthDate: '1990-05-17',
          },
        ),
      ])
      await house.take('identity', [
        profile(
          'U1',
          { userId: 'U1', email: 'ada@example.com' },
          { name: 'Ada', language: 'en-GB' },
        ),
      ])
      const row = await house.rowOf({ kind: 'userId', value: 'U1' })
      expect(row).toEqual(await house.rowOf({ kind: 'crmId', value: 'C1' }))
      expect(row?.kind).toBe('person')
      expect(row?.account).toEqual({ plan: 'pro' })
      expect(row?.location).toEqual({ country: 'DE' })
      expect(row?.demographics).toEqual({
        language: 'en',
        ageBand: { band: '35-44', untilYear: 2035 },
      })
      expect(row && house.vaultOf(row)).toEqual({
        name: 'Ada L.',
        email: 'ada@example.com',
        phone: '+4930901820',
        birthDate: '1990-05-17',
        crmId: 'C1',
        userId: 'U1',
      })
      expect(row?.lineage.name).toMatchObject({ source: 'crm', rule: 'priority' })
      expect(row?.lineage.language).toMatchObject({ source: 'identity', rule: 'only' })
    })

    test('counts events, orders and items, and takes each message once', async () => {
      const order = { orderId: 'O1', itemId: 'i1', quantity: 2, price: '10.25' }
      const first = await house.take('api', [
        event('m1', { userId: 'E1' }, 'Session Started', {}, { timestamp: '2026-01-01T10:00:00Z' }),
        event('m2', { userId: 'E1' }, 'Order Completed', order, { timestamp: '2026-01-02' }),
        event('m2', { userId: 'E1' }, 'Order Completed', order, { timestamp: '2026-01-02' }),
      ])
      const second = await house.take('api', [
        event('m1', { userId: 'E1' }, 'Session Started'),
        event(
          'm3',
          { userId: 'E1' },
          'Order Completed',
          { ...order, itemId: 'i2', quantity: 1 },
          { timestamp: '2026-01-02' },
        ),
        event(
          'm4',
          { userId: 'E1' },
          'Product Viewed',
          { itemId: 'i1' },
          { timestamp: '2026-01-03' },
        ),
      ])
      const twoOfThree = { received: 3, accepted: 2, quarantined: 0, duplicates: 1, suppressed: 0 }
      expect([first.counts, second.counts]).toEqual([twoOfThree, twoOfThree])
      const row = await house.rowOf({ kind: 'userId', value: 'E1' })
      expect(row?.commerce).toEqual({
        orderCount: 1,
        totalValue: 30.75,
        lastOrderAt: Date.UTC(2026, 0, 2),
        favouriteCategories: [],
      })
      expect(row?.activity).toMatchObject({
        sessionCount: 1,
        lastSeenAt: Date.UTC(2026, 0, 3),
        eventCounts: { 'Session Started': 1, 'Product Viewed': 1 },
      })
      expect(row?.interactions).toEqual([
        ['i1', 1, 1, Date.UTC(2026, 0, 3)],
        ['i2', 0, 1, Date.UTC(2026, 0, 2)],
      ])
    })

    test('replaces a record by its newer version, and does not by an older one that comes late', async () => {
      const said = (plan: string, observedAt: string) =>
        profile('V1', { crmId: 'V1' }, { plan }, { observedAt })
      await house.take('crm', [said('free', '2025-01-01')])
      await house.take('crm', [said('pro', '2025-03-01')])
      const late = await house.take('crm', [said('team', '2025-02-01')])
      expect(late.counts.accepted).toBe(1)
      expect((await house.rowOf({ kind: 'crmId', value: 'V1' }))?.account).toEqual({ plan: 'pro' })
      const again = await house.take('crm', [said('pro', '2025-03-01')])
      expect(again.counts).toEqual({
        received: 1,
        accepted: 0,
        quarantined: 0,
        duplicates: 1,
        suppressed: 0,
      })
    })

    test('merges people by two verified identifiers of one record, and undo takes exactly that back', async () => {
      await house.take('crm', [profile('M1', { crmId: 'M1' }, { plan: 'free' })])
      await house.take('identity', [profile('M2', { userId: 'M2' }, { language: 'de' })])
      const before = [
        await house.rowOf({ kind: 'crmId', value: 'M1' }),
        await house.rowOf({ kind: 'userId', value: 'M2' }),
      ]
      const merge = await house.take('api', [
        event('m-merge', { crmId: 'M1', userId: 'M2' }, 'Signed In'),
      ])
      const merged = await house.rowOf({ kind: 'userId', value: 'M2' })
      expect(merged).toMatchObject({ subject_id: before[0]?.subject_id, account: { plan: 'free' } })
      expect(merged?.demographics).toEqual({ language: 'de' })
      await house.ingest.undo(merge.batch.id)
      const after = [
        await house.rowOf({ kind: 'crmId', value: 'M1' }),
        await house.rowOf({ kind: 'userId', value: 'M2' }),
      ]
      const comparable = (row: unknown) => ({
        ...(row as object),
        updated_at: null,
        sealed_external: null,
      })
      expect(after.map(comparable)).toEqual(before.map(comparable))
      await expect(house.ingest.undo(merge.batch.id)).rejects.toMatchObject({ code: 'CONFLICT' })
    })

    test('forgets the people of a batch that is taken back, with their keys, and brings an earlier version back', async () => {
      await house.take('crm', [profile('K1', { crmId: 'K1' }, { plan: 'free' })])
      const { batch } = await house.take('crm', [
        profile('K1', { crmId: 'K1' }, { plan: 'pro' }),
        profile('K2', { crmId: 'K2', email: 'k2@example.com' }, { name: 'K Two' }),
        { type: 'item', id: 'item-k', title: 'Lamp' },
        consent({ crmId: 'K2' }, 'MARKETING', 'ConsentGiven'),
        profile('K3', {}, { plan: 'pro' }),
      ])
      const second = await house.rowOf({ kind: 'crmId', value: 'K2' })
      expect(second?.state).toContain('MARKETING=ConsentGiven')
      await house.ingest.undo(batch.id)
      expect((await house.rowOf({ kind: 'crmId', value: 'K1' }))?.account).toEqual({ plan: 'free' })
      expect(await house.rowOf({ kind: 'crmId', value: 'K2' })).toBeNull()
      expect(house.keys.dataKeyOf(second?.subject_id ?? '')).toBeNull()
      for (const table of ['record', 'item', 'consent_record', 'quarantine', 'identifier_claim'])
        expect([table, await house.count(`${table} WHERE batch_id = '${batch.id}'`)]).toEqual([
          table,
          0,
        ])
      expect(await house.count(`read_model WHERE subject_id = '${second?.subject_id}'`)).toBe(0)
    })

    test('never lets unverified identifiers reach a profile that somebody vouched for', async () => {
      await house.take('crm', [
        profile('P1', { crmId: 'P1', email: 'p1@example.com' }, { plan: 'pro' }),
      ])
      const before = await house.rowOf({ kind: 'crmId', value: 'P1' })
      const forged = [
        event('f1', { email: 'p1@example.com', crmId: 'P1' }, 'Order Completed', { value: 1e6 }),
        event('f2', { anonymousId: 'device-1', email: 'p1@example.com' }, 'Session Started'),
        profile(
          'f3',
          { anonymousId: 'device-2', crmId: 'P1' },
          { plan: 'free', email: 'p1@example.com' },
        ),
        consent({ crmId: 'P1' }, 'MARKETING', 'ConsentGiven'),
        event('f4', { anonymousId: 'device-1', deviceId: 'device-3' }, 'Session Started'),
      ]
      const verdict = await house.ingest.acceptLive('web', forged, { verified: true })
      expect(verdict.counts.accepted).toBe(5)
      await house.ingest.acceptLive('api', [forged[0]], { verified: false })
      expect(await house.rowOf({ kind: 'crmId', value: 'P1' })).toEqual(before)
      const device = await house.rowOf({ kind: 'anonymousId', value: 'device-1' })
      expect(device).toMatchObject({ kind: 'visitor', activity: { sessionCount: 2 } })
      expect(await house.rowOf({ kind: 'deviceId', value: 'device-3' })).toBeNull()
    })

    test('gives a device’s past to the person once a verified sign-in names both', async () => {
      const anonymous = { anonymousId: 'signs-in' }
      await house.ingest.acceptLive('web', [event('s1', anonymous, 'Session Started')], {
        verified: false,
      })
      await house.take('identity', [
        profile('S1', { userId: 'S1', ...anonymous }, { language: 'fr' }),
      ])
      await house.ingest.acceptLive('web', [event('s2', anonymous, 'Session Started')], {
        verified: false,
      })
      expect(await house.rowOf({ kind: 'userId', value: 'S1' })).toMatchObject({
        kind: 'person',
        activity: { sessionCount: 2 },
        demographics: { language: 'fr' },
      })
    })

    test('files what a caller sends for a person under that person, whatever identifiers it names', async () => {
      await house.take('crm', [profile('A1', { crmId: 'A1' }), profile('A2', { crmId: 'A2' })])
      const subject = (await house.rowOf({ kind: 'crmId', value: 'A1' }))?.subject_id ?? ''
      const { subjects } = await house.ingest.acceptLive(
        'api',
        [event('a1', {}, 'Session Started'), event('a2', { crmId: 'A2' }, 'Session Started')],
        { verified: false, subject },
      )
      expect(subjects).toEqual([subject, subject])
      expect((await house.rowOf({ kind: 'crmId', value: 'A1' }))?.activity).toMatchObject({
        sessionCount: 2,
      })
      expect((await house.rowOf({ kind: 'crmId', value: 'A2' }))?.activity).toEqual({})
    })

    test('goes on behind the last row that was taken, and knows a finished file again', async () => {
      const request = { source: 'crm', kind: 'customers', fingerprint: 'file-1' } as const
      const rows = ['R1', 'R2', 'R3'].map((key, index) => ({
        rowNumber: index + 1,
        input: profile(key, { crmId: key }),
      }))
      const batch = await house.ingest.openBatch(request)
      await house.ingest.accept(batch, rows.slice(0, 2))
      const resumed = await house.ingest.openBatch(request)
      expect(resumed).toMatchObject({ id: batch.id, state: 'running', position: 2 })
      await house.ingest.accept(resumed, rows)
      expect(await house.ingest.finish(resumed)).toEqual({
        received: 3,
        accepted: 3,
        quarantined: 0,
        duplicates: 0,
        suppressed: 0,
      })
      expect(await house.ingest.openBatch(request)).toMatchObject({
        id: batch.id,
        state: 'finished',
      })
      await expect(house.ingest.accept(batch, rows)).rejects.toMatchObject({ code: 'CONFLICT' })
    })

    test('reads a chunk while another is written, but never writes one behind rows that never came', async () => {
      const request = { source: 'crm', kind: 'customers', fingerprint: 'file-2' } as const
      const batch = await house.ingest.openBatch(request)
      const chunk = (...numbers: number[]) =>
        numbers.map((n) => ({ rowNumber: n, input: profile(`W${n}`, { crmId: `W${n}` }) }))
      await Promise.all(
        [chunk(1, 2), chunk(3), chunk(4, 5)].map((rows) => house.ingest.accept(batch, rows)),
      )
      await expect(house.ingest.accept(batch, chunk(7))).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await house.ingest.openBatch(request)).toMatchObject({ position: 5 })
    })

    test('keeps people apart and complete when two gateways take the same file at once', async () => {
      const other = await database.connect()
      const second = await IngestHouse.over(database, other)
      const people = Array.from({ length: 60 }, (_, n) => n)
      const told = (h: IngestHouse, source: string, kind: string) =>
        Promise.all(
          people.map((n) =>
            h.ingest.acceptLive(
              source,
              [profile(`${kind}-${n}`, { [kind]: `x${n}`, email: `x${n % 30}@example.com` })],
              { verified: true },
            ),
          ),
        )
      await Promise.all([told(house, 'crm', 'crmId'), told(second, 'identity', 'userId')])
      const roots = new Set<string | undefined>()
      for (const n of people) {
        const row = await house.rowOf({ kind: 'crmId', value: `x${n}` })
        expect(row).toEqual(await house.rowOf({ kind: 'userId', value: `x${n % 30}` }))
        roots.add(row?.subject_id)
      }
      expect(roots.size).toBe(30)
      await other.close()
    })

    test('refuses a source that nobody defined, and says which there are', async () => {
      const request = { source: 'nowhere', kind: 'events', fingerprint: 'x' } as const
      await expect(house.ingest.openBatch(request)).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: expect.stringContaining('crm'),
      })
    })
  })
}
