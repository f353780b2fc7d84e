import type { SubjectId } from '../../src/kernel/ids.ts'
import { tcString } from '../domain/privacy/tc-strings.ts'
import { call } from '../inbound/http/call.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

const RECORD = `mutation($consent: ConsentInput!) { recordConsent(consent: $consent) { accepted } }`
const SIGNALS = `mutation($signals: SignalsInput!) { recordSignals(signals: $signals) { accepted } }`
const HISTORY = `query($first: Int, $after: String, $profile: ID) @purpose(is: "SERVICE") {
  consentHistory(first: $first, after: $after, profile: $profile) {
    edges { node { id purpose state source notice noticeVersion language entity decides } }
    pageInfo { hasNextPage endCursor } } }`
const CHOICES = `query @purpose(is: "SERVICE") {
  consents { purpose recipient state isOpen closedBySignal } }`
const RECEIPT = `query($id: ID!) @purpose(is: "SERVICE") { consentReceipt(id: $id) }`

let running: RunningGateway
let marketer: As
let support: As
let shop: string

beforeAll(async () => {
  running = await RunningGateway.start()
  shop = await running.client({ id: 'shop', roles: ['frontend'], defaultPurpose: 'SERVICE' })
  marketer = {
    token: await running.client({ id: 'crm', roles: ['marketer'] }),
    purpose: 'MARKETING',
  }
  support = { token: await running.client({ id: 'desk', roles: ['support'] }), purpose: 'SERVICE' }
})
afterAll(async () => await running.stop())

let people = 0
async function person(country = 'DE'): Promise<{ subject: SubjectId; as: As }> {
  const identifiers = given({ userId: `consents-${++people}` })
  const [subject = ''] = await running.take('crm', [
    { type: 'profile', recordKey: `consents-${people}`, identifiers, traits: { country } },
  ])
  return { subject, as: { token: await running.tokenFor('shop', subject), purpose: 'SERVICE' } }
}

async function choice(as: As, purpose: string) {
  const { data } = await running.ask(as, CHOICES)
  return data.consents.find((one: { purpose: string }) => one.purpose === purpose)
}

const isSeen = async (subject: SubjectId) =>
  (
    await running.ask(marketer, 'query($id: ID!) { profile(id: $id) { id } }', {
      id: running.pseudonym('crm', subject),
    })
  ).data.profile !== null

const countOf = async (subject: SubjectId) =>
  (await running.gateway.stores.profiles.consentRecords([subject])).get(subject)?.length

describe('a decision', () => {
  test('is on record with the notice that was shown, page by page, and has a receipt', async () => {
    const { as } = await person()
    const consent = {
      purpose: 'MARKETING',
      state: 'ConsentGiven',
      notice: 'privacy',
      noticeVersion: '2025-01',
      language: 'de',
      method: 'preference page',
      evidence: { screen: '/preferences', control: 'allow' },
    }
    expect((await running.ask(as, RECORD, { consent })).data.recordConsent.accepted).toBe(true)
    await running.ask(as, RECORD, { consent: { purpose: 'ANALYTICS', given: false } })
    const first = (await running.ask(as, HISTORY, { first: 1 })).data.consentHistory
    expect(first.edges[0].node).toMatchObject({ purpose: 'ANALYTICS', state: 'ConsentWithdrawn' })
    expect(first.pageInfo.hasNextPage).toBe(true)
    const after = first.pageInfo.endCursor
    const { edges, pageInfo } = (await running.ask(as, HISTORY, { first: 5, after })).data
      .consentHistory
    expect(edges).toHaveLength(1)
    expect(pageInfo.hasNextPage).toBe(false)
    expect(edges[0].node).toMatchObject({
      purpose: 'MARKETING',
      notice: 'privacy',
      noticeVersion: '2025-01',
      language: 'de',
      entity: 'shop',
      source: 'record',
      decides: true,
    })
    const receipt = (await running.ask(as, RECEIPT, { id: edges[0].node.id })).data.consentReceipt
    expect(receipt).toMatchObject({
      'dct:conformsTo': 'https://w3id.org/dpv/schema/dpv-27560#receipt',
      'dct:hasPart': {
        'dct:conformsTo': 'https://w3id.org/dpv/schema/dpv-27560#record',
        'dpv:hasNotice': {
          'dct:hasVersion': '2025-01',
          'bauta:sha256': running.policy.notices.get('privacy')?.versions[0]?.texts.get('de')?.hash,
        },
        'dpv:hasProcess': {
          'dpv:hasPurpose': { '@type': 'dpv:DirectMarketing' },
          'dpv:hasDataController': { 'dpv:hasName': 'Bauta Demo GmbH' },
        },
        'dpv:hasConsentStatus': { '@type': 'dpv:ConsentGiven' },
        'bauta:evidence': { screen: '/preferences', control: 'allow' },
      },
    })
  })

  test('has another id for everybody who may see it, and none of them opens elsewhere', async () => {
    const { as, subject } = await person()
    await running.ask(as, RECORD, { consent: { purpose: 'MARKETING', given: true } })
    const profile = running.pseudonym('desk', subject)
    const own = (await running.ask(as, HISTORY)).data.consentHistory.edges[0].node.id
    const theirs = (await running.ask(support, HISTORY, { profile })).data.consentHistory.edges[0]
      .node.id
    expect(theirs).not.toBe(own)
    expect((await running.ask(as, RECEIPT, { id: theirs })).data.consentReceipt).toBeNull()
    const other = await person()
    expect((await running.ask(other.as, RECEIPT, { id: own })).data.consentReceipt).toBeNull()
  })

  test.each([
    ['a notice that there is not', { notice: 'other', noticeVersion: '1', language: 'en' }],
    ['a version that there is not', { notice: 'privacy', noticeVersion: '9', language: 'en' }],
    [
      'a language that there is not',
      { notice: 'privacy', noticeVersion: '2025-01', language: 'fr' },
    ],
    ['evidence in words', { evidence: { screen: 'I was told that it is free' } }],
    ['a state besides', { state: 'ConsentGiven' }],
  ])('with %s is refused, and nothing is on record', async (_what, more) => {
    const { as, subject } = await person()
    const consent = { purpose: 'MARKETING', given: true, ...more }
    expect((await running.ask(as, RECORD, { consent })).codes).toEqual(['BAD_USER_INPUT'])
    expect(await countOf(subject)).toBe(0)
  })

  test('is neither changed nor removed by anybody but an erasure', async () => {
    const { as } = await person()
    await running.ask(as, RECORD, { consent: { purpose: 'MARKETING', given: true } })
    const { database } = running.gateway.stores.opened
    for (const statement of [
      "UPDATE consent_record SET state = 'ConsentGiven'",
      'DELETE FROM consent_record',
    ])
      await expect(database.query(statement)).rejects.toThrow()
  })
})

