import { type Answered, type As, comparable, given, RunningGateway } from '../running-gateway.ts'
import { type Situation, situations } from '../situations.ts'
import { type Met, SmallWorld, seedCrowd } from '../small-world.ts'

let running: RunningGateway
let world: SmallWorld
let agreed: Met
let refused: Met
let partner: As
let support: As
let shop: As

const situation = (name: string): Situation => {
  const found = situations.find((one) => one.name === name)
  if (!found) throw new Error(name)
  return found
}

beforeAll(async () => {
  running = await RunningGateway.start()
  world = await SmallWorld.over(running)
  await seedCrowd(world, 12)
  agreed = await world.meet(situation('all given'))
  refused = await world.meet(situation('refused'))
  await running.gateway.fit.run()
  partner = { token: world.key('partner'), purpose: 'PARTNER_SHARING' }
  support = { token: world.key('support'), purpose: 'SERVICE' }
  await running.client({ id: 'shop', roles: ['frontend'] })
  shop = { token: await running.tokenFor('shop', agreed.person), purpose: 'PERSONALIZATION' }
})
afterAll(async () => await running.stop())

const passing = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms))

describe('somebody', () => {
  const one = async (as: As, id: string) =>
    await running.ask(as, 'query ($id: ID!) { profile(id: $id) { id account { plan } } }', { id })

  test('is found by the pseudonym of the own audience, by node and in lists alike', async () => {
    const id = running.pseudonym('support', agreed.person)
    const query =
      '{ node(id: "$") { id ... on Profile { account { plan } } } profile(id: "$") { id account { plan } } profiles(ids: ["$"]) { id account { plan } } }'
    const { data } = await running.ask(support, query.replaceAll('$', id))
    const expected = { id, account: { plan: 'plan one' } }
    expect(data).toEqual({ node: expected, profile: expected, profiles: [expected] })
  })

  test('or something is found by its global id however often it is asked for', async () => {
    await running.gateway.segments.defineAsOperator({
      key: 'anybody',
      name: 'Anybody',
      description: '',
      rule: { field: 'plan', is: 'known' },
    })
    const id = running.pseudonym('compliance', agreed.person)
    const officer = { token: world.key('compliance'), purpose: 'SUBJECT_RIGHTS' }
    const query = `{
      person: node(id: "${id}") { id ... on Profile { account { plan } } }
      item: node(id: "item:item-1") { id ... on Item { title } }
      segment: node(id: "segment:anybody") { id ... on Segment { name } }
    }`
    for (const _time of [1, 2, 3])
      expect((await running.ask(officer, query)).data).toEqual({
        person: { id, account: { plan: 'plan one' } },
        item: { id: 'item:item-1', title: 'Item 1' },
        segment: { id: 'segment:anybody', name: 'Anybody' },
      })
  })

  test('under the pseudonym of another audience is byte for byte an id that nobody has', async () => {
    const foreign = await one(partner, running.pseudonym('support', agreed.person))
    const unknown = await one(partner, 'p1aaaaaaaaaaaaaaaaaaaaaaaaaa')
    const malformed = await one(partner, 'nonsense')
    expect(comparable(foreign)).toBe(comparable(unknown))
    expect(comparable(malformed)).toBe(comparable(unknown))
    expect(foreign.data).toEqual({ profile: null })
  })

  test('who did not agree is, for a partner, byte for byte nobody', async () => {
    const hidden = await one(partner, running.pseudonym('partner', refused.person))
    expect(comparable(hidden)).toBe(comparable(await one(partner, 'p1aaaaaaaaaaaaaaaaaaaaaaaaaa')))
  })

  test('keeps answering to an id from before a merge', async () => {
    const [web] = await running.take('web', [
      {
        type: 'profile',
        recordKey: 'w',
        identifiers: given({ anonymousId: 'device-x' }),
        traits: { device: 'phone' },
      },
    ])
    const before = running.pseudonym('support', web ?? '')
    await running.take('identity', [
      {
        type: 'profile',
        recordKey: 'm',
        identifiers: given({ anonymousId: 'device-x', userId: `user-${agreed.ordinal}-4711` }),
        traits: {},
      },
    ])
    expect((await one(support, before)).data.profile.account.plan).toBe('plan one')
  })

  test('is nobody but the one acted for, for a front end', async () => {
    const other = running.pseudonym('shop', refused.person)
    expect((await one(shop, other)).data).toEqual({ profile: null })
    const { data } = await running.ask(shop, '{ me { id } }')
    expect(data.me.id).toBe(running.pseudonym('shop', agreed.person))
  })
})

