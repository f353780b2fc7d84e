import fc from 'fast-check'
import { readyModel } from '../../../src/domain/recommendations/recommender.ts'
import type { SegmentRule } from '../../../src/domain/segments/rule.ts'
import { DAY, HOUR, isoInstant } from '../../../src/kernel/time.ts'
import type { NeighbourRow } from '../../../src/learning/neighbour-index.ts'
import { PostgresSegmentStore } from '../../../src/outbound/postgres/segment-store.ts'
import type { FreshDatabase } from '../../contracts/fresh-database.ts'
import { consent, event, IngestHouse, profile, type StoredRow } from './ingest-house.ts'

const IDS = ['crmId:1', 'crmId:2', 'userId:1']
const ITEMS = ['a', 'b', 'c', 'd']
const ids = fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 1, maxLength: 2 })
const seen = fc.record({
  type: fc.constant('event' as const),
  ids,
  name: fc.constantFrom('Product Viewed', 'Order Completed', 'Session Started'),
  itemId: fc.constantFrom(...ITEMS),
  hoursAgo: fc.nat({ max: 24 * 10 }),
})
const said = fc.record({
  type: fc.constant('profile' as const),
  ids,
  key: fc.constantFrom('k1', 'k2', 'k3'),
  plan: fc.constantFrom('free', 'pro'),
  birthDate: fc.constantFrom('1990-05-01', '1966-12-31'),
})
const decided = fc.record({
  type: fc.constant('consent' as const),
  ids,
  purpose: fc.constantFrom('PROFILING', 'MARKETING'),
  state: fc.constantFrom('ConsentGiven', 'ConsentRefused'),
  expiresInHours: fc.option(fc.integer({ min: 1, max: 24 * 20 })),
})
type Row =
  typeof seen extends fc.Arbitrary<infer S>
    ?
        | S
        | (typeof said extends fc.Arbitrary<infer T> ? T : never)
        | (typeof decided extends fc.Arbitrary<infer U> ? U : never)
    : never
const step = fc.record({
  source: fc.constantFrom('crm', 'identity'),
  rows: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: seen },
      { weight: 1, arbitrary: said },
      { weight: 1, arbitrary: decided },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  /** Long enough that consent expires and age bands end. */
  days: fc.constantFrom(0, 0, 1, 30, 400),
})

const rules: readonly SegmentRule[] = [
  {
    all: [
      { field: 'plan', is: '=', value: 'pro' },
      { field: 'sessionCount', is: '>', value: 1 },
    ],
  },
  { event: 'Product Viewed', is: 'atLeast', count: 2, withinDays: 7 },
  { field: 'lastSeenAt', is: 'olderThan', days: 3 },
  { field: 'orderCount', is: '>', value: 0 },
  { field: 'ageBand', is: '=', value: '55-64' },
]
const nearest = (similarity: number): NeighbourRow[] =>
  ITEMS.map((item) => [
    item,
    ITEMS.filter((one) => one !== item).map((one) => [one, similarity] as const),
  ])

/**
 * Where nothing but events came in, rows are counted again and not composed again. That must come to the same as
 * composing everything from what is stored.
 */
