import { createHash } from 'node:crypto'
import type { AuditEntry } from '../../../src/domain/audit/entry.ts'
import { Fit } from '../../../src/gateway/disclose/fit.ts'
import type { IngestInput } from '../../../src/gateway/ingest/ingest-input.ts'
import { Recorder } from '../../../src/gateway/scope/recorder.ts'
import { DAY, MINUTE } from '../../../src/kernel/time.ts'
import { PostgresMemberLists } from '../../../src/outbound/postgres/member-lists.ts'
import { PostgresProfileStore } from '../../../src/outbound/postgres/profile-store.ts'
import { PostgresRecommendationStore } from '../../../src/outbound/postgres/recommendation-store.ts'
import { randomness } from '../../clock-and-randomness.ts'
import { type FreshDatabase, freshEmbedded } from '../../contracts/fresh-database.ts'
import { IngestHouse } from '../ingest/ingest-house.ts'

const who = (person: string) => [{ kind: 'userId' as const, value: person }]
const consent = (
  person: string,
  state: 'ConsentGiven' | 'ConsentWithdrawn',
  more: { categories?: string[]; effectiveAt?: number; expiresAt?: string } = {},
): IngestInput => ({
  type: 'consent',
  identifiers: who(person),
  purpose: 'PROFILING',
  state,
  jurisdiction: 'DE',
  effectiveAt: Date.UTC(2026, 0, 1),
  ...more,
})
const event = (person: string, name: string, itemId: string): IngestInput => ({
  type: 'event',
  messageId: `${person} ${name} ${itemId}`,
  identifiers: who(person),
  name,
  timestamp: Date.UTC(2026, 0, 30),
  properties: { itemId, ...(name === 'Order Completed' && { orderId: `${person} ${itemId}` }) },
})
const sees = (person: string, items: string) =>
  [...items].map((item) => event(person, 'Product Viewed', item))
const buys = (person: string, items: string) =>
  [...items].map((item) => event(person, 'Order Completed', item))