describe('Global Privacy Control', () => {
  const post = async (as: As, value: string) =>
    await running.post(as, JSON.stringify({ query: CHOICES }), { 'sec-gpc': value })

  test('decides the very answer to the request that carries it, for everybody, and is recorded once', async () => {
    const { as, subject } = await person()
    await running.ask(as, RECORD, { consent: { purpose: 'MARKETING', given: true } })
    expect(await isSeen(subject)).toBe(true)
    const { data, body } = await post(as, '1')
    expect(data.consents).toContainEqual({
      purpose: 'MARKETING',
      recipient: null,
      state: 'ConsentGiven',
      isOpen: false,
      closedBySignal: 'gpc',
    })
    expect(JSON.parse(body).extensions.privacy.honoured).toEqual(['gpc'])
    expect(await isSeen(subject)).toBe(false)
    const before = await countOf(subject)
    await post(as, '1')
    expect(await countOf(subject)).toBe(before)
  })

  test.each(['0', 'true', '1, 1', '01'])('is not given by the value %p', async (value) => {
    const { as, subject } = await person()
    await post(as, value)
    expect(await countOf(subject)).toBe(0)
  })

  test('of a device reaches the person to whom it belongs, and of a signed-in browser the device', async () => {
    const { as, subject } = await person('US')
    const { cookie, subject: device } = await running.visitor(shop)
    await post({ ...as, cookie }, '1')
    expect(await countOf(subject)).toBe(1)
    expect(await countOf(device)).toBe(1)
    const visitor = { token: shop, cookie, purpose: 'SERVICE' }
    expect((await choice(visitor, 'MARKETING')).closedBySignal).toBe('gpc')
  })

  test('says at a known place that it is honoured', async () => {
    const answer = await call(running.server, '/.well-known/gpc.json')
    expect(answer.json()).toEqual({ gpc: true, lastUpdate: '2025-01-15' })
  })
})

describe('a consent string', () => {
  test('opens what it agrees to, closes what it refuses, and is on record once', async () => {
    const { as, subject } = await person()
    const agreed = tcString({ consents: [1, 5, 6] })
    for (const _again of [1, 2]) await running.ask(as, SIGNALS, { signals: { tcString: agreed } })
    const records = await countOf(subject)
    expect(await choice(as, 'PERSONALIZATION')).toMatchObject({
      state: 'ConsentGiven',
      isOpen: true,
    })
    expect(await choice(as, 'MARKETING')).toMatchObject({ isOpen: false, closedBySignal: 'tcf:3' })
    await running.ask(as, SIGNALS, { signals: { tcString: agreed } })
    expect(await countOf(subject)).toBe(records)
    const changed = new Date('2025-02-10T00:00:00Z')
    await running.ask(as, SIGNALS, { signals: { tcString: tcString({ consents: [1], changed }) } })
    expect(await choice(as, 'PERSONALIZATION')).toMatchObject({ isOpen: false })
  })

  test('that can not be relied on is refused in words that repeat nothing of it', async () => {
    const { as, subject } = await person()
    const signals = { tcString: tcString({ policyVersion: 3 }) }
    const { codes, messages } = await running.ask(as, SIGNALS, { signals })
    expect(codes).toEqual(['BAD_USER_INPUT'])
    expect(messages.join()).not.toContain(signals.tcString)
    expect(await countOf(subject)).toBe(0)
  })
})

test('notices are shown in the language asked for', async () => {
  const { data } = await running.ask(
    { token: shop },
    '{ notices(language: "de") { notice version hash } }',
  )
  expect(data.notices).toEqual([
    { notice: 'privacy', version: '2025-01', hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ])
})