/** The gateway's own clocks (index of the trail, change feed) ask about no person. */
const isAboutPeople = (text: string) => /\b(read_model|identifier|lookup_budget)\b/.test(text)

describe('a look-up', () => {
  const query =
    'query ($kind: IdentifierKind!, $value: String!) { profileBy(identifier: { kind: $kind, value: $value }) { id } }'

  test('costs and says the same for a hit that may not be told as for a miss, until the budget is spent', async () => {
    const token = await running.client({
      id: 'acme',
      roles: ['partner'],
      scopes: ['profile:read', 'profile:lookup'],
      lookupsPerDay: 2,
    })
    const acme = { token, purpose: 'PARTNER_SHARING' }
    const lookUp = async (value: string) => {
      const before = running.statements.length
      const answer = await running.ask(acme, query, { kind: 'EMAIL', value })
      return { answer, statements: running.statements.slice(before).filter(isAboutPeople).sort() }
    }
    const hit = await lookUp(`maria.rossi.${refused.ordinal * 2}@example.com`)
    const miss = await lookUp('nobody.at.all@example.com')
    expect(comparable(hit.answer)).toBe(comparable(miss.answer))
    expect(hit.statements).toEqual(miss.statements)
    expect(hit.statements).toHaveLength(4)
    const spent = await running.ask(acme, query, {
      kind: 'EMAIL',
      value: 'nobody.at.all@example.com',
    })
    expect(spent.codes).toEqual(['BUDGET_EXHAUSTED'])
    expect(spent.data?.profileBy ?? null).toBeNull()
  })

  test("by a kind of identifier that is not the partner's own is refused without a reason", async () => {
    const answer = await running.ask(partner, query, {
      kind: 'CRM_ID',
      value: `crm-${agreed.ordinal}-4711`,
    })
    expect([answer.codes, answer.messages]).toEqual([
      ['FORBIDDEN'],
      ['This token may not do that.'],
    ])
  })

  test('finds a customer for support', async () => {
    const answer = await running.ask(support, query, {
      kind: 'USER_ID',
      value: `user-${agreed.ordinal}-4711`,
    })
    expect(answer.data.profileBy.id).toBe(running.pseudonym('support', agreed.person))
  })
})

describe('pages', () => {
  const query =
    'query ($first: Int, $after: String) { searchProfiles(first: $first, after: $after) { pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { id } } } }'
  const page = async (as: As, first: number | null, after: string | null = null) =>
    await running.ask(as, query, { first, after })

  test('of any size, one after the other, list everybody once in one order', async () => {
    const whole = (await page(support, 100)).data.searchProfiles.edges.map(
      (edge: { node: { id: string } }) => edge.node.id,
    )
    for (const size of [1, 3, 5]) {
      const seen: string[] = []
      let after: string | null = null
      for (;;) {
        const answer: Answered = await page(support, size, after)
        const { edges, pageInfo } = answer.data.searchProfiles
        seen.push(...edges.map((edge: { node: { id: string } }) => edge.node.id))
        expect(pageInfo.hasPreviousPage).toBe(after !== null)
        if (!pageInfo.hasNextPage) break
        after = pageInfo.endCursor
      }
      expect(seen).toEqual(whole)
    }
    expect(new Set(whole).size).toBe(whole.length)
    expect((await page(support, 0)).data.searchProfiles.edges).toEqual([])
  })

  test('refuse cursors of another list, another audience, or altered by one letter', async () => {
    const cursor: string = (await page(support, 1)).data.searchProfiles.pageInfo.endCursor
    const altered = `${cursor.slice(0, -2)}${cursor.at(-2) === 'A' ? 'B' : 'A'}${cursor.at(-1)}`
    const ofItems = (await running.ask(support, '{ items(first: 1) { edges { cursor } } }')).data
      .items.edges[0].cursor
    for (const [as, after] of [
      [support, altered],
      [support, ofItems],
      [support, 'x'],
      [partner, cursor],
    ] as const)
      expect((await page(as, 1, after)).codes).toEqual(['BAD_USER_INPUT'])
    expect((await page(support, -1)).codes).toEqual(['BAD_USER_INPUT'])
  })

  test('can not be filtered or ordered by what is not seen in clear', async () => {
    for (const argument of [
      'filter: { minOrders: 1 }',
      'filter: { minSessions: 1 }',
      'orderBy: { by: TOTAL_VALUE }',
    ]) {
      const answer = await running.ask(
        partner,
        `{ searchProfiles(${argument}) { edges { node { id } } } }`,
      )
      expect([answer.codes, answer.messages]).toEqual([
        ['FORBIDDEN'],
        ['This token may not do that.'],
      ])
    }
  })
})

