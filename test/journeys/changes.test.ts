import { defaultScopes } from '../../src/domain/access/principal.ts'
import type { As } from '../running-gateway.ts'
import { StaffedGateway } from '../staffed-gateway.ts'

/** What callers change over the API, who may, what is refused, what stands on the trail, and what the next read shows. */
let house: StaffedGateway
beforeAll(async () => {
  house = await StaffedGateway.open()
})
afterAll(async () => await house.stop())

const ask = async (as: As, query: string, variables: Readonly<Record<string, unknown>> = {}) =>
  await house.running.ask(as, query, variables)

const TRACK = 'mutation ($e: TrackInput!) { track(event: $e) { accepted duplicate reasons } }'
const IDENTIFY =
  'mutation ($p: IdentifyInput!) { identify(person: $p) { accepted duplicate reasons } }'
const DEFINE =
  'mutation ($s: SegmentInput!) { defineSegment(segment: $s) { key name rule categories } }'
const UPSERT =
  'mutation ($i: ItemInput!) { upsertItem(item: $i) { id itemId title category price available } }'

const named = [{ kind: 'USER_ID', value: 'u-1' }]
const segment = { key: 'pros', name: 'Pros', rule: { field: 'plan', is: '=', value: 'pro' } }
const item = { id: 'tea', title: 'Tea', category: 'drinks', price: 2.5, available: true }

describe.each([
  {
    mutation: 'track',
    query: TRACK,
    scope: 'events:write',
    variables: { e: { messageId: 'm', event: 'Seen' } },
  },
  {
    mutation: 'identify',
    query: IDENTIFY,
    scope: 'events:write',
    variables: { p: { traits: { plan: 'x' } } },
  },
  {
    mutation: 'recordConsent',
    query: 'mutation ($c: ConsentInput!) { recordConsent(consent: $c) { accepted } }',
    scope: 'consent:write',
    variables: { c: { purpose: 'MARKETING', given: false } },
  },
  {
    mutation: 'withdrawConsent',
    query: 'mutation ($purpose: String!) { withdrawConsent(purpose: $purpose) { accepted } }',
    scope: 'consent:write',
    variables: { purpose: 'MARKETING' },
  },
  { mutation: 'defineSegment', query: DEFINE, scope: 'segments:write', variables: { s: segment } },
  { mutation: 'upsertItem', query: UPSERT, scope: 'items:write', variables: { i: item } },
])('$mutation', ({ query, scope, variables }) => {
  test(`is refused whole to every role without ${scope}, and its refusal is an entry`, async () => {
    const without = house.everybody.filter(
      ([role]) => !defaultScopes[role]?.includes(scope as never),
    )
    expect(without.length).toBeGreaterThan(3)
    const before = await house.written()
    for (const [role, caller] of without) {
      const { status, codes, data } = await ask(caller, query, variables)
      expect([role, status, codes, data ?? null]).toEqual([role, 403, ['FORBIDDEN'], null])
      expect((await house.running.entries())[0]).toMatchObject({
        outcome: 'deny',
        code: 'FORBIDDEN',
      })
    }
    expect(await house.written()).toEqual(before)
  })
})

