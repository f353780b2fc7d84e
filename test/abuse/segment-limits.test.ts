import type { SubjectId } from '../../src/kernel/ids.ts'
import { DAY } from '../../src/kernel/time.ts'
import { type As, comparable, given, RunningGateway } from '../running-gateway.ts'

/** A client that is limited to segments learns of a membership by seeing somebody at all: that is a disclosure too. */
let running: RunningGateway
let partner: As
const people = new Map<string, SubjectId>()

beforeAll(async () => {
  running = await RunningGateway.start({}, 'policy')
  partner = {
    token: await running.client({
      id: 'acme',
      roles: ['partner'],
      segments: ['buyers', 'pros', 'unheard-of'],
    }),
    purpose: 'PARTNER_SHARING',
  }
  await arrives('pro and buyer', { plan: 'pro', orders: 5 })
  await arrives('pro', { plan: 'pro', orders: 0 })
  await arrives('buyer', { plan: 'free', orders: 5 })
  await arrives('pro who shares no plan', {
    plan: 'pro',
    orders: 5,
    categories: ['user.unique_id.pseudonym', 'user.derived.segment'],
  })
  await arrives('nobody of these', { plan: 'free', orders: 0 })
  const define = async (key: string, rule: unknown) =>
    await running.gateway.segments.defineAsOperator({ key, name: key, description: '', rule })
  await define('pros', { field: 'plan', is: '=', value: 'pro' })
  await define('buyers', { field: 'orderCount', is: '>=', value: 5 })
})
afterAll(async () => await running.stop())

async function arrives(
  name: string,
  { plan, orders, categories }: { plan: string; orders: number; categories?: string[] },
): Promise<void> {
  const identifiers = given({ userId: name, email: `${name.replaceAll(' ', '-')}@example.com` })
  const rows = [
    { type: 'profile' as const, recordKey: name, identifiers, traits: { plan, country: 'DE' } },
    ...['PARTNER_SHARING', 'MARKETING'].map((purpose) => ({
      type: 'consent' as const,
      identifiers,
      purpose,
      state: 'ConsentGiven' as const,
      ...(purpose === 'PARTNER_SHARING' ? { recipient: 'acme' } : {}),
      ...(categories ? { categories } : {}),
    })),
    ...Array.from({ length: orders }, (_, n) => ({
      type: 'event' as const,
      messageId: `${name}-${n}`,
      identifiers,
      name: 'Order Completed',
      properties: { itemId: 'tea', orderId: `${name}-${n}`, price: 1 },
    })),
  ]
  const [subject] = await running.take('crm', rows)
  if (subject === undefined) throw new Error('nobody arrived')
  people.set(name, subject)
}

const ask = async (as: As, audience: string, name: string) => {
  const subject = people.get(name)
  if (subject === undefined) throw new Error(name)
  return await askOf(as, running.pseudonym(audience, subject))
}
const askOf = async (as: As, id: string) =>
  await running.ask(
    as,
    'query ($id: ID!) { profile(id: $id) { id segments { key } } profiles(ids: [$id]) { id } node(id: $id) { id } }',
    { id },
  )
const listed = async (as: As, audience: string) => {
  const { data } = await running.ask(as, '{ searchProfiles(first: 50) { edges { node { id } } } }')
  const names = new Map([...people].map(([name, id]) => [running.pseudonym(audience, id), name]))
  return data.searchProfiles.edges
    .map(({ node }: { node: { id: string } }) => names.get(node.id))
    .sort()
}

test('members are seen through a segment that may be told, alone and in lists', async () => {
  for (const name of ['pro', 'pro and buyer']) {
    const { data } = await ask(partner, 'acme', name)
    expect(data.profile).toEqual({ id: data.node.id, segments: [{ key: 'pros' }] })
  }
  expect(await listed(partner, 'acme')).toEqual(['pro', 'pro and buyer'])
})

test.each(['buyer', 'pro who shares no plan', 'nobody of these'])(
  'somebody is byte for byte nobody where the membership may not be told: %s',
  async (name) => {
    const absent = await askOf(partner, 'p1aaaaaaaaaaaaaaaaaaaaaaaaaa')
    expect(comparable(await ask(partner, 'acme', name))).toBe(comparable(absent))
  },
)

test('the same segment shows its members to whom the rule may be told', async () => {
  const token = await running.client({ id: 'mail', roles: ['marketer'], segments: ['buyers'] })
  const marketer = { token, purpose: 'MARKETING' }
  expect(await listed(marketer, 'mail')).toEqual(['buyer', 'pro and buyer'])
  expect((await ask(marketer, 'mail', 'buyer')).data.profile.segments).toEqual([{ key: 'buyers' }])
  expect((await ask(marketer, 'mail', 'pro')).data.profile).toBeNull()
})

test('a membership that time has ended shows nobody any more', async () => {
  const token = await running.client({
    id: 'officer',
    roles: ['compliance'],
    segments: ['recent'],
  })
  const officer = { token, purpose: 'SUBJECT_RIGHTS' }
  const leaves = Date.now() + 3_000
  const [subject] = await running.take('crm', [
    {
      type: 'event',
      messageId: 'yesterday',
      identifiers: given({ userId: 'leaver' }),
      name: 'Session Started',
      timestamp: new Date(leaves - DAY).toISOString(),
      properties: {},
    },
  ])
  people.set('leaver', subject ?? '')
  await running.gateway.segments.defineAsOperator({
    key: 'recent',
    name: 'Recent',
    description: '',
    rule: { event: 'Session Started', is: 'atLeast', count: 1, withinDays: 1 },
  })
  expect((await ask(officer, 'officer', 'leaver')).data.profile).not.toBeNull()
  await new Promise((resolve) => setTimeout(resolve, leaves - Date.now() + 50))
  expect((await ask(officer, 'officer', 'leaver')).data.profile).toBeNull()
})
