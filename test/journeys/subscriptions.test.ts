import { follow as followAt, until } from '../follow.ts'
import { given, RunningGateway } from '../running-gateway.ts'
import { situations } from '../situations.ts'
import { type Met, SmallWorld } from '../small-world.ts'

let world: SmallWorld
let running: RunningGateway
let agreed: Met
let silent: Met

beforeAll(async () => {
  running = await RunningGateway.start()
  world = await SmallWorld.over(running)
  const [allGiven] = situations
  const refused = situations.find(({ name }) => name === 'refused')
  if (!allGiven || !refused) throw new Error('no such situations')
  agreed = await world.meet(allGiven)
  silent = await world.meet(refused)
  await running.gateway.segments.defineAsOperator({
    key: 'buyers',
    name: 'Buyers',
    description: '',
    rule: { field: 'orderCount', is: '>=', value: 5 },
  })
  await running.gateway.segments.defineAsOperator({
    key: 'teams',
    name: 'Teams',
    description: '',
    rule: { field: 'plan', is: '=', value: 'team' },
  })
})
afterAll(async () => await running.stop())

const follow = (token: string, purpose: string, query: string) =>
  followAt(running.origin, { token, purpose }, query)

const passing = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms))

/** Two polls of the change table: who is told anything has been told by then. */
const SILENCE = 800

let told = 0
async function tellPlan(met: Met, plan: string): Promise<void> {
  told += 1
  await running.take('crm', [
    {
      type: 'profile',
      recordKey: `plan-${met.ordinal}-${told}`,
      identifiers: given({ userId: `user-${met.ordinal}-4711` }),
      traits: { plan },
    },
  ])
}

test('profileChanged answers a change with a disclosure of its own, recorded each time', async () => {
  const token = await running.tokenFor('frontend', agreed.person)
  const stream = follow(
    token,
    'PERSONALIZATION',
    'subscription { profileChanged { profile { id account { plan } } } }',
  )
  await passing(SILENCE)
  await tellPlan(agreed, 'basic')
  await until(() => stream.events.length === 1)
  await tellPlan(agreed, 'plus')
  await until(() => stream.events.length === 2)
  stream.close()
  const privacy = stream.events.map(
    (event) => (event as { extensions: { privacy: { receipt: string } } }).extensions.privacy,
  )
  const recorded = await running.entries(10)
  for (const { receipt } of privacy) {
    const entry = recorded.find(({ requestId }) => requestId === receipt)
    expect(entry).toMatchObject({
      outcome: 'permit',
      purpose: 'PERSONALIZATION',
      audience: 'frontend',
    })
    expect(entry?.subjects).toHaveLength(1)
  }
})

test('profileChanged is silent about somebody whom the partner may not know of', async () => {
  const id = running.pseudonym('partner', silent.person)
  const stream = follow(
    world.key('partner'),
    'PARTNER_SHARING',
    `subscription { profileChanged(id: "${id}") { profile { id } } }`,
  )
  await passing(SILENCE)
  await tellPlan(silent, 'basic')
  await passing(SILENCE)
  stream.close()
  expect(stream.events).toEqual([])
})

test('segmentChanged tells of memberships that may be told, and knows no segment whose rule reads what is withheld', async () => {
  const query = (key: string) =>
    `subscription { segmentChanged(key: "${key}") { segment { key } profile { id } } }`
  const teams = follow(world.key('partner'), 'PARTNER_SHARING', query('teams'))
  const buyers = follow(world.key('partner'), 'PARTNER_SHARING', query('buyers'))
  await passing(SILENCE)
  const orders = Array.from({ length: 6 }, (_, n) => ({
    type: 'event' as const,
    messageId: `orders-${n}`,
    identifiers: [],
    name: 'Order Completed',
    properties: { orderId: `orders-${n}`, price: 5 },
  }))
  await running.tell('shop', agreed.person, orders)
  await running.tell('crm', agreed.person, [
    { type: 'profile', recordKey: 'now-a-team', identifiers: [], traits: { plan: 'team' } },
  ])
  await until(() => teams.events.length >= 1)
  await passing(SILENCE)
  teams.close()
  buyers.close()
  expect(teams.events[0]).toMatchObject({
    data: {
      segmentChanged: {
        segment: { key: 'teams' },
        profile: { id: running.pseudonym('partner', agreed.person) },
      },
    },
  })
  expect(buyers.events).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }])
})

test('a stream ends when its token expires, with a refusal', async () => {
  const token = await running.tokenFor('frontend', agreed.person, 2_000)
  const stream = follow(
    token,
    'PERSONALIZATION',
    'subscription { profileChanged { profile { id } } }',
  )
  await stream.ended
  stream.close()
  expect(JSON.stringify(stream.events.at(-1))).toContain('UNAUTHENTICATED')
})

test('a stream ends at the first event after its client was revoked, and tells nothing of it', async () => {
  const key = await running.client({
    id: 'brief',
    roles: ['support'],
    purposes: ['SERVICE'],
    scopes: ['profile:read'],
  })
  const id = running.pseudonym('brief', agreed.person)
  const stream = follow(
    key,
    'SERVICE',
    `subscription { profileChanged(id: "${id}") { profile { id account { plan } } } }`,
  )
  await passing(SILENCE)
  await running.gateway.clients.revoke('brief')
  await tellPlan(agreed, 'after')
  await stream.ended
  stream.close()
  expect(JSON.stringify(stream.events)).toContain('UNAUTHENTICATED')
  expect(JSON.stringify(stream.events)).not.toContain('"profile"')
})

test('profileChanged does not tell by its timing that something withheld has changed', async () => {
  const id = running.pseudonym('partner', agreed.person)
  const stream = follow(
    world.key('partner'),
    'PARTNER_SHARING',
    `subscription { profileChanged(id: "${id}") { profile { id account { plan } } } }`,
  )
  await passing(SILENCE)
  await running.tell('shop', agreed.person, [
    {
      type: 'event',
      messageId: 'an-order-nobody-may-time',
      identifiers: [],
      name: 'Order Completed',
      properties: { orderId: 'untold', price: 5 },
    },
  ])
  await passing(SILENCE)
  expect(stream.events).toEqual([])
  await tellPlan(agreed, 'enterprise')
  await until(() => stream.events.length >= 1)
  stream.close()
  expect(stream.events[0]).toMatchObject({
    data: { profileChanged: { profile: { account: { plan: 'enterprise' } } } },
  })
})

test('a subscription sent to /graphql is told where it is answered, and a query sent to the stream as well', async () => {
  const token = await running.client({ id: 'lost', roles: ['marketer'] })
  const post = async (path: string, query: string) => {
    const response = await fetch(`${running.origin}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: path.endsWith('stream') ? 'text/event-stream' : 'application/json',
      },
      body: JSON.stringify({ query }),
    })
    return await response.text()
  }
  expect(await post('/graphql', 'subscription { profileChanged { __typename } }')).toContain(
    'Subscriptions are answered at /graphql/stream.',
  )
  expect(await post('/graphql/stream', '{ viewer { client } }')).toContain(
    'Queries and mutations are answered at /graphql.',
  )
})