describe('track', () => {
  const session = (messageId: string) => ({ messageId, event: 'Session Started' })
  const sessions = async (caller: As) =>
    (await ask(caller, '{ me { activity { sessionCount } } }')).data.me.activity.sessionCount

  test.each([
    ['a front end', () => house.shop],
    ['a visitor', () => house.visitor],
  ])(
    'of %s counts for the person acted for, once, and the next read shows it',
    async (_who, who) => {
      const accept = { accepted: true, duplicate: false, reasons: [] }
      const agree =
        'mutation { recordConsent(consent: { purpose: "PERSONALIZATION", given: true }) { accepted } }'
      expect((await ask(who(), agree)).codes).toEqual([])
      for (const [message, answer] of [
        ['s1', accept],
        ['s2', accept],
        ['s2', { ...accept, accepted: false, duplicate: true }],
      ] as const)
        expect((await ask(who(), TRACK, { e: session(message) })).data.track).toEqual(answer)
      expect(await sessions(who())).toBe(2)
      const [, entry] = await house.running.entries(2)
      expect(entry).toMatchObject({ outcome: 'permit', action: { told: 'event', accepted: 0 } })
    },
  )

  test('of a feeding system is about whom it names', async () => {
    const order = {
      messageId: 'o1',
      event: 'Order Completed',
      identifiers: named,
      properties: { orderId: 'O-1', itemId: 'tea', price: 5, quantity: 2 },
    }
    const { data } = await ask(house.as('ingest'), TRACK, { e: order })
    expect(data.track.accepted).toBe(true)
    const query = `{ profile(id: "${house.pseudonym('support')}") { commerce { orderCount totalValue } } }`
    const read = await ask(house.as('support'), query)
    expect(read.data.profile.commerce).toEqual({ orderCount: 1, totalValue: 10 })
  })

  test.each([
    ['names somebody else', () => house.shop, { ...session('x'), identifiers: named }, 'FORBIDDEN'],
    ['names nobody', () => house.as('ingest'), session('x'), 'BAD_USER_INPUT'],
    [
      'has properties that are no object',
      () => house.shop,
      { ...session('x'), properties: [1] },
      'BAD_USER_INPUT',
    ],
  ])('that %s is refused', async (_what, who, event, code) => {
    const before = await house.written()
    const answer = await ask(who(), TRACK, { e: event })
    expect([answer.codes, answer.data]).toEqual([[code], null])
    expect(await house.written()).toEqual(before)
  })

  test.each([
    ['without a name', { messageId: 'bad-1', event: '' }, 'name'],
    ['from the future', { ...session('bad-2'), timestamp: '2999-01-01T00:00:00Z' }, 'future'],
    [
      'of a negative price',
      { messageId: 'bad-3', event: 'Order Completed', properties: { price: -1 } },
      'price',
    ],
  ])('%s goes to quarantine and says why', async (_what, event, reason) => {
    const { data } = await ask(house.shop, TRACK, { e: event })
    expect(data.track).toEqual({
      accepted: false,
      duplicate: false,
      reasons: [expect.stringContaining(reason)],
    })
  })
})

describe('identify', () => {
  const seen = async () => {
    const query = `{ profile(id: "${house.pseudonym('support')}") { contact { phone } account { company } } }`
    return (await ask(house.as('support'), query)).data.profile
  }

  test('of a feeding system is shown by the next read, and what it said before stays', async () => {
    const tell = async (traits: object) =>
      (await ask(house.as('ingest'), IDENTIFY, { p: { identifiers: named, traits } })).data.identify
    expect(await tell({ phone: '+49 30 23125000' })).toMatchObject({ accepted: true })
    expect(await tell({ company: 'Tea Ltd' })).toMatchObject({ accepted: true })
    expect(await tell({ company: 'Tea Ltd' })).toMatchObject({ accepted: false, duplicate: true })
    expect(await seen()).toEqual({
      contact: { phone: '+493023125000' },
      account: { company: 'Tea Ltd' },
    })
  })

  test('of a front end says nothing over what was vouched for, and is kept where nobody else spoke', async () => {
    const traits = { plan: 'enterprise', onboardingStep: 'invited friends' }
    expect((await ask(house.shop, IDENTIFY, { p: { traits } })).data.identify.accepted).toBe(true)
    const { data } = await ask(
      house.shop,
      '{ me { account { plan } activity { onboardingStep } } }',
    )
    expect(data.me).toEqual({
      account: { plan: 'pro' },
      activity: { onboardingStep: 'invited friends' },
    })
  })

  test('refuses what is no set of traits, and other people', async () => {
    const before = await house.written()
    const list = await ask(house.shop, IDENTIFY, { p: { traits: ['plan'] } })
    const other = await ask(house.shop, IDENTIFY, { p: { identifiers: named, traits: {} } })
    expect([list.codes, other.codes]).toEqual([['BAD_USER_INPUT'], ['FORBIDDEN']])
    expect(await house.written()).toEqual(before)
  })

  test('with a value that is none goes to quarantine, whole, without repeating it', async () => {
    const traits = { birthDate: '2001-02-30', company: 'Coffee Ltd' }
    const answer = await ask(house.as('ingest'), IDENTIFY, { p: { identifiers: named, traits } })
    expect(answer.data.identify).toEqual({
      accepted: false,
      duplicate: false,
      reasons: ['trait birthDate is not a calendar date (YYYY-MM-DD)'],
    })
    expect(answer.body).not.toContain('2001')
    expect((await seen()).account.company).toBe('Tea Ltd')
  })
})

