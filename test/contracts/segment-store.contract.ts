import fc from 'fast-check'
import { evaluate } from '../../src/domain/segments/evaluate.ts'
import { factsOf } from '../../src/domain/segments/facts.ts'
import type { Segment, SegmentRule } from '../../src/domain/segments/rule.ts'
import { DAY, HOUR, type Instant } from '../../src/kernel/time.ts'
import { memberSql, untilSql } from '../../src/outbound/postgres/segment-sql.ts'
import {
  PostgresSegmentStore,
  segmentsForWriting,
} from '../../src/outbound/postgres/segment-store.ts'
import { events, groups, NOW, rule } from '../domain/segments/arbitraries.ts'
import { clearRows, noGroups, personId, writeRows } from './feature-rows.ts'
import type { FreshDatabase } from './fresh-database.ts'

const segment = (of: SegmentRule, key = 'seg'): Segment => ({
  key,
  name: 'A segment',
  description: '',
  rule: of,
  categories: ['user.behavior.activity'],
  createdAt: NOW,
  updatedAt: NOW,
})
const seen = (id: number, lastSeenAt: Instant) => ({
  id: personId(id),
  groups: { ...noGroups, activity: { lastSeenAt } },
})
const sleeping: SegmentRule = { field: 'lastSeenAt', is: 'olderThan', days: 7 }