describe('a purpose', () => {
  test('that two places name differently is refused', async () => {
    const answer = await running.ask(support, 'query @purpose(is: "SECURITY") { me { id } }')
    expect([answer.status, answer.codes]).toEqual([400, ['PURPOSE_CONFLICT']])
  })

  test('is named to staff when it is not theirs, and to partners never', async () => {
    const [toStaff, toPartner] = [
      await running.ask({ ...support, purpose: 'MARKETING' }, '{ me { id } }'),
      await running.ask({ ...partner, purpose: 'MARKETING' }, '{ me { id } }'),
    ]
    expect([toStaff.status, toStaff.messages]).toEqual([
      403,
      ['This token may not declare the purpose MARKETING.'],
    ])
    expect([toPartner.status, toPartner.messages]).toEqual([
      403,
      ['This token may not declare this purpose.'],
    ])
  })
})

describe('consent', () => {
  const recommended = '{ me { recommendations { recommender } account { plan } } }'

  test('once withdrawn closes the very next read, and recommendations are those of everybody', async () => {
    const before = await running.ask(shop, recommended)
    expect(before.data.me).toEqual({
      recommendations: { recommender: 'ITEM_TO_ITEM' },
      account: { plan: 'plan one' },
    })
    const withdrawn = await running.ask(
      shop,
      'mutation { withdrawConsent(purpose: "PERSONALIZATION") { accepted profile { account { plan } } } }',
    )
    expect(withdrawn.data.withdrawConsent).toEqual({
      accepted: true,
      profile: { account: { plan: null } },
    })
    const after = await running.ask(shop, recommended)
    expect(after.data.me).toEqual({
      recommendations: { recommender: 'POPULARITY' },
      account: { plan: null },
    })
    expect(after.withheld).toContainEqual(
      expect.objectContaining({ path: 'me.account.plan', reason: 'CONSENT_WITHDRAWN' }),
    )
    await running.ask(
      shop,
      'mutation { recordConsent(consent: { purpose: "PERSONALIZATION", given: true }) { accepted } }',
    )
    expect((await running.ask(shop, recommended)).data).toEqual(before.data)
  })

  test('given until an instant ends then, with no job in between', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString()
    const record = `mutation { recordConsent(consent: { purpose: "PERSONALIZATION", given: true, expiresAt: "${expiresAt}" }) { accepted } }`
    expect((await running.ask(shop, record)).data.recordConsent.accepted).toBe(true)
    expect((await running.ask(shop, recommended)).data.me.account.plan).toBe('plan one')
    await passing(Date.parse(expiresAt) - Date.now() + 50)
    const after = await running.ask(shop, recommended)
    expect(after.data.me.account.plan).toBeNull()
    expect(after.withheld).toContainEqual(
      expect.objectContaining({ path: 'me.account.plan', reason: 'CONSENT_EXPIRED' }),
    )
    await running.ask(
      shop,
      'mutation { recordConsent(consent: { purpose: "PERSONALIZATION", given: true }) { accepted } }',
    )
  })
})
