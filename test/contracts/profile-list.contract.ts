import fc from 'fast-check'
import { Abilities } from '../../src/domain/access/ability.ts'
import type { RowQuery } from '../../src/domain/profiles/profile-store.ts'
import type { ReadColumn } from '../../src/domain/profiles/read-model.ts'
import { PostgresProfileStore } from '../../src/outbound/postgres/profile-store.ts'
import type { FreshDatabase } from './fresh-database.ts'
import { person, type StoredProfile, stateId, storeProfile } from './stored-profiles.ts'

const SEEN = 'user.unique_id.pseudonym'
const ANY = { subjectId: null, segments: null, subjects: null }
const noColumns: ReadonlySet<ReadColumn> = new Set()

/** Twelve people; the consent of the last three covers nothing, the last one is a visitor. */
const profiles: readonly StoredProfile[] = Array.from({ length: 12 }, (_, at) => at + 1).map(
  (n) => ({
    id: person(n),
    state: n <= 9 ? 'open' : 'closed',
    kind: n === 12 ? 'visitor' : 'person',
    segments: [...(n % 2 ? ['odd'] : []), ...(n < 5 ? ['low'] : [])],
    demographics: { ageBand: { band: n < 5 ? '18-24' : '25-34', untilYear: 2030 } },
    location: n === 3 ? {} : { country: n % 3 ? 'DE' : 'FR' },
    account: {
      plan: n % 2 ? 'pro' : 'free',
      lifecycleStage: n < 4 ? 'lead' : 'customer',
      ...(n < 6 ? { customerSince: `2020-0${n}-01` } : {}),
    },
    activity: {
      sessionCount: n === 2 ? null : Math.ceil(n / 3),
      lastSeenAt: 1_700_000_000_000 + n,
    },
    commerce: { orderCount: n, totalValue: n / 10 },
  }),
)

