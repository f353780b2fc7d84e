import { createHash } from 'node:crypto'
import type { AskedSet } from '../../src/domain/segments/counted-sets.ts'
import type { SegmentRule } from '../../src/domain/segments/rule.ts'
import { PostgresCountedSets } from '../../src/outbound/postgres/counted-sets.ts'
import { clearRows, noGroups, personId, writeRows } from './feature-rows.ts'
import type { FreshDatabase } from './fresh-database.ts'

const NOW = Date.UTC(2026, 0, 31, 9, 30)
const upTo = (sessions: number): SegmentRule => ({
  field: 'sessionCount',
  is: '<',
  value: sessions,
})
const asked = (rule: SegmentRule, changes: Partial<AskedSet> = {}): AskedSet => ({
  clientId: 'analyst',
  day: '2026-01-31',
  digest: createHash('sha256').update(JSON.stringify(rule)).digest(),
  rule,
  permittedStates: [1],
  now: NOW,
  fewest: 20,
  perDay: 10,
  ...changes,
})

export function countedSetsContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`counts of sets on ${adapter}`, () => {
    let db: FreshDatabase
    let sets: PostgresCountedSets
    const count = async (rule: SegmentRule, changes: Partial<AskedSet> = {}) =>
      (await sets.count(asked(rule, changes))).count

    beforeAll(async () => {
      db = await fresh()
      sets = new PostgresCountedSets(db.database)
      await clearRows(db.database)
      // Person n has n sessions.
      await writeRows(
        db.database,
        Array.from({ length: 100 }, (_, n) => ({
          id: personId(n),
          groups: { ...noGroups, activity: { sessionCount: n }, account: { plan: 'pro' } },
          consentId: n < 90 ? 1 : 2,
        })),
      )
    })
    beforeEach(async () => {
      await db.database.query('TRUNCATE counted_set')
    })
    afterAll(async () => {
      await db.drop()
    })

    test('counts those who match and whose consent covers it', async () => {
      expect(await count(upTo(50))).toBe(50)
      expect(await count(upTo(95))).toBe(90)
      expect(await count(upTo(95), { clientId: 'other', permittedStates: [1, 2] })).toBe(95)
      expect(await count(upTo(95), { clientId: 'third', permittedStates: [] })).toBe(0)
    })

    test('a set that differs from an earlier one by fewer than twenty has that one’s answer', async () => {
      expect(await count(upTo(50))).toBe(50)
      expect(await count(upTo(51))).toBe(50)
      expect(await count(upTo(69))).toBe(50)
      expect(await count(upTo(31))).toBe(50)
      expect(await count(upTo(70))).toBe(70)
      expect(await count(upTo(30))).toBe(30)
      // Compared with what was answered, not with what was asked.
      expect(await count(upTo(85))).toBe(70)
    })

    test('nobody learns whether one person is in a set by leaving that person out', async () => {
      const without = (n: number): SegmentRule => ({
        all: [upTo(50), { not: { field: 'sessionCount', is: '=', value: n } }],
      })
      const whole = await sets.count(asked(upTo(50)))
      // Somebody who is in the set, and somebody who is not.
      expect(await sets.count(asked(without(7)))).toEqual(whole)
      expect(await sets.count(asked(without(77)))).toEqual(whole)
    })

    test('sets of one size that hold other people are told apart', async () => {
      const others: SegmentRule = {
        all: [upTo(80), { not: upTo(40) }],
      }
      expect(await count(upTo(40))).toBe(40)
      expect(await sets.count(asked(others, { now: NOW + 5 }))).toEqual({
        count: 40,
        asOf: NOW + 5,
      })
    })

    test('asked again on the same day, the answer is the same whatever has changed', async () => {
      expect(await count(upTo(50))).toBe(50)
      await db.database.query('UPDATE read_model SET consent_id = 2 WHERE subject_id = $1', [
        personId(3),
      ])
      expect(await sets.count(asked(upTo(50), { now: NOW + 9 }))).toEqual({ count: 50, asOf: NOW })
      expect(await count(upTo(50), { day: '2026-02-01' })).toBe(49)
      await db.database.query('UPDATE read_model SET consent_id = 1 WHERE subject_id = $1', [
        personId(3),
      ])
    })

    test('sets that are asked at once are compared with each other too', async () => {
      const rules = [50, 51, 52, 53].map((n) => upTo(n))
      const counts = await Promise.all(rules.map((rule) => count(rule)))
      expect(new Set(counts).size).toBe(1)
    })

    test('a client has so many different sets a day, and what it was told it may ask again', async () => {
      expect(await count(upTo(20), { perDay: 2 })).toBe(20)
      expect(await count(upTo(50), { perDay: 2 })).toBe(50)
      await expect(count(upTo(80), { perDay: 2 })).rejects.toMatchObject({
        code: 'BUDGET_EXHAUSTED',
      })
      expect(await count(upTo(20), { perDay: 2 })).toBe(20)
      expect(await count(upTo(80), { perDay: 2, day: '2026-02-01' })).toBe(80)
    })

    test('one person counts once, whatever they have done', async () => {
      const visited: SegmentRule = {
        event: 'Product Viewed',
        is: 'atLeast',
        count: 1,
        withinDays: null,
      }
      expect(await count(visited)).toBe(0)
      await db.database.query(
        `INSERT INTO event (source, message_id, home_id, batch_id, name, occurred_at, received_at, properties)
         SELECT 'test', 'duplicate ' || n, $1, $1, 'Product Viewed', now(), now(), '{}' FROM generate_series(1, 1000) n`,
        [personId(5)],
      )
      const later = Date.now() + 1_000
      expect(await count(visited, { day: '2026-02-01', now: later })).toBe(1)
    })
  })
}
