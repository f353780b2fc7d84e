import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { newDatabase } from '../contracts/fresh-database.ts'
import { sharedRedis } from '../contracts/own-redis.ts'
import { follow } from '../follow.ts'
import { type As, comparable, given, RunningGateway } from '../running-gateway.ts'

/** Two whole gateways on one PostgreSQL with one key folder and one Redis: whatever happens at one holds at the other. */
let database: Awaited<ReturnType<typeof newDatabase>>
let dataDir: string
let one: RunningGateway
let other: RunningGateway
let vic: SubjectId

beforeAll(async () => {
  database = await newDatabase()
  dataDir = await mkdtemp(join(tmpdir(), 'bauta-two-'))
  const settings = {
    DATABASE_URL: database.url,
    BAUTA_DATA_DIR: dataDir,
    BAUTA_DB_POOL: '5',
    REDIS_URL: sharedRedis,
  }
  one = await RunningGateway.start(settings, 'policy')
  other = await RunningGateway.start(settings, 'policy')
  vic = await arrives('vic')
})
afterAll(async () => {
  await one.stop()
  await other.stop()
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

async function arrives(name: string): Promise<SubjectId> {
  const identifiers = given({ userId: name, email: `${name}@example.com` })
  const decisions = ['PERSONALIZATION', 'MARKETING', 'PARTNER_SHARING'].map((purpose) => ({
    type: 'consent' as const,
    identifiers,
    purpose,
    state: 'ConsentGiven' as const,
    ...(purpose === 'PARTNER_SHARING' ? { recipient: 'acme' } : {}),
  }))
  const traits = { name: 'Vic Vega', country: 'DE', plan: 'pro' }
  const profile = { type: 'profile' as const, recordKey: name, identifiers, traits }
  const [subject] = await one.take('crm', [profile, ...decisions])
  if (subject === undefined) throw new Error('nobody arrived')
  return subject
}

const passing = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms))
/** Definitions and destroyed keys are looked at again after a second. */
const REMEMBERED_MS = 1_100

let clients = 0
async function staff(role: string, purpose: string): Promise<As & { id: string }> {
  clients += 1
  const id = `${role}-${clients}`
  return { id, token: await one.client({ id, roles: [role] }), purpose }
}
const profileOf = (caller: { id: string }, subject: SubjectId) =>
  `profile(id: "${one.pseudonym(caller.id, subject)}")`

test('answer alike, byte for byte: ids, sealed values, lists, cursors', async () => {
  for (let n = 0; n < 4; n += 1) await arrives(`somebody-${n}`)
  const support = await staff('support', 'SERVICE')
  const page = 'pageInfo { endCursor } edges { cursor node { id contact { name email } } }'
  const query = `{ ${profileOf(support, vic)} { id contact { name email } } searchProfiles(first: 2) { ${page} } }`
  const [here, there] = [await one.ask(support, query), await other.ask(support, query)]
  expect(here.data.profile.contact).toEqual({ name: 'Vic Vega', email: 'vic@example.com' })
  expect(comparable(there)).toBe(comparable(here))
  const { endCursor } = here.data.searchProfiles.pageInfo
  const next = `{ searchProfiles(first: 2, after: "${endCursor}") { ${page} } }`
  const following = await other.ask(support, next)
  expect(following.codes).toEqual([])
  expect(comparable(following)).toBe(comparable(await one.ask(support, next)))
})

test('somebody who came in at one is read at the other at once, vault and all', async () => {
  const support = await staff('support', 'SERVICE')
  const newcomer = await arrives('newcomer')
  const { data } = await other.ask(
    support,
    `{ ${profileOf(support, newcomer)} { contact { name } } }`,
  )
  expect(data.profile).toEqual({ contact: { name: 'Vic Vega' } })
})

test('a client that was revoked at one is refused at the other, its tokens for people too', async () => {
  await one.client({ id: 'shop', roles: ['frontend'] })
  const shop = { token: await other.tokenFor('shop', vic), purpose: 'PERSONALIZATION' }
  const support = await staff('support', 'SERVICE')
  for (const as of [shop, support])
    expect((await other.ask(as, '{ viewer { client } }')).codes).toEqual([])
  await one.gateway.clients.revoke('shop')
  await one.gateway.clients.revoke(support.id)
  for (const as of [shop, support]) {
    const { status, codes } = await other.ask(as, '{ viewer { client } }')
    expect([status, codes]).toEqual([401, ['UNAUTHENTICATED']])
  }
})