describe('a fit', () => {
  let db: FreshDatabase
  let house: IngestHouse
  let store: PostgresRecommendationStore
  let entries: AuditEntry[]
  let auditWorks: boolean
  let fit: Fit

  beforeAll(async () => {
    db = await freshEmbedded()
  })
  afterAll(async () => {
    await db.drop()
  })
  beforeEach(async () => {
    const tables = await db.database.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    )
    await db.database.query(`TRUNCATE ${tables.map(({ name }) => `"${name}"`).join(', ')}`)
    house = await IngestHouse.over(db)
    entries = []
    auditWorks = true
    store = new PostgresRecommendationStore(db.database, house.clock)
    const log = {
      append: async (leaves: readonly { bytes: Uint8Array }[]) => {
        if (!auditWorks) throw new Error('disk full')
        for (const { bytes } of leaves)
          entries.push(JSON.parse(Buffer.from(bytes).toString('utf8')))
      },
      size: async () => entries.length,
      find: async () => [],
    }
    fit = new Fit({
      recommendations: store,
      profiles: new PostgresProfileStore(db.database),
      memberLists: new PostgresMemberLists(db.database),
      keys: house.keys,
      policy: house.policy,
      recorder: new Recorder(log, house.clock, randomness, house.policy.version),
      clock: house.clock,
      pause: async () => {},
    })
    const items = [...'abcdxyz'].map(
      (id): IngestInput => ({ type: 'item', id, title: `Item ${id}` }),
    )
    await house.take('crm', [
      ...items,
      ...['1', '2', '3', '4'].flatMap((p) => [consent(p, 'ConsentGiven'), ...sees(p, 'abc')]),
      ...sees('1', 'd'),
      ...buys('1', 'x'),
      // Never asked; what they alone did must show nowhere.
      ...['5', '6', '7'].flatMap((p) => sees(p, 'yza')),
      ...buys('5', 'y'),
    ])
  })

  const subjectOf = async (person: string) =>
    (await house.rowOf({ kind: 'userId', value: person }))?.subject_id ?? ''
  const listsOf = async (person: string) => {
    const [row] = await db.database.query<{
      recommended: { activity: [string][]; full: [string][]; model: number }
    }>('SELECT recommended FROM read_model WHERE subject_id = $1', [await subjectOf(person)])
    return row?.recommended
  }
  const popular = async () => (await store.model())?.popular.map(([item]) => item).sort()

  test('reads only people who consented to it, and one entry names them all', async () => {
    const report = await fit.run()
    expect(report).toMatchObject({ members: 4, renewed: 4 })
    expect(await popular()).toEqual(['a', 'b', 'c', 'd', 'x'])
    expect(entries).toHaveLength(1)
    const [entry] = entries
    expect(entry).toMatchObject({
      purpose: 'PROFILING',
      phase: 'admin',
      action: { action: 'fit-recommender', members: 4, snapshot: '2026-01-31T09:30:01.000Z' },
    })
    const [list] = await db.database.query<{ refs: string; sha256: Buffer }>(
      'SELECT refs, sha256 FROM audit_member_list WHERE entry_id = $1',
      [entry?.entryId],
    )
    const subjects = await Promise.all(['1', '2', '3', '4'].map(subjectOf))
    expect(list?.refs.split('\n')).toEqual(
      subjects.map((subject) => house.keys.auditRefOf(subject)).sort(),
    )
    const hash = createHash('sha256')
      .update(list?.refs ?? '')
      .digest('hex')
    expect(list?.sha256.toString('hex')).toBe(hash)
    expect(entry?.action).toMatchObject({ membersSha256: hash })
  })

  test('gives everybody who consented their lists, and nobody else', async () => {
    const report = await fit.run()
    await house.take('crm', sees('2', 'd'))
    expect((await listsOf('1'))?.model).toBe(report?.model)
    expect((await listsOf('5'))?.activity).toEqual([])
    expect((await listsOf('5'))?.full).toEqual([])
    // c is near to a and b by four people; d only one of them saw.
    await house.take('crm', [consent('8', 'ConsentGiven'), ...sees('8', 'ab')])
    await fit.run()
    expect((await listsOf('8'))?.activity.map(([item]) => item)).toEqual(['c'])
  })

  test('leaves nothing behind when the trail can not be written', async () => {
    auditWorks = false
    await expect(fit.run()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    expect(await store.model()).toBeNull()
    expect(await house.count('audit_member_list')).toBe(0)
    expect((await listsOf('1'))?.activity).toEqual([])
    auditWorks = true
    expect(await fit.run()).toMatchObject({ members: 4 })
  })

  test('forgets people who have withdrawn, and whose consent has ended by time', async () => {
    await house.take('crm', [
      consent('8', 'ConsentGiven', { expiresAt: '2026-02-01T00:00:00Z' }),
      ...sees('8', 'abz'),
    ])
    await fit.run()
    await fit.run()
    expect((await listsOf('8'))?.activity.map(([item]) => item)).toEqual(['c'])
    expect(await popular()).toContain('z')
    await house.take('crm', [consent('1', 'ConsentWithdrawn', { effectiveAt: house.clock.now() })])
    house.clock.pass(2 * DAY)
    expect(await fit.run()).toMatchObject({ members: 3 })
    expect(await popular()).toEqual(['a', 'b', 'c'])
    for (const person of ['1', '8'])
      expect(await listsOf(person)).toEqual({ activity: [], full: [], model: 0 })
  })

  test('reads no purchase of people who consented to activity only', async () => {
    const activityOnly = { categories: ['user.behavior.activity'] }
    await house.take('crm', [
      ...['A', 'B', 'C'].flatMap((p) => [
        consent(p, 'ConsentGiven', activityOnly),
        ...sees(p, 'az'),
        ...buys(p, 'yz'),
      ]),
    ])
    await fit.run()
    expect(await popular()).toEqual(['a', 'b', 'c', 'd', 'x'])
    const model = await store.model()
    const from = (input: 'activity' | 'full') =>
      model?.neighbours[input]
        .scores(new Map([['a', 1]]), ['z', 'y', 'b'])
        .map((score) => score > 0)
    expect(from('activity')).toEqual([true, false, true])
    expect(from('full')).toEqual([false, false, true])
  })

  test('is due first, after a change and after a day, and not before', async () => {
    expect(await fit.runIfDue()).not.toBeNull()
    house.clock.pass(MINUTE)
    expect(await fit.runIfDue()).toBeNull()
    await house.take('crm', sees('2', 'd'))
    expect(await fit.runIfDue()).not.toBeNull()
    house.clock.pass(DAY)
    expect(await fit.runIfDue()).not.toBeNull()
    expect(entries).toHaveLength(3)
  })
})
