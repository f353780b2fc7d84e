import { leavesOf } from '../../src/domain/audit/leaf.ts'
import { PeopleByIdentifier } from '../../src/domain/profiles/people-by-identifier.ts'
import { type As, RunningGateway } from '../running-gateway.ts'
import { situations } from '../situations.ts'
import { itemInputs, type Met, SmallWorld } from '../small-world.ts'

let running: RunningGateway
let world: SmallWorld
let met: Met
let other: Met
let officer: As
let partner: As

const ENTRIES =
  'edges { node { index operationName arguments } } pageInfo { hasNextPage endCursor }'

beforeAll(async () => {
  running = await RunningGateway.start()
  world = await SmallWorld.over(running)
  await running.take('shop', itemInputs())
  const [situation] = situations
  if (!situation) throw new Error('no situation')
  met = await world.meet(situation)
  other = await world.meet(situation)
  officer = {
    token: await running.client({ id: 'officer', roles: ['compliance'], defaultPurpose: null }),
    purpose: 'SUBJECT_RIGHTS',
  }
  partner = { token: world.key('partner'), purpose: 'PARTNER_SHARING' }
})
afterAll(async () => await running.stop())

const id = (audience: string, who = met) => running.pseudonym(audience, who.person)
const profileOf = (audience: string, who = met) => `profile(id: "${id(audience, who)}")`

describe('the trail', () => {
  test('is found by a field that was disclosed, together with other conditions', async () => {
    await running.ask(partner, `query Plan { ${profileOf('partner')} { account { plan } } }`)
    await running.ask(partner, `query Name { ${profileOf('partner')} { contact { name } } }`)
    const trail = async (filter: string) =>
      (
        await running.ask(officer, `{ auditTrail(filter: { ${filter} }) { ${ENTRIES} } }`)
      ).data.auditTrail.edges.map(
        ({ node }: { node: { operationName: string } }) => node.operationName,
      )
    expect(await trail('field: "account.plan", actor: "partner"')).toEqual(['Plan'])
    expect(await trail('field: "contact.name", actor: "partner"')).toEqual([])
    expect(await trail('field: "account.plan", actor: "partner", outcome: DENY')).toEqual([])
    expect(await trail(`field: "account.plan", subject: "${id('officer')}"`)).toEqual(['Plan'])
    expect(await trail(`field: "account.plan", subject: "${id('officer', other)}"`)).toEqual([])
  })
})

