import { PostgresSegmentStore } from '../../../src/outbound/postgres/segment-store.ts'
import type { FreshDatabase } from '../../contracts/fresh-database.ts'
import { consent, event, IngestHouse, profile } from './ingest-house.ts'

/** What becomes of a row when something about its person has come in. */
export function compositionContract(name: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`composing rows on ${name}`, () => {
    let database: FreshDatabase
    let house: IngestHouse
    beforeAll(async () => {
      database = await fresh()
      house = await IngestHouse.over(database)
    })
    afterAll(() => database.drop())

    test('moves people in and out of segments with what comes in, and tells who changed', async () => {
      const segments = new PostgresSegmentStore(database.database, house.clock)
      const now = house.clock.now()
      const rule = { field: 'plan', is: '=', value: 'gold' } as const
      const about = {
        name: 'Gold',
        description: '',
        categories: [],
        createdAt: now,
        updatedAt: now,
      }
      await segments.define({ key: 'gold', rule, ...about }, now)
      const plan = (value: string) => profile('G1', { crmId: 'G1' }, { plan: value })
      await house.take('crm', [plan('gold'), consent({ crmId: 'G1' }, 'MARKETING', 'ConsentGiven')])
      const row = await house.rowOf({ kind: 'crmId', value: 'G1' })
      expect(row?.segment_keys).toEqual(['gold'])
      await house.take('crm', [
        plan('free'),
        consent({ crmId: 'G1' }, 'MARKETING', 'ConsentWithdrawn'),
      ])
      expect((await house.rowOf({ kind: 'crmId', value: 'G1' }))?.segment_keys).toEqual([])
      const changes = await house.database.query(
        'SELECT kind, key FROM change WHERE subject_id = $1 ORDER BY sequence',
        [row?.subject_id],
      )
      expect(changes).toEqual([
        { kind: 'profile', key: null },
        { kind: 'segment', key: 'gold' },
        { kind: 'profile', key: null },
        { kind: 'segment', key: 'gold' },
        { kind: 'consent', key: null },
      ])
      await segments.remove('gold')
    })

    test('holds the more restrictive of two decisions from before a merge, and a decision after it', async () => {
      await house.take('crm', [
        consent({ crmId: 'H1' }, 'MARKETING', 'ConsentGiven', { effectiveAt: '2025-02-01' }),
      ])
      await house.take('identity', [
        consent({ userId: 'H2' }, 'MARKETING', 'ConsentRefused', { effectiveAt: '2025-01-01' }),
      ])
      const state = async () => (await house.rowOf({ kind: 'crmId', value: 'H1' }))?.state
      expect(await state()).toContain('MARKETING=ConsentGiven')
      await house.take('identity', [profile('H', { crmId: 'H1', userId: 'H2' })])
      expect(await state()).toContain('MARKETING=ConsentRefused')
      await house.take('crm', [
        consent({ crmId: 'H1' }, 'MARKETING', 'RenewedConsentGiven', { effectiveAt: '2025-03-01' }),
      ])
      expect(await state()).toContain('MARKETING=RenewedConsentGiven')
    })

    test('keeps what a person decided by themselves when the live batch is taken back', async () => {
      await house.take('crm', [profile('D1', { crmId: 'D1' })])
      const subject = (await house.rowOf({ kind: 'crmId', value: 'D1' }))?.subject_id ?? ''
      const own = { verified: true, subject }
      await house.ingest.acceptLive(
        'api',
        [event('d1', {}, 'Seen'), consent({}, 'MARKETING', 'ConsentWithdrawn')],
        own,
      )
      const live = (await house.ingest.list()).find(
        ({ source, kind, state }) => source === 'api' && kind === 'live' && state === 'running',
      )
      await house.ingest.undo(live?.id ?? '')
      const row = await house.rowOf({ kind: 'crmId', value: 'D1' })
      expect(row?.activity).toEqual({})
      expect(row?.state).toContain('MARKETING=ConsentWithdrawn')
      const again = await house.ingest.acceptLive('api', [event('d1', {}, 'Seen')], own)
      expect(again.counts.accepted).toBe(1)
    })

    test('leaves nothing behind when a key can not be had, whatever is under way then', async () => {
      const people = Array.from({ length: 300 }, (_, n) => n)
      const told = (prefix: string) =>
        people.map((n) =>
          profile(
            `${prefix}${n}`,
            { [`${prefix}Id`]: `N${n}`, email: `n${n}@example.com` },
            { name: prefix },
          ),
        )
      await house.take('crm', told('crm'))
      const counts = async () => [await house.count('subject'), await house.count('change')]
      const before = await counts()
      const dataKeyOf = house.keys.dataKeyOf.bind(house.keys)
      // The first is asked for while identities are written, one of the last while rows of the first people are.
      for (const failing of [1, people.length + 290]) {
        let asked = 0
        const keys = jest.spyOn(house.keys, 'dataKeyOf').mockImplementation((subject) => {
          asked += 1
          return asked === failing ? null : dataKeyOf(subject)
        })
        await expect(house.take('identity', told('user'))).rejects.toMatchObject({
          code: 'KEYS_UNAVAILABLE',
        })
        keys.mockRestore()
        expect(await counts()).toEqual(before)
        expect(await counts()).toEqual(before)
      }
    })

    test('composes the same row again when asked to', async () => {
      const identifier = { kind: 'crmId', value: 'B1' } as const
      await house.take('crm', [
        profile('B1', { crmId: 'B1', email: 'b1@example.com' }, { name: 'Bea' }),
      ])
      const before = await house.rowOf(identifier)
      await house.database.query(
        'UPDATE read_model SET account = $2, sealed_name = NULL WHERE subject_id = $1',
        [before?.subject_id, '{"plan": "stale"}'],
      )
      await house.rebuild.rebuild([before?.subject_id ?? ''])
      const after = await house.rowOf(identifier)
      expect(after?.account).toEqual({})
      expect(after && house.vaultOf(after)).toEqual(before && house.vaultOf(before))
    })
  })
}