describe('defineSegment', () => {
  const memberships = async () => {
    const query = `{ profile(id: "${house.pseudonym('compliance')}") { segments { key name } } }`
    return (await ask(house.as('compliance'), query)).data.profile.segments
  }

  test('holds for everybody when it returns, anew each time, and is an entry under its request', async () => {
    const defined = await ask(house.as('marketer'), DEFINE, { s: segment })
    expect(defined.data.defineSegment).toEqual({
      key: 'pros',
      name: 'Pros',
      rule: 'plan = "pro"',
      categories: ['user.account.plan'],
    })
    expect(await memberships()).toEqual([{ key: 'pros', name: 'Pros' }])
    const entries = await house.running.entries(10)
    expect(entries.filter(({ requestId }) => requestId === defined.receipt)).toContainEqual(
      expect.objectContaining({ action: { action: 'segment.define', segment: 'pros' } }),
    )
    const rule = { field: 'plan', is: '=', value: 'free' }
    await ask(house.as('admin'), DEFINE, { s: { ...segment, rule } })
    expect(await memberships()).toEqual([])
  })

  test.each([
    ['over what the vault keeps', { field: 'email', is: 'known' }, 'rule.field'],
    ['that is no tree of conditions', { every: [] }, 'rule'],
    ['deeper than people write', nested(12), 'deeper'],
    ['over a field that does not exist', { field: 'shoeSize', is: '>', value: 4 }, 'rule.field'],
  ])('refuses a rule %s, naming the place', async (_what, rule, place) => {
    const before = await house.written()
    const { codes, messages } = await ask(house.as('marketer'), DEFINE, {
      s: { ...segment, rule },
    })
    expect(codes).toEqual(['BAD_USER_INPUT'])
    expect(messages[0]).toContain(place)
    expect(await house.written()).toEqual(before)
  })

  function nested(levels: number): unknown {
    return levels === 0 ? segment.rule : { not: nested(levels - 1) }
  }
})

describe('upsertItem', () => {
  test('adds to the catalogue and changes it, as the next read shows', async () => {
    const added = await ask(house.as('marketer'), UPSERT, { i: item })
    expect(added.data.upsertItem).toEqual({
      id: 'item:tea',
      itemId: 'tea',
      title: 'Tea',
      category: 'drinks',
      price: 2.5,
      available: true,
    })
    const changed = { id: 'tea', title: 'Green tea', available: false }
    expect((await ask(house.as('ingest'), UPSERT, { i: changed })).codes).toEqual([])
    const { data } = await ask(
      house.as('partner'),
      '{ node(id: "item:tea") { ... on Item { title price available } } items { edges { node { itemId } } } }',
    )
    expect(data).toEqual({
      node: { title: 'Green tea', price: null, available: false },
      items: { edges: [{ node: { itemId: 'tea' } }] },
    })
  })

  test.each([
    [{ price: -1 }, 'price'],
    [{ title: ' ' }, 'title'],
    [{ id: '\u0000' }, 'id'],
    [{ id: 'x'.repeat(257) }, 'id'],
  ])('refuses %j, naming the field', async (change, field) => {
    const before = await house.written()
    const { codes, messages } = await ask(house.as('marketer'), UPSERT, {
      i: { ...item, ...change },
    })
    expect(codes).toEqual(['BAD_USER_INPUT'])
    expect(messages[0]).toContain(field)
    expect(await house.written()).toEqual(before)
  })
})