export function profileListContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`lists of profiles on ${adapter}`, () => {
    let db: FreshDatabase
    let store: PostgresProfileStore
    let open: number
    let closed: number
    const query = (changes: Partial<RowQuery> = {}): RowQuery => ({
      visibleStates: [open, closed],
      onlySubject: null,
      onlySegments: null,
      kind: null,
      conditions: [],
      order: { key: 'none', descending: false, permittedStates: [open] },
      audienceSeed: 'acme',
      limit: 100,
      after: null,
      ...changes,
    })
    const ids = async (changes: Partial<RowQuery> = {}) =>
      (await store.list(query(changes), noColumns)).map(({ row }) =>
        Number(row.subjectId.slice(-12)),
      )
    const sorted = async (changes: Partial<RowQuery>) => (await ids(changes)).sort((a, b) => a - b)

    beforeAll(async () => {
      db = await fresh()
    })
    beforeEach(async () => {
      await db.database.query('TRUNCATE subject, read_model, consent_state')
      store = new PostgresProfileStore(db.database)
      open = await stateId(db.database, 'open')
      closed = await stateId(db.database, 'closed')
      for (const profile of profiles) await storeProfile(db.database, profile)
    })

    test('show only rows that may be known of', async () => {
      expect(await sorted({ visibleStates: [open] })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(await ids({ visibleStates: [] })).toEqual([])
      expect(await sorted({ onlySubject: person(4) })).toEqual([4])
      expect(await sorted({ kind: 'visitor' })).toEqual([12])
    })

    test('show members of the limiting segments, each where its membership may be told', async () => {
      const limit = (key: string, ...permittedStates: number[]) => ({ key, permittedStates })
      const within = async (...limits: ReturnType<typeof limit>[]) =>
        await sorted({ onlySegments: limits })
      expect(await within(limit('odd', open), limit('x', open))).toEqual([1, 3, 5, 7, 9])
      expect(await within(limit('odd', closed), limit('x', open))).toEqual([11])
      expect(await within(limit('odd'), limit('x', open, closed))).toEqual([])
      expect(await within()).toEqual([])
    })

    test('show exactly whom the abilities of the caller let in, decided in memory', async () => {
      const key = fc.constantFrom('odd', 'low', 'none')
      const limits = fc.uniqueArray(
        fc.record({ key, permittedStates: fc.subarray([open, closed]) }),
        { selector: (limit) => limit.key },
      )
      const rows = fc.record({
        subjectId: fc.option(fc.integer({ min: 1, max: 13 }).map(person), { nil: null, freq: 1 }),
        limits: fc.option(limits, { nil: null, freq: 4 }),
      })
      await fc.assert(
        fc.asyncProperty(rows, async ({ subjectId, limits: within }) => {
          const segments = within?.map((limit) => limit.key) ?? null
          const abilities = new Abilities(new Map([[SEEN, 'CLEAR']]), {
            ...ANY,
            subjectId,
            segments,
          })
          const letIn = profiles.filter(({ id, state, segments: keys = [] }) => {
            const told = (segment: string) =>
              within?.some(
                (limit) =>
                  limit.key === segment &&
                  limit.permittedStates.includes(state === 'open' ? open : closed),
              )
            return abilities.allows({ subjectId: id, segments: keys.filter(told) }, SEEN)
          })
          expect(await sorted({ onlySubject: subjectId, onlySegments: within })).toEqual(
            letIn.map(({ id }) => Number(id.slice(-12))),
          )
        }),
        { numRuns: 60 },
      )
    })

    test.each([
      ['country', 'eq', 'FR', [6, 9]],
      ['country', 'in', ['FR', 'DE'], [1, 2, 4, 5, 6, 7, 8, 9]],
      ['plan', 'eq', 'pro', [1, 3, 5, 7, 9]],
      ['lifecycleStage', 'in', ['lead'], [1, 2, 3]],
      ['segment', 'eq', 'odd', [1, 3, 5, 7, 9]],
      ['ageBand', 'eq', '18-24', [1, 2, 3, 4]],
      ['sessionCount', 'gte', 3, [7, 8, 9]],
      ['sessionCount', 'eq', 1, [1, 3]],
      ['lastSeenAt', 'lte', 1_700_000_000_002, [1, 2]],
      ['lastSeenAt', 'gte', '2023-11-14T22:13:20.008Z', [8, 9]],
      ['orderCount', 'eq', 7, [7]],
    ] as const)(
      'filter by %s %s %j, and never match without consent',
      async (field, operator, value, expected) => {
        const condition = { field, operator, value, permittedStates: [open] }
        expect(await sorted({ conditions: [condition] })).toEqual(expected)
      },
    )

    test.each([
      ['country', 'gte', 'A'],
      ['country', 'eq', 5],
      ['country', 'eq', 'D\0E'],
      ['sessionCount', 'eq', '1 OR true'],
      ['sessionCount', 'in', ['1']],
      ['lastSeenAt', 'gte', 'yesterday'],
      ['segment', 'lte', 'odd'],
    ] as const)('refuse %s %s %j as bad input', async (field, operator, value) => {
      const condition = { field, operator, value, permittedStates: [open] }
      await expect(ids({ conditions: [condition] })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      })
    })

    test.each([
      ['none', false],
      ['none', true],
      ['sessionCount', true],
      ['sessionCount', false],
      ['lastSeenAt', true],
      ['customerSince', true],
      ['customerSince', false],
      ['totalValue', false],
    ] as const)('give every row once over pages, by %s, descending %s', async (key, descending) => {
      const order = { key, descending, permittedStates: [open] }
      const whole = await ids({ order })
      expect([...whole].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
      const paged: number[] = []
      let after: RowQuery['after'] = null
      for (;;) {
        const rows = await store.list(query({ order, limit: 2, after }), noColumns)
        if (rows.length === 0) break
        paged.push(...rows.map(({ row }) => Number(row.subjectId.slice(-12))))
        after = rows.at(-1)?.position ?? null
      }
      expect(paged).toEqual(whole)
    })

    test('sort by value where consent covers it, and put all others last in no telling order', async () => {
      const order = { key: 'totalValue', descending: true, permittedStates: [open] } as const
      const listed = await ids({ order })
      expect(listed.slice(0, 9)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
      const before = listed.slice(9)
      await db.database.query(
        `UPDATE read_model SET commerce = jsonb_build_object('totalValue', 1000 - (commerce->>'totalValue')::float8)
         WHERE consent_id = $1`,
        [closed],
      )
      expect((await ids({ order })).slice(9)).toEqual(before)
      const positions = await store.list(query({ order }), noColumns)
      expect(positions.slice(9).map(({ position }) => position.value)).toEqual([null, null, null])
    })

    test('order ties differently for each audience, and never by the id', async () => {
      const acme = await ids()
      expect(await ids()).toEqual(acme)
      expect(await ids({ audienceSeed: 'globex' })).not.toEqual(acme)
      expect(acme).not.toEqual([...acme].sort((a, b) => a - b))
    })

    test('go on after a row that has gone since', async () => {
      const whole = await ids()
      const [first] = await store.list(query({ limit: 1 }), noColumns)
      await db.database.query('DELETE FROM read_model WHERE subject_id = $1', [
        first?.row.subjectId,
      ])
      expect(await ids({ after: first?.position ?? null })).toEqual(whole.slice(1))
    })

    test('take one statement, and refuse a cursor that is none', async () => {
      await ids()
      const before = db.statements.length
      await ids()
      expect(db.statements.length - before).toBe(1)
      const after = { value: null, tie: '1; DROP TABLE read_model' }
      await expect(ids({ after })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    })

    afterAll(async () => {
      await db.drop()
    })
  })
}