describe('a known value', () => {
  const find = async (value: string, as = officer) =>
    await running.ask(as, `query Find($v: String!) { auditHash(value: $v) { ${ENTRIES} } }`, {
      v: value,
    })
  const operations = async (value: string) =>
    (await find(value)).data.auditHash.edges.map(
      ({ node }: { node: { operationName: string } }) => node.operationName,
    )

  test.each([
    [
      'in a variable',
      'query Looked($v: String!) { profileBy(identifier: { kind: USER_ID, value: $v }) { id } }',
      'variable-4711',
    ],
    [
      'in the document',
      'query Looked { profileBy(identifier: { kind: USER_ID, value: "inline-4711" }) { id } }',
      'inline-4711',
    ],
    [
      'as a number',
      'query Looked { searchProfiles(filter: { minOrders: 987654 }, first: 1) { edges { cursor } } }',
      '987654',
    ],
  ])('is found %s, and another is not', async (_where, query, value) => {
    await running.ask(officer, query, query.includes('$v') ? { v: value } : {})
    expect(await operations(` ${value.toUpperCase()} `)).toEqual(['Looked'])
    // The question is an entry with that value, too.
    expect(await operations(value)).toEqual(['Find', 'Looked'])
    expect(await operations(`${value}-else`)).toEqual([])
  })

  test('that is an identifier is found as long as its person is known, however it is written, and no longer', async () => {
    const email = `maria.rossi.${other.ordinal * 2}@example.com`
    const kept = await running.ask(
      { ...officer, token: world.key('compliance') },
      `query Mail { profileBy(identifier: { kind: EMAIL, value: "${email}" }) { id } }`,
    )
    expect(kept.data.profileBy.id).toBe(id('compliance', other))
    const { dayKeys, keys } = running.gateway.stores
    const mail = async () => (await operations(email.toUpperCase())).includes('Mail')
    const today = new Date().toISOString().slice(0, 10)
    expect(await mail()).toBe(true)
    await dayKeys.destroyBefore(`${today}~`)
    expect(await mail()).toBe(true)
    await keys.destroy([other.person])
    expect(await mail()).toBe(false)
  })

  test('that a system told about somebody is found as long as that person is known, and no longer', async () => {
    const feeder = {
      token: await running.client({ id: 'feeder', roles: ['ingest'], writeKey: 'server' }),
    }
    await running.ask(
      feeder,
      'mutation Told($p: IdentifyInput!) { identify(person: $p) { accepted } }',
      {
        p: {
          identifiers: [{ kind: 'USER_ID', value: 'told-4711' }],
          traits: { email: 'Told@Example.com' },
        },
      },
    )
    await running.ask(
      feeder,
      'mutation Tracked($e: TrackInput!) { track(event: $e) { accepted } }',
      {
        e: {
          messageId: 'told-1',
          event: 'Seen',
          identifiers: [{ kind: 'USER_ID', value: 'told-4711' }],
        },
      },
    )
    expect(await operations('told-4711')).toEqual(['Tracked', 'Told'])
    const { dayKeys, keys, profiles } = running.gateway.stores
    await dayKeys.destroyBefore(`${new Date().toISOString().slice(0, 10)}~`)
    expect(await operations('told-4711')).toContain('Tracked')
    expect(await operations('told@example.com')).toEqual(['Told'])
    const people = new PeopleByIdentifier(profiles, keys.installationKey('blind-index'))
    const person = await people.byVerifiedIdentifier('userId', 'told-4711')
    await keys.destroy(person === null ? [] : [person])
    expect(await operations('told@example.com')).toEqual([])
  })

  test('that is a pseudonym finds the entries that name its person', async () => {
    await running.ask(partner, `query Named { ${profileOf('partner')} { id } }`)
    expect(await operations(id('partner'))).toContain('Named')
  })

  test('is searched by compliance alone, a hundred times a day, and each search is an entry', async () => {
    const admin = {
      token: await running.client({ id: 'auditor', roles: ['admin'], scopes: ['audit:read'] }),
    }
    expect((await find('x', admin)).codes).toEqual(['FORBIDDEN'])
    const eager = {
      token: await running.client({ id: 'eager', roles: ['compliance'] }),
      purpose: 'COMPLIANCE',
    }
    const { clients } = running.gateway.stores
    const today = new Date().toISOString().slice(0, 10)
    for (let used = 0; used < 97; used++) await clients.countUse('eager', 'audit-hash', today)
    const codes: unknown[] = []
    for (let n = 0; n < 5; n++) codes.push((await find(`guess ${n}`, eager)).codes)
    expect(codes).toEqual([[], [], [], ['BUDGET_EXHAUSTED'], ['BUDGET_EXHAUSTED']])
    const searches = await running.ask(
      officer,
      '{ auditTrail(filter: { action: "audit.hash", actor: "eager" }, first: 200) { edges { node { action } } } }',
    )
    expect(searches.data.auditTrail.edges).toHaveLength(3)
    expect(searches.data.auditTrail.edges[0].node.action).toEqual({
      action: 'audit.hash',
      found: 0,
    })
    expect((await find('', officer)).codes).toEqual(['BAD_USER_INPUT'])
    expect((await find('x'.repeat(513), officer)).codes).toEqual(['BAD_USER_INPUT'])
  })
})