export function countingContract(name: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`counting on ${name}`, () => {
    let database: FreshDatabase
    let house: IngestHouse
    let told = 0
    beforeAll(async () => {
      database = await fresh()
      const model = readyModel(1, {
        fittedAt: 0,
        popular: [],
        neighbours: { activity: nearest(0.5), full: nearest(0.7) },
      })
      house = await IngestHouse.over(database, database, {
        model: async () => model,
        catalogue: async () => new Map(ITEMS.map((item) => [item, null])),
      })
      const now = house.clock.now()
      const segments = new PostgresSegmentStore(database.database, house.clock)
      const about = { name: '', description: '', categories: [], createdAt: now, updatedAt: now }
      for (const [index, rule] of rules.entries())
        await segments.define({ key: `s${index}`, rule, ...about }, now)
    })
    afterAll(() => database.drop())

    const inputOf = (row: Row) => {
      const now = house.clock.now()
      const identifiers = Object.fromEntries(row.ids.map((id) => id.split(':')))
      if (row.type === 'profile') {
        const { key, plan, birthDate } = row
        return profile(key, identifiers, { plan, birthDate, onboardingStep: `step ${key}` })
      }
      if (row.type === 'consent') {
        const expiresAt = row.expiresInHours && isoInstant(now + row.expiresInHours * HOUR)
        return consent(identifiers, row.purpose, row.state, expiresAt ? { expiresAt } : {})
      }
      const { itemId, hoursAgo } = row
      return event(
        `m${told++}`,
        identifiers,
        row.name,
        { itemId, ...(row.name === 'Order Completed' && { orderId: `o${told}`, value: 7.5 }) },
        { timestamp: isoInstant(now - hoursAgo * HOUR) },
      )
    }

    /** Rows of these people, the vault opened: nonces differ each time that something is sealed. */
    const rowsOf = async (subjects: readonly string[]) => {
      const rows = await house.database.query<StoredRow & Record<string, unknown>>(
        `SELECT r.* FROM read_model r
         WHERE subject_id IN (SELECT root_id FROM subject WHERE id = ANY ($1::uuid[])) ORDER BY subject_id`,
        [subjects],
      )
      return rows.map((row) => ({
        ...Object.fromEntries(
          Object.entries(row).filter(([column]) => !column.startsWith('sealed_')),
        ),
        updated_at: null,
        segment_keys: [...row.segment_keys].sort(),
        vault: house.vaultOf(row),
      }))
    }

    test('composes again where time has changed consent or age', async () => {
      const now = house.clock.now()
      await house.take('crm', [
        profile('T', { crmId: 'T' }, { birthDate: '1990-05-01' }),
        consent({ crmId: 'T' }, 'PROFILING', 'ConsentGiven', { expiresAt: isoInstant(now + DAY) }),
      ])
      const afterAnEvent = async (name: string) => {
        await house.take('crm', [event(name, { crmId: 'T' }, 'Session Started')])
        const row = await house.rowOf({ kind: 'crmId', value: 'T' })
        return [row?.state, row?.demographics.ageBand, row?.activity.sessionCount]
      }
      const thirties = { band: '35-44', untilYear: 2035 }
      expect(await afterAnEvent('t1')).toEqual([expect.stringContaining('Given'), thirties, 1])
      house.clock.pass(2 * DAY)
      expect(await afterAnEvent('t2')).toEqual([expect.stringContaining('Expired'), thirties, 2])
      house.clock.pass(Date.UTC(2035, 0, 2) - house.clock.now())
      const forties = { band: '45-54', untilYear: 2045 }
      expect(await afterAnEvent('t3')).toEqual([expect.stringContaining('Expired'), forties, 3])
    })

    test('reads neither records nor consent of people of whom only events came in', async () => {
      await house.take('crm', [profile('K', { crmId: 'K' }, { plan: 'pro' })])
      const before = database.statements.length
      await house.take('crm', [event('k1', { crmId: 'K' }, 'Session Started')])
      const row = await house.rowOf({ kind: 'crmId', value: 'K' })
      expect(row?.activity.sessionCount).toBe(1)
      const since = database.statements.slice(before).join('\n')
      expect(since).toContain('FROM tally')
      expect(since).not.toMatch(/FROM (record|consent_record) /)
    })

    test('comes to what composing everything comes to, whatever came before', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 8 }), async (steps) => {
          const people = new Set<string>()
          for (const { source, rows, days } of steps) {
            house.clock.pass(days * DAY)
            const inputs = rows.map(inputOf)
            const { subjects, rejected } = await house.ingest.acceptLive(source, inputs, {
              verified: true,
            })
            expect(rejected).toEqual([])
            const touched = subjects.flatMap((subject) => subject ?? [])
            for (const subject of touched) people.add(subject)
            const counted = await rowsOf(touched)
            await house.rebuild.rebuild(touched)
            expect(counted).toEqual(await rowsOf(touched))
            house.clock.pass(1_000)
          }
          await house.database.query('DELETE FROM read_model; DELETE FROM tally; DELETE FROM event')
          await house.database.query(`SELECT set_config('bauta.consent_removal', 'erasure', true);
             DELETE FROM record; DELETE FROM consent_record`)
          await house.database.query('DELETE FROM subject_merge; DELETE FROM identifier_claim')
          await house.database.query('DELETE FROM identifier; DELETE FROM subject')
        }),
        { numRuns: 8 },
      )
    })
  })
}