export function segmentStoreContract(where: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`segments on ${where}`, () => {
    let db: FreshDatabase
    let store: PostgresSegmentStore
    let now = NOW

    beforeAll(async () => {
      db = await fresh()
    })
    afterAll(async () => {
      await db.drop()
    })
    beforeEach(async () => {
      now = NOW
      store = new PostgresSegmentStore(db.database, { now: () => now })
      await clearRows(db.database)
    })

    const rows = async () =>
      new Map(
        (
          await db.database.query<{
            subject_id: string
            segment_keys: string[]
            memberships: Record<string, [boolean, number | null]>
            memberships_until: Date | null
          }>('SELECT subject_id, segment_keys, memberships, memberships_until FROM read_model')
        ).map((row) => [row.subject_id, row]),
      )
    const changes = async () =>
      await db.database.query(
        `SELECT subject_id, key FROM change WHERE kind = 'segment' ORDER BY sequence`,
      )

    test('a rule says the same of every row in SQL and in memory', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(groups, events), { minLength: 1, maxLength: 12 }),
          fc.array(rule, { minLength: 1, maxLength: 12 }),
          async (people, rules) => {
            await clearRows(db.database)
            await writeRows(
              db.database,
              people.map(([g, e], index) => ({
                id: personId(index),
                groups: g,
                events: e,
                ...(index % 2 && { home: personId(1_000 + index) }),
              })),
            )
            const values: unknown[] = []
            const bind = (value: unknown) => `$${values.push(value)}`
            const columns = rules.map(
              (one, index) =>
                `${memberSql(one, NOW, bind)} AS member${index}, ${untilSql(one, NOW, bind)} AS until${index}`,
            )
            const answers = await db.database.query<Record<string, unknown>>(
              `SELECT ${columns.join(', ')} FROM features f ORDER BY subject_id`,
              values,
            )
            expect(answers).toHaveLength(people.length)
            for (const [row, [g, e]] of people.entries())
              for (const [index, one] of rules.entries()) {
                const { member, until } = evaluate(one, factsOf(g, e), NOW)
                expect(answers[row]?.[`member${index}`]).toBe(member)
                const early = answers[row]?.[`until${index}`] ?? Number.POSITIVE_INFINITY
                expect(early).toBeGreaterThan(NOW)
                expect(early).toBeLessThanOrEqual(until ?? Number.POSITIVE_INFINITY)
              }
          },
        ),
        { numRuns: 60 },
      )
    })

    test('a definition is evaluated for everybody and tells who came in', async () => {
      await writeRows(db.database, [seen(1, NOW - 8 * DAY), seen(2, NOW - 6 * DAY)])
      expect(await store.define(segment(sleeping), NOW)).toBe(1)
      const stored = await rows()
      expect(stored.get(personId(1))).toMatchObject({
        segment_keys: ['seg'],
        memberships: { seg: [true, null] },
        memberships_until: null,
      })
      expect(stored.get(personId(2))).toMatchObject({
        segment_keys: [],
        memberships: { seg: [false, NOW + DAY] },
        memberships_until: new Date(NOW + DAY),
      })
      expect(await changes()).toEqual([{ subject_id: personId(1), key: 'seg' }])
      expect((await store.all()).get('seg')).toEqual(segment(sleeping))
    })

    test('a new rule under the same key replaces the old one and tells who went and came', async () => {
      await writeRows(db.database, [seen(1, NOW - 8 * DAY), seen(2, NOW - 6 * DAY)])
      await store.define(segment(sleeping), NOW)
      const awake: SegmentRule = { field: 'lastSeenAt', is: 'newerThan', days: 7 }
      const later = { ...segment(awake), createdAt: NOW + HOUR, updatedAt: NOW + HOUR }
      expect(await store.define(later, NOW)).toBe(1)
      expect((await rows()).get(personId(1))?.segment_keys).toEqual([])
      expect((await changes()).slice(1)).toHaveLength(2)
      expect((await store.all()).get('seg')).toEqual({ ...later, createdAt: NOW })
    })

    test('a definition leaves other memberships and their instants alone', async () => {
      await writeRows(db.database, [seen(1, NOW - 6 * DAY)])
      await store.define(segment(sleeping, 'a'), NOW)
      await store.define(segment({ field: 'plan', is: 'known' }, 'b'), NOW)
      expect((await rows()).get(personId(1))).toMatchObject({
        memberships: { a: [false, NOW + DAY], b: [false, null] },
        memberships_until: new Date(NOW + DAY),
      })
    })

    test('time alone brings people in and out, and a count knows', async () => {
      await writeRows(db.database, [seen(1, NOW - 6 * DAY), seen(2, NOW - 5 * DAY)])
      await store.define(segment(sleeping), NOW)
      expect(await store.count('seg', [1], NOW + DAY - 1)).toBe(0)
      expect(await store.count('seg', [1], NOW + DAY)).toBe(1)
      expect(await changes()).toEqual([{ subject_id: personId(1), key: 'seg' }])
      expect(await store.refreshMemberships(NOW + DAY)).toBe(0)
      expect(await store.refreshMemberships(NOW + 2 * DAY)).toBe(1)
      expect(await store.count('seg', [1], NOW + 2 * DAY)).toBe(2)
    })

    test('an event window empties by time, also for events of a merged subject', async () => {
      const active: SegmentRule = { event: 'Page Viewed', is: 'atLeast', count: 1, withinDays: 1 }
      await writeRows(db.database, [
        {
          id: personId(1),
          home: personId(2),
          groups: noGroups,
          events: { 'Page Viewed': [NOW - HOUR, NOW - 2 * HOUR] },
        },
      ])
      expect(await store.define(segment(active), NOW)).toBe(1)
      expect(await store.count('seg', [1], NOW + 23 * HOUR - 1)).toBe(1)
      expect((await rows()).get(personId(1))?.memberships).toEqual({ seg: [true, NOW + 23 * HOUR] })
      expect(await store.count('seg', [1], NOW + 23 * HOUR)).toBe(0)
    })

    test('a count leaves out people whose consent does not permit it, or may have changed', async () => {
      await writeRows(db.database, [
        seen(1, NOW - 8 * DAY),
        { ...seen(2, NOW - 8 * DAY), consentId: 2 },
        { ...seen(3, NOW - 8 * DAY), consentId: 3 },
      ])
      await store.define(segment(sleeping), NOW)
      expect(await store.count('seg', [1, 3], NOW)).toBe(2)
      await db.database.query('UPDATE read_model SET consent_until = $2 WHERE subject_id = $1', [
        personId(3),
        new Date(NOW + HOUR),
      ])
      expect(await store.count('seg', [1, 3], NOW)).toBe(2)
      expect(await store.count('seg', [1, 3], NOW + HOUR)).toBe(1)
      expect(await store.count('seg', [], NOW)).toBe(0)
      expect(await store.count('unheard-of', [1], NOW)).toBe(0)
    })

    test('removing takes every membership along, once', async () => {
      await writeRows(db.database, [seen(1, NOW - 8 * DAY), seen(2, NOW)])
      await store.define(segment(sleeping), NOW)
      expect(await store.remove('seg')).toBe(true)
      expect(await store.remove('seg')).toBe(false)
      for (const row of (await rows()).values())
        expect(row).toMatchObject({ segment_keys: [], memberships: {} })
      expect(await changes()).toEqual([
        { subject_id: personId(1), key: 'seg' },
        { subject_id: personId(1), key: 'seg' },
      ])
      expect((await store.all()).size).toBe(0)
    })

    test('definitions are read again after a second', async () => {
      expect((await store.all()).size).toBe(0)
      const elsewhere = new PostgresSegmentStore(db.database, { now: () => now })
      await elsewhere.define(segment(sleeping), NOW)
      now = NOW + 999
      expect((await store.all()).size).toBe(0)
      now = NOW + 1_000
      expect((await store.all()).size).toBe(1)
    })

    test('a writer reads the rules that hold until it ends', async () => {
      await store.define(segment(sleeping), NOW)
      const keys = await db.database.transaction(async (tx) => [
        ...(await segmentsForWriting(tx)).keys(),
      ])
      expect(keys).toEqual(['seg'])
    })

    test('event instants come per person, since an instant, for the names asked', async () => {
      await writeRows(db.database, [
        {
          id: personId(1),
          home: personId(2),
          groups: noGroups,
          events: { 'Page Viewed': [NOW - 2 * DAY, NOW - DAY, NOW], 'Order Completed': [NOW] },
        },
        { id: personId(3), groups: noGroups },
      ])
      const found = await store.eventInstants(
        [personId(1), personId(3)],
        ['Page Viewed'],
        NOW - DAY,
      )
      const own = found.get(personId(1))?.['Page Viewed'] ?? []
      expect([...own].sort()).toEqual([NOW - DAY, NOW])
      expect(Object.keys(found.get(personId(1)) ?? {})).toEqual(['Page Viewed'])
      expect(found.get(personId(3))).toBeUndefined()
    })
  })
}