describe('statistics', () => {
  const ask = async (groupBy: string, from = '2020-01-01T00:00:00Z', to = '2020-12-31T00:00:00Z') =>
    await running.ask(
      officer,
      `{ auditStatistics(from: "${from}", to: "${to}", groupBy: [${groupBy}]) {
        groups { day actor purpose outcome field entries disclosures people listed }
        unusual { day actor measure volume usual } } }`,
    )
  const now = Date.now()
  const iso = (at: number) => new Date(at).toISOString()
  const today = async (groupBy: string) =>
    (await ask(groupBy, iso(now - 3_600_000), iso(now + 3_600_000))).data.auditStatistics.groups

  test('tell who reads what, for which purpose, of how many people', async () => {
    const counted = async () =>
      (await today('ACTOR, PURPOSE')).find(
        ({ actor, purpose }: { actor: string; purpose: string }) =>
          actor === 'marketer' && purpose === 'MARKETING',
      )
    const before = (await counted()) ?? { entries: 0, disclosures: 0 }
    const marketer = { token: world.key('marketer'), purpose: 'MARKETING' }
    const both = `{ a: ${profileOf('marketer')} { account { plan } } b: ${profileOf('marketer', other)} { id } }`
    await running.ask(marketer, both)
    await running.ask(marketer, `{ ${profileOf('marketer')} { account { plan } } }`)
    const after = await counted()
    expect(after.entries - before.entries).toBe(2)
    // The keys of the other person are destroyed: nothing of them can be disclosed any more.
    expect(after.disclosures - before.disclosures).toBe(2)
    expect(after.people).toBe(1)
    const byField = await today('FIELD, ACTOR')
    expect(byField).toContainEqual(
      expect.objectContaining({ actor: 'marketer', field: 'account.plan', day: null }),
    )
    await running.gateway.fit.run()
    const fits = (await today('ACTOR')).find(({ actor }: { actor: string }) => actor === 'operator')
    expect(fits.listed).toBeGreaterThanOrEqual(1)
  })

  test('compare each client with its own days before', async () => {
    const { stores } = running.gateway
    const day = (n: number) => `2020-03-${String(n).padStart(2, '0')}`
    const draft = {
      requestId: 'r',
      phase: 'decision' as const,
      outcome: 'permit' as const,
      actor: { clientId: 'scraper', userPseudonym: null, roles: [], tokenJti: null, cnfJkt: null },
      audience: 'scraper',
      operation: { documentId: null, name: null },
      purpose: null,
      purposeIri: null,
      legalBasis: null,
      sets: [],
      argsHmac: null,
    }
    const entries = Array.from({ length: 12 }, (_, n) => n + 1).flatMap((n) =>
      Array.from({ length: n === 11 ? 9 : 1 }, (_, part) => ({
        ...draft,
        v: 1 as const,
        entryId: `00000000-0000-7000-8000-${String(n * 100 + part).padStart(12, '0')}`,
        time: `${day(n)}T12:00:00.000Z`,
        policy: { version: 'x', ruleIds: [] },
        subjects: Array.from({ length: 3 }, (_, who) => ({
          ref: `ref-${n}-${part}-${who}`,
          set: 0,
          consent: null,
        })),
      })),
    )
    await stores.auditLog.append(entries.flatMap((entry) => leavesOf(entry, () => entry.entryId)))
    const { groups, unusual } = (await ask('DAY, ACTOR')).data.auditStatistics
    expect(groups).toHaveLength(12)
    expect(groups[10]).toMatchObject({ day: day(11), actor: 'scraper', entries: 9, people: 27 })
    expect(unusual).toEqual([
      { day: day(11), actor: 'scraper', measure: 'ENTRIES', volume: 9, usual: 1 },
      { day: day(11), actor: 'scraper', measure: 'PEOPLE', volume: 27, usual: 3 },
    ])
  })

  test.each([
    ['more than a year', '2019-01-01T00:00:00Z', '2021-01-01T00:00:00Z'],
    ['no time at all', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'],
    ['time that runs backwards', '2020-01-02T00:00:00Z', '2020-01-01T00:00:00Z'],
  ])('refuse %s', async (_what, from, to) => {
    expect((await ask('DAY', from, to)).codes).toEqual(['BAD_USER_INPUT'])
  })
})
