import { type As, given } from '../running-gateway.ts'
import { StaffedGateway } from '../staffed-gateway.ts'

/** What a person decides, or has decided for them, and what the very next read shows of it. */
let house: StaffedGateway
beforeAll(async () => {
  house = await StaffedGateway.open()
})
afterAll(async () => await house.stop())

const ask = async (as: As, query: string, variables: Readonly<Record<string, unknown>> = {}) =>
  await house.running.ask(as, query, variables)

const RECORD =
  'mutation ($c: ConsentInput!) { recordConsent(consent: $c) { accepted profile { id } } }'
const WITHDRAW =
  'mutation ($purpose: String!, $recipient: String, $profile: String) { withdrawConsent(purpose: $purpose, recipient: $recipient, profile: $profile) { accepted profile { account { plan } } } }'

describe('a decision', () => {
  const partnerSees = async () => {
    const query = `{ profile(id: "${house.pseudonym('partner')}") { account { plan } } }`
    return (await ask(house.as('partner'), query)).data.profile
  }

  test('of the person opens a partner, and withdrawn closes it again, each by the next read', async () => {
    expect(await partnerSees()).toBeNull()
    const sharing = { purpose: 'PARTNER_SHARING', recipient: 'partner' }
    const answer = await ask(house.shop, RECORD, { c: { ...sharing, given: true } })
    expect(answer.data.recordConsent).toEqual({
      accepted: true,
      profile: { id: house.running.pseudonym('shop', house.person) },
    })
    expect(await partnerSees()).toEqual({ account: { plan: 'pro' } })
    await ask(house.shop, WITHDRAW, sharing)
    expect(await partnerSees()).toBeNull()
  })

  test('about another recipient changes nothing for this one', async () => {
    const c = { purpose: 'PARTNER_SHARING', recipient: 'somebody-else', given: true }
    await ask(house.shop, RECORD, { c })
    expect(await partnerSees()).toBeNull()
  })

  test('taken down by an officer for a person holds alike', async () => {
    const profile = house.pseudonym('compliance')
    const withdrawn = await ask(house.as('compliance'), WITHDRAW, {
      purpose: 'MARKETING',
      profile,
    })
    expect(withdrawn.data.withdrawConsent).toEqual({
      accepted: true,
      profile: { account: { plan: 'pro' } },
    })
    const query = `{ profile(id: "${house.pseudonym('marketer')}") { id } }`
    expect((await ask(house.as('marketer'), query)).data.profile).toBeNull()
    const c = { purpose: 'MARKETING', given: true, profile }
    await ask(house.as('compliance'), RECORD, { c })
    expect((await ask(house.as('marketer'), query)).data.profile).not.toBeNull()
  })

  test('narrowed to categories opens only them', async () => {
    const categories = ['user.unique_id.pseudonym', 'user.account.plan']
    await ask(house.shop, RECORD, { c: { purpose: 'PERSONALIZATION', given: true, categories } })
    const read = await ask(house.shop, '{ me { account { plan company } } }')
    expect(read.data.me.account).toEqual({ plan: 'pro', company: null })
    expect(read.withheld).toMatchObject([
      { path: 'me.account.company', reason: 'CONSENT_NARROWER' },
    ])
    await ask(house.shop, RECORD, { c: { purpose: 'PERSONALIZATION', given: true } })
  })

  test('several in one request are all named by its entry', async () => {
    await ask(
      house.shop,
      `mutation {
        a: recordConsent(consent: { purpose: "ANALYTICS", given: true }) { accepted }
        b: recordConsent(consent: { purpose: "PROFILING", given: true }) { accepted }
        c: withdrawConsent(purpose: "ANALYTICS") { accepted }
      }`,
    )
    const [entry] = await house.running.entries()
    expect(entry?.action).toEqual({
      told: 'consent',
      accepted: 3,
      consentGiven: 'ANALYTICS PROFILING',
      consentWithdrawn: 'ANALYTICS',
    })
  })

  test.each([
    [
      'an unknown purpose',
      () => house.shop,
      { purpose: 'WORLD_PEACE', given: true },
      'BAD_USER_INPUT',
    ],
    ['everything at once', () => house.shop, { purpose: '*', given: true }, 'BAD_USER_INPUT'],
    [
      'an unknown category',
      () => house.shop,
      { purpose: 'MARKETING', given: true, categories: ['soul'] },
      'BAD_USER_INPUT',
    ],
    [
      'somebody else',
      () => house.shop,
      { purpose: 'MARKETING', given: true, profile: 'p1aaaaaaaaaaaaaaaaaaaaaaaaaa' },
      'FORBIDDEN',
    ],
    [
      'nobody in particular',
      () => house.as('compliance'),
      { purpose: 'MARKETING', given: true },
      'NOT_FOUND',
    ],
    [
      'a malformed pseudonym',
      () => house.as('compliance'),
      { purpose: 'MARKETING', given: true, profile: 'vic' },
      'NOT_FOUND',
    ],
  ])('about %s is refused, and nothing is kept of it', async (_what, who, consent, code) => {
    const before = await house.running.gateway.stores.profiles.consentRecords([house.person])
    const answer = await ask(who(), RECORD, { c: consent })
    expect([answer.codes, answer.data]).toEqual([[code], null])
    expect(await house.running.gateway.stores.profiles.consentRecords([house.person])).toEqual(
      before,
    )
  })
})

