import type { SubjectId } from '../../src/kernel/ids.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

let running: RunningGateway
let person: SubjectId
let partner: As
let support: As
let server: As
let browser: As
let visitor: As

beforeAll(async () => {
  running = await RunningGateway.start({}, 'policy')
  partner = {
    token: await running.client({ id: 'acme', roles: ['partner'] }),
    purpose: 'PARTNER_SHARING',
  }
  support = { token: await running.client({ id: 'desk', roles: ['support'] }), purpose: 'SERVICE' }
  server = { token: await running.client({ id: 'server', roles: ['ingest'], writeKey: 'server' }) }
  browser = {
    token: await running.client({ id: 'browser', roles: ['ingest'], writeKey: 'public' }),
  }
  const shop = await running.client({
    id: 'shop-web',
    roles: ['frontend'],
    defaultPurpose: 'PERSONALIZATION',
  })
  await running.client({ id: 'self', roles: ['subject'], defaultPurpose: 'SUBJECT_RIGHTS' })
  const met = await running.visitor(shop)
  visitor = { token: shop, cookie: met.cookie }
  const [subject] = await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'crm-1',
      identifiers: [{ kind: 'email', value: 'vic@example.com' }],
      traits: { country: 'DE', plan: 'pro', email: 'vic@example.com' },
    },
  ])
  if (!subject) throw new Error('nobody was taken in')
  person = subject
})

afterAll(async () => await running.stop())

const CONSENT =
  'recordConsent(consent: { purpose: "PARTNER_SHARING", given: true, recipient: "acme", profile: $i })'
const pseudonym = () => running.pseudonym('acme', person)
const seen = async () =>
  (await running.ask(partner, 'query ($i: ID!) { profile(id: $i) { id } }', { i: pseudonym() }))
    .data.profile

test('a variable called like a property of every object does not hide a field from the scopes', async () => {
  const query = `mutation ($constructor: Boolean = true, $i: ID!) { ${CONSENT} @include(if: $constructor) { accepted } }`
  const { codes } = await running.ask(partner, query, { i: pseudonym() })
  expect(codes).toEqual(['FORBIDDEN'])
  expect(await seen()).toBeNull()
})

test('a value that is no Boolean leaves nothing behind that a true one could use', async () => {
  const query = `mutation ($a: Boolean!, $i: ID!) { ${CONSENT} @include(if: $a) { accepted } }`
  const broken = await running.ask(partner, query, { a: 'true', i: pseudonym() })
  expect([broken.status, broken.codes]).toEqual([400, ['BAD_USER_INPUT']])
  const whole = await running.ask(partner, query, { a: true, i: pseudonym() })
  expect(whole.codes).toEqual(['FORBIDDEN'])
  expect(await seen()).toBeNull()
})

test('a purpose is a literal, so that the entry names what the document declares', async () => {
  const query = 'query ($p: String!) @purpose(is: $p) { viewer { client } }'
  const { status, codes } = await running.ask(support, query, { p: 'SECURITY' })
  expect([status, codes]).toEqual([400, ['BAD_USER_INPUT']])
})