test('a consent that was withdrawn at one discloses nothing at the other, from the next read on', async () => {
  await one.client({ id: 'page', roles: ['frontend'] })
  const page = { token: await one.tokenFor('page', vic), purpose: 'PERSONALIZATION' }
  await one.client({ id: 'acme', roles: ['partner'] })
  const acme = { token: (await one.gateway.clients.rotate('acme')).key, purpose: 'PARTNER_SHARING' }
  const read = async () =>
    (await other.ask(acme, `{ ${profileOf({ id: 'acme' }, vic)} { account { plan } } }`)).data
      .profile
  const decide = async (given: boolean) =>
    await one.ask(
      page,
      `mutation { recordConsent(consent: { purpose: "PARTNER_SHARING", recipient: "acme", given: ${given} }) { accepted } }`,
    )
  for (const [given, seen] of [
    [true, { account: { plan: 'pro' } }],
    [false, null],
    [true, { account: { plan: 'pro' } }],
  ] as const) {
    expect((await decide(given)).data.recordConsent.accepted).toBe(true)
    expect(await read()).toEqual(seen)
  }
})

test('a subscription at the one hears a change that was made at the other', async () => {
  const support = await staff('support', 'SERVICE')
  const query = `subscription { profileChanged(id: "${one.pseudonym(support.id, vic)}") { profile { account { plan } } } }`
  const stream = follow(other.origin, support, query)
  await passing(REMEMBERED_MS)
  await one.take('crm', [
    {
      type: 'profile',
      recordKey: 'vic',
      identifiers: given({ userId: 'vic' }),
      traits: { plan: 'team' },
    },
  ])
  for (let turn = 0; turn < 100 && stream.events.length === 0; turn += 1) await passing(50)
  stream.close()
  expect(stream.events[0]).toMatchObject({
    data: { profileChanged: { profile: { account: { plan: 'team' } } } },
  })
})

test('a segment that was defined at one has its members at the other', async () => {
  const mail = await staff('marketer', 'MARKETING')
  await one.ask(
    mail,
    'mutation { defineSegment(segment: { key: "teams", name: "Teams", rule: { field: "plan", is: "=", value: "team" } }) { key } }',
  )
  await passing(REMEMBERED_MS)
  const { data } = await other.ask(mail, `{ ${profileOf(mail, vic)} { segments { key } } }`)
  expect(data.profile.segments).toEqual([{ key: 'teams' }])
})

test('look-ups at both are counted together', async () => {
  const token = await one.client({
    id: 'globex',
    roles: ['partner'],
    scopes: ['profile:read', 'profile:lookup'],
    lookupsPerDay: 3,
  })
  const globex = { token, purpose: 'PARTNER_SHARING' }
  const query = '{ profileBy(identifier: { kind: EMAIL, value: "vic@example.com" }) { id } }'
  const codes: (readonly string[])[] = []
  for (const gateway of [one, other, one, other])
    codes.push((await gateway.ask(globex, query)).codes)
  expect(codes).toEqual([[], [], [], ['BUDGET_EXHAUSTED']])
})

test('one trail holds what both disclosed, without a gap, and each shows all of it', async () => {
  const officer = await staff('compliance', 'COMPLIANCE')
  const receipts: (string | undefined)[] = []
  await Promise.all(
    [one, other, one, other].map(async (gateway) => {
      for (let n = 0; n < 5; n += 1)
        receipts.push((await gateway.ask(officer, `{ ${profileOf(officer, vic)} { id } }`)).receipt)
    }),
  )
  await passing(REMEMBERED_MS)
  const trail = `{ auditTrail(filter: { actor: "${officer.id}" }, first: 50) { edges { node { index requestId } } } }`
  const shown = (await other.ask(officer, trail)).data.auditTrail.edges.map(
    ({ node }: { node: { requestId: string } }) => node.requestId,
  )
  expect([...receipts].sort()).toEqual([...shown].sort())
  const { database: sql } = one.gateway.stores.opened
  const [numbers] = await sql.query<{ all: string; last: string }>(
    'SELECT count(*) AS all, max(log_index) + 1 AS last FROM audit_entry',
  )
  expect(numbers?.all).toBe(numbers?.last)
})