describe('an objection and a restriction', () => {
  const tell = async (
    purpose: string,
    state: 'Objected' | 'ObjectionLifted' | 'Restricted' | 'RestrictionLifted',
  ) =>
    await house.running.take('crm', [
      { type: 'consent', identifiers: given({ userId: 'u-1' }), purpose, state },
    ])
  const sees = async (role: string, field: string) => await house.seenBy(role, field)
  const listed = async (role: string) =>
    (await ask(house.as(role), '{ searchProfiles { edges { node { id } } } }')).data.searchProfiles
      .edges.length

  test('to one purpose closes it, in lists too, and no other, until it is lifted', async () => {
    expect([(await sees('marketer', 'id')).profile !== null, await listed('marketer')]).toEqual([
      true,
      1,
    ])
    await tell('MARKETING', 'Objected')
    expect([(await sees('marketer', 'id')).profile, await listed('marketer')]).toEqual([null, 0])
    expect((await sees('support', 'contact { name }')).profile).toEqual({
      contact: { name: 'Vic Vega' },
    })
    expect((await ask(house.shop, '{ me { account { plan } } }')).data.me.account.plan).toBe('pro')
    await tell('MARKETING', 'ObjectionLifted')
    expect([(await sees('marketer', 'id')).profile !== null, await listed('marketer')]).toEqual([
      true,
      1,
    ])
  })

  test('closes a contract for staff and says why, and the person still sees everything', async () => {
    await tell('*', 'Restricted')
    expect(await sees('support', 'contact { name }')).toEqual({ profile: null, reasons: [] })
    expect(await listed('support')).toBe(0)
    const own = await ask(house.shop, '{ me { account { plan } } }')
    expect(own.data.me.account.plan).toBeNull()
    expect(own.withheld).toMatchObject([{ path: 'me.account.plan', reason: 'RESTRICTED' }])
    expect((await sees('compliance', 'contact { name }')).profile).toEqual({
      contact: { name: 'Vic Vega' },
    })
    const member = { key: 'everybody', name: 'Everybody', rule: { field: 'country', is: 'known' } }
    await ask(
      house.as('marketer'),
      'mutation ($s: SegmentInput!) { defineSegment(segment: $s) { key } }',
      { s: member },
    )
    const found = '{ searchProfiles(filter: { segment: "everybody" }) { edges { node { id } } } }'
    expect((await ask(house.as('marketer'), found)).data.searchProfiles.edges).toEqual([])
    await tell('*', 'RestrictionLifted')
    expect((await sees('support', 'contact { name }')).profile).not.toBeNull()
    expect((await ask(house.as('marketer'), found)).data.searchProfiles.edges).toHaveLength(1)
  })
})
