import fc from 'fast-check'
import type { AuditFilter } from '../../src/domain/audit/audit-log.ts'
import type { AuditEntry, AuditOutcome } from '../../src/domain/audit/entry.ts'
import { leavesOf } from '../../src/domain/audit/leaf.ts'
import { leafHash } from '../../src/domain/audit/merkle.ts'
import type { Treatment } from '../../src/domain/privacy/treatment.ts'
import { AuditJournal } from '../../src/outbound/postgres/audit-journal.ts'
import { PostgresAuditLog } from '../../src/outbound/postgres/audit-log.ts'
import type { OpenDatabase } from '../../src/outbound/postgres/connect.ts'
import type { FreshDatabase } from './fresh-database.ts'
import { indexRows } from './index-rows.ts'
import { entry, leaf, leafOfBytes, manifold, newId } from './made-leaves.ts'

export function auditLogContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the audit log on ${adapter}`, () => {
    let db: FreshDatabase
    let log: PostgresAuditLog
    let journals = 0
    const open = async (on: OpenDatabase) => {
      const journal = on.embedded ? new AuditJournal(`${db.dataDir}/audit-${journals}`) : null
      const opened = new PostgresAuditLog(on.database, journal)
      await opened.start()
      return opened
    }
    const numbers = async () =>
      (
        await db.database.query<{ n: string }>(
          'SELECT log_index AS n FROM audit_entry ORDER BY log_index',
        )
      ).map(({ n }) => Number(n))

    beforeAll(async () => {
      db = await fresh()
    })
    beforeEach(async () => {
      journals++
      await db.database.query(
        'TRUNCATE audit_entry, audit_index, audit_span, audit_kind, audit_subject, audit_argument, audit_listed, audit_daily',
      )
      await db.database.query('UPDATE audit_head SET size = 0')
      log = await open(db)
    })
    afterEach(async () => {
      await log.close()
    })
    afterAll(async () => {
      await db.drop()
    })

    test('keeps the exact bytes and the leaf hash, in order and without gaps', async () => {
      const leaves = Array.from({ length: 30 }, (_, n) => leaf({ requestId: `Zoë ${n}` }))
      await log.append(leaves.slice(0, 1))
      await Promise.all(leaves.slice(1).map((one) => log.append([one])))
      expect(await log.size()).toBe(30)
      const found = await log.find({}, { limit: 100, before: null })
      expect(found.map(({ index }) => index)).toEqual([...leaves.keys()].reverse())
      expect(found.map(({ bytes }) => Buffer.from(bytes).toString()).reverse()).toEqual(
        leaves.map(({ bytes }) => Buffer.from(bytes).toString()),
      )
      for (const { bytes, leafHash: hash } of found)
        expect(Buffer.from(hash)).toEqual(leafHash(bytes))
    })

    test('writes appends that arrive together in far fewer statements than there are', async () => {
      const before = db.statements.length
      await Promise.all(Array.from({ length: 500 }, () => log.append([leaf()])))
      expect(db.statements.length - before).toBeLessThanOrEqual(10)
      expect(await log.size()).toBe(500)
      expect(await log.durableSize()).toBe(500)
    })

    test('numbers contiguously when two gateways append at once', async () => {
      const other = await db.connect()
      const second = await open(other)
      const appends = Array.from({ length: 200 }, (_, n) =>
        (n % 2 ? log : second).append(n % 3 ? [leaf()] : [leaf(), leaf()]),
      )
      await Promise.all(appends)
      const expected = await log.size()
      expect(expected).toBe(267)
      expect(await numbers()).toEqual(Array.from({ length: expected }, (_, n) => n))
      await second.close()
      await other.close()
    })

    test('finds by every filter, newest first, page by page', async () => {
      const times = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z']
      await log.append([
        leaf({ time: times[0] as string, subjects: [{ ref: 'r1', set: 0, consent: null }] }),
        leaf({
          time: times[1] as string,
          outcome: 'deny',
          purpose: 'MARKETING',
          audience: 'globex',
          requestId: 'request-2',
          actor: { ...entry().actor, clientId: 'marketer' },
          subjects: [
            { ref: 'r1', set: 0, consent: null },
            { ref: 'r2', set: 0, consent: null },
          ],
        }),
        leaf({ time: times[1] as string }),
      ])
      const indexes = async (filter: Parameters<PostgresAuditLog['find']>[0], limit = 10) =>
        (await log.find(filter, { limit, before: null })).map(({ index }) => index)
      expect(await indexes({})).toEqual([2, 1, 0])
      expect(await indexes({}, 2)).toEqual([2, 1])
      expect(await log.find({}, { limit: 2, before: 1 })).toHaveLength(1)
      expect(await indexes({ from: Date.parse(times[1] as string) })).toEqual([2, 1])
      expect(await indexes({ to: Date.parse(times[1] as string) })).toEqual([0])
      expect(await indexes({ clientId: 'marketer' })).toEqual([1])
      expect(await indexes({ audience: 'globex' })).toEqual([1])
      expect(await indexes({ purpose: 'PARTNER_SHARING' })).toEqual([2, 0])
      expect(await indexes({ outcome: 'deny' })).toEqual([1])
      expect(await indexes({ requestId: 'request-2' })).toEqual([1])
      expect(await indexes({ subjectRefs: ['r1'] })).toEqual([1, 0])
      expect(await indexes({ subjectRefs: ['r1'], outcome: 'permit' })).toEqual([0])
      expect(await indexes({ subjectRefs: ["' OR true --"] })).toEqual([])
      expect(await indexes({ subjectRefs: ['r1', 'r2'] })).toEqual([1, 0])
      expect(await indexes({ subjectRefs: ['r1', 'r2'] }, 1)).toEqual([1])
      expect(await indexes({ subjectRefs: ['r2'], requestId: 'request-2' })).toEqual([1])
      expect(await indexes({ subjectRefs: ['r2'], requestId: 'request-1' })).toEqual([])
    })

    test('finds by a field that was disclosed, and not by one that was withheld', async () => {
      const shown = (...fields: [string, Treatment][]) =>
        leaf({ sets: [{ fields: fields.map(([path, treatment]) => ({ path, treatment })) }] })
      await log.append([
        shown(['contact.email', 'MASKED'], ['id', 'PSEUDONYM']),
        shown(['contact.email', 'WITHHELD'], ['id', 'PSEUDONYM']),
        leaf(),
      ])
      const by = async (filter: AuditFilter) =>
        (await log.find(filter, { limit: 9, before: null })).map(({ index }) => index)
      expect(await by({ field: 'contact.email' })).toEqual([0])
      expect(await by({ field: 'id' })).toEqual([1, 0])
      expect(await by({ field: 'id', purpose: 'MARKETING' })).toEqual([])
    })

    test('finds the same as a look through all entries, whatever is asked together and wherever a page begins', async () => {
      const pick = <T>(from: readonly T[], n: number) => from[n % from.length] as T
      const [day, clients, purposes] = [86_400_000, ['a', 'b', 'c'], ['SERVICE', 'MARKETING', null]]
      const start = Date.parse('2026-01-01T00:00:00.000Z')
      const all = Array.from({ length: 240 }, (_, n) =>
        entry({
          // Clocks of several gateways: nearly in order, but not quite.
          time: new Date(start + n * 3_600_000 + ((n * 7) % 5) * 4_000_000).toISOString(),
          outcome: n % 11 === 0 ? 'deny' : 'permit',
          purpose: pick(purposes, n * 5 + (n >> 3)),
          actor: { ...entry().actor, clientId: n > 200 ? 'late' : pick(clients, n) },
          requestId: `request-${n >> 2}`,
          sets: [{ fields: [{ path: pick(['id', 'contact.name'], n >> 1), treatment: 'CLEAR' }] }],
          subjects: [{ ref: `r${n % 7}`, set: 0, consent: null }],
        }),
      )
      for (let at = 0; at < all.length; at += 60) {
        await log.append(all.slice(at, at + 60).flatMap((one) => leavesOf(one, newId)))
        await log.find({}, { limit: 1, before: null })
      }
      const fits = (one: AuditEntry, filter: AuditFilter) =>
        (filter.from === undefined || Date.parse(one.time) >= filter.from) &&
        (filter.to === undefined || Date.parse(one.time) < filter.to) &&
        (filter.clientId === undefined || one.actor.clientId === filter.clientId) &&
        (filter.purpose === undefined || one.purpose === filter.purpose) &&
        (filter.outcome === undefined || one.outcome === filter.outcome) &&
        (filter.field === undefined || one.sets[0]?.fields[0]?.path === filter.field) &&
        (filter.requestId === undefined || one.requestId === filter.requestId) &&
        (!filter.subjectRefs || filter.subjectRefs.includes(one.subjects[0]?.ref ?? ''))
      const asked = fc.record(
        {
          from: fc.integer({ min: 0, max: 12 }).map((days) => start + days * day),
          to: fc.integer({ min: 0, max: 12 }).map((days) => start + days * day),
          clientId: fc.constantFrom(...clients, 'late', 'nobody'),
          purpose: fc.constantFrom('SERVICE', 'MARKETING'),
          outcome: fc.constantFrom<AuditOutcome>('permit', 'deny'),
          field: fc.constantFrom('id', 'contact.name'),
          requestId: fc.integer({ min: 0, max: 60 }).map((n) => `request-${n}`),
          subjectRefs: fc.subarray(['r0', 'r1', 'r5', 'r9'], { minLength: 1 }),
        },
        { requiredKeys: [] },
      )
      const pages = fc.record({
        limit: fc.integer({ min: 0, max: 30 }),
        before: fc.option(fc.integer({ min: 0, max: 260 })),
      })
      await fc.assert(
        fc.asyncProperty(asked, pages, async (filter, page) => {
          const { limit, before } = page
          const expected = [...all.keys()]
            .filter((n) => fits(all[n] as AuditEntry, filter) && (before === null || n < before))
            .reverse()
            .slice(0, limit)
          const found = await log.find(filter, page)
          expect(found.map(({ index }) => index)).toEqual(expected)
        }),
        { numRuns: 150 },
      )
    })

    test('indexes on, whatever a leaf holds', async () => {
      await log.append(
        [
          'not json',
          '[]',
          'null',
          '{}',
          '{"time":"nonsense","actor":7,"subjects":[null,{"ref":9}]}',
          '{"time":"-271821-04-20T00:00:00.000Z","requestId":"a\\u0000b","subjects":"x"}',
          '{"requestId":"\\ud800","subjects":[{"ref":"same"},{"ref":"same"}]}',
          '{"subjects":[{"ref":"\\ud800"},{"ref":"a\\u0000b"},{"ref":"\\"],[\\n"}]}',
        ].map(leafOfBytes),
      )
      await log.append([leaf({ requestId: 'after' })])
      expect(await log.find({ requestId: 'after' }, { limit: 5, before: null })).toHaveLength(1)
      expect(await log.find({ requestId: 'ab' }, { limit: 5, before: null })).toHaveLength(1)
    })

    test('indexes from memory what it has appended as it would from the trail', async () => {
      const other = await db.connect()
      const second = await open(other)
      const indexed = async () => {
        await log.find({}, { limit: 1, before: null })
        return await indexRows(db.database)
      }
      const pagesRead = () =>
        db.statements.filter((text) => text.includes('leaf_hash AS hash FROM audit_entry')).length
      const before = pagesRead()
      for (const one of [log, second, log]) {
        await one.append(manifold())
        await indexed()
      }
      expect(pagesRead() - before).toBe(1)
      const fromMemory = await indexed()
      await db.database.query(
        'TRUNCATE audit_index, audit_span, audit_subject, audit_argument, audit_listed, audit_daily',
      )
      expect(await indexed()).toEqual(fromMemory)
      expect(fromMemory.map((rows) => rows.length)).toEqual([9, 1, 9, 3, 3, 3])
      await second.close()
      await other.close()
    })

    test('refuses before it is started, after it is closed, and more than memory should hold', async () => {
      const refused = expect.objectContaining({ code: 'AUDIT_UNAVAILABLE' })
      await expect(new PostgresAuditLog(db.database, null).append([leaf()])).rejects.toEqual(
        refused,
      )
      const many = Array.from({ length: 40 }, () => log.append(Array(500).fill(leafOfBytes('{}'))))
      const outcomes = await Promise.allSettled(many)
      expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(10)
      const accepted = outcomes.filter(({ status }) => status === 'fulfilled').length
      expect(await log.size()).toBe(accepted * 500)
      await log.close()
      await expect(log.append([leaf()])).rejects.toEqual(refused)
    })

    test('refuses while the table is out of reach, and goes on afterwards without a restart', async () => {
      await db.database.query('ALTER TABLE audit_head RENAME TO audit_head_away')
      await expect(log.append([leaf()])).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
      await db.database.query('ALTER TABLE audit_head_away RENAME TO audit_head')
      await log.append([leaf()])
      expect(await numbers()).toEqual([0])
    })
  })
}