test('a public write key writes events and can not say who somebody is', async () => {
  await expect(
    running.client({
      id: 'greedy',
      roles: ['ingest'],
      writeKey: 'public',
      scopes: ['tokens:exchange'],
    }),
  ).rejects.toThrow('public write key')
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: 'self',
    subject_token_type: 'urn:bauta:identifier:email',
    subject_token: 'vic@example.com',
  })
  const exchanged = async ({ token }: As) =>
    await fetch(`${running.origin}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: form,
    })
  expect((await exchanged(browser)).status).toBe(400)
  expect((await exchanged(server)).status).toBe(200)
})

test('what a public write key says replaces nothing of what was vouched for, and is no oracle on it', async () => {
  const identify =
    'mutation ($t: JSON!) { identify(person: { identifiers: [{ kind: EMAIL, value: "vic@example.com" }], traits: $t }) { accepted duplicate } }'
  const told = await running.ask(server, identify, { t: { name: 'Vic Vega' } })
  expect(told.data.identify).toEqual({ accepted: true, duplicate: false })
  const guessed = await running.ask(browser, identify, { t: { name: 'Vic Vega' } })
  const missed = await running.ask(browser, identify, { t: { name: 'Somebody Else' } })
  expect(guessed.data).toEqual(missed.data)
  const { data } = await running.ask(
    support,
    'query { profileBy(identifier: { kind: EMAIL, value: "vic@example.com" }) { contact { name } account { plan } } }',
  )
  expect(data.profileBy).toEqual({ contact: { name: 'Vic Vega' }, account: { plan: 'pro' } })
})

test('a browser can neither make up a verified identity nor an id elsewhere, nor renew one', async () => {
  const [subject = ''] = await running.take('identity', [
    {
      type: 'profile',
      recordKey: 'verified',
      identifiers: given({ userId: 'verified' }),
      traits: { identityProvider: 'google', identityVerifiedAt: '2020-01-01T00:00:00Z' },
    },
  ])
  await running.client({ id: 'account', roles: ['frontend'], defaultPurpose: 'SERVICE' })
  const officer: As = {
    token: await running.client({ id: 'officer', roles: ['compliance'] }),
    purpose: 'SUBJECT_RIGHTS',
  }
  const forged = {
    identityProvider: 'bank',
    identitySubject: 'root',
    identityVerifiedAt: new Date().toISOString(),
    externalId: 'forged',
  }
  for (const one of [person, subject]) {
    const page = { token: await running.tokenFor('account', one) }
    const query = 'mutation ($t: JSON!) { identify(person: { traits: $t }) { accepted } }'
    expect((await running.ask(page, query, { t: forged })).codes).toEqual([])
  }
  const shown = async (one: SubjectId) => {
    const id = running.pseudonym('officer', one)
    const fields =
      'identities { provider subject verifiedAt } account { externalIds { kind value } }'
    return (await running.ask(officer, `{ profile(id: "${id}") { ${fields} } }`)).data.profile
  }
  expect((await shown(person)).identities).toEqual([])
  const { identities, account } = await shown(subject)
  expect(identities).toEqual([
    { provider: 'google', subject: null, verifiedAt: '2020-01-01T00:00:00.000Z' },
  ])
  expect(account.externalIds).toEqual([{ kind: 'userId', value: 'verified' }])
})

test('a browser that names another country does not turn opt-in into opt-out', async () => {
  const query = '{ me { activity { sessionCount } } }'
  const before = await running.ask(visitor, query)
  const told = await running.ask(
    visitor,
    'mutation { identify(person: { traits: { country: "US" } }) { accepted } }',
  )
  expect(told.data.identify.accepted).toBe(true)
  const after = await running.ask(visitor, query)
  expect(before.withheld.map(({ reason }) => reason)).toEqual(['CONSENT_UNKNOWN'])
  expect(after.withheld).toEqual(before.withheld)
})

test("nobody's message id stands in the way of another's", async () => {
  const query = 'mutation ($e: TrackInput!) { track(event: $e) { accepted duplicate } }'
  const theirs = await running.ask(visitor, query, {
    e: { messageId: 'order-2', event: 'Page Viewed' },
  })
  const ours = await running.ask(server, query, {
    e: {
      messageId: 'order-2',
      event: 'Order Completed',
      identifiers: [{ kind: 'EMAIL', value: 'vic@example.com' }],
    },
  })
  expect([theirs.data.track.accepted, ours.data.track]).toEqual([
    true,
    { accepted: true, duplicate: false },
  ])
})

test('an order under the name of an activity is not shown as activity', async () => {
  await running.tell('shop', person, [
    {
      type: 'event',
      messageId: 'checkout',
      identifiers: [],
      name: 'Checkout Completed',
      properties: { orderId: 'O-77', value: 123 },
    },
  ])
  const [event] =
    (await running.gateway.stores.profiles.timelines([person], { limit: 50, before: null }))
      .get(person)
      ?.filter(({ name }) => name === 'Checkout Completed') ?? []
  expect(event).toMatchObject({ orderId: null, value: 0 })
})

test('how much has happened of which a caller is told nothing changes no statement', async () => {
  const identifiers = given({ userId: 'busy' })
  const consent = (purpose: string, recipient?: string) => ({
    type: 'consent' as const,
    identifiers,
    purpose,
    state: 'ConsentGiven' as const,
    ...(recipient === undefined ? {} : { recipient }),
  })
  const events = (name: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({
      type: 'event' as const,
      messageId: `${name}-${n}`,
      identifiers,
      name,
      properties: {},
    }))
  const [busy = ''] = await running.take('crm', [
    consent('PARTNER_SHARING', 'acme'),
    consent('MARKETING'),
    ...events('Order Completed', 2),
    ...events('Page Viewed', 70),
  ])
  const token = await running.client({ id: 'mail', roles: ['marketer'] })
  const timelineTo = async (as: As, audience: string) => {
    const before = running.statements.length
    const id = running.pseudonym(audience, busy)
    const query = `{ profile(id: "${id}") { timeline(first: 2) { pageInfo { hasNextPage } edges { node { name } } } } }`
    const { data } = await running.ask(as, query)
    const reads = running.statements.slice(before).filter((text) => text.includes('event e'))
    return { timeline: data.profile.timeline, reads: reads.length }
  }
  const pageInfo = { hasNextPage: false }
  expect(await timelineTo(partner, 'acme')).toEqual({ timeline: { pageInfo, edges: [] }, reads: 0 })
  const order = { node: { name: 'Order Completed' } }
  expect(await timelineTo({ token, purpose: 'MARKETING' }, 'mail')).toEqual({
    timeline: { pageInfo, edges: [order, order] },
    reads: 1,
  })
})

test('partners know no segment of which they could be told of nobody', async () => {
  const define = async (key: string, rule: unknown) =>
    await running.gateway.segments.defineAsOperator({ key, name: key, description: '', rule })
  await define('big-spenders', { field: 'totalValue', is: '>=', value: 500 })
  await define('pros', { field: 'plan', is: '=', value: 'pro' })
  const { data } = await running.ask(
    partner,
    '{ segments { edges { node { key } } } node(id: "segment:big-spenders") { id } segment(key: "big-spenders") { key } }',
  )
  expect(data).toEqual({
    segments: { edges: [{ node: { key: 'pros' } }] },
    node: null,
    segment: null,
  })
})

test('what a token may not read of segments it can not filter by', async () => {
  const listed = async (as: As) => {
    const query = '{ searchProfiles(filter: { segment: "pros" }) { edges { node { id } } } }'
    return (await running.ask(as, query)).data.searchProfiles.edges.length
  }
  const officer = async (id: string, scopes: string[]): Promise<As> => ({
    token: await running.client({ id, roles: ['compliance'], scopes }),
    purpose: 'SUBJECT_RIGHTS',
  })
  const scopes = ['profile:read', 'profile:search']
  expect(await listed(await officer('reader', [...scopes, 'segments:read']))).toBe(1)
  expect(await listed(await officer('no-reader', scopes))).toBe(0)
})

test('a client can not take an audience of the house', async () => {
  await expect(
    running.client({ id: 'spy', roles: ['partner'], audience: 'audit' }),
  ).rejects.toThrow('audit')
})
