import { parsePhoneNumberFromString } from 'libphonenumber-js'
import type {
  EventInput,
  IngestInput,
  ProfileInput,
} from '../../../src/gateway/ingest/ingest-input.ts'
import { demoPrincipals } from '../../../src/inbound/demo/clients.ts'
import { type Demo, generateDemo } from '../../../src/inbound/demo/generate.ts'
import { demoCredentials } from '../../../src/inbound/demo/seed.ts'
import { consentsOf } from '../../../src/inbound/demo/situations.ts'
import { DAY, HOUR } from '../../../src/kernel/time.ts'

const NOW = Date.UTC(2026, 2, 14, 15, 30)
const all = (demo: Demo): readonly IngestInput[] => demo.batches.flatMap(({ rows }) => [...rows()])
const demo = generateDemo(NOW)
const rows = all(demo)
const profiles = rows.filter((row): row is ProfileInput => row.type === 'profile')
const events = rows.filter((row): row is EventInput => row.type === 'event')

describe('the demo data', () => {
  test('are the same on every machine and at every hour of a day', () => {
    const later = all(generateDemo(NOW + 8 * HOUR))
    expect(JSON.stringify(later)).toBe(JSON.stringify(rows))
  })

  test('come from three kinds of source that overlap and contradict each other', () => {
    const [crm, identity, analytics] = ['crmId', 'userId', 'anonymousId'].map(
      (kind) =>
        new Map(
          profiles
            .filter(({ identifiers }) => identifiers[0]?.kind === kind)
            .map(({ recordKey, traits }) => [recordKey.replace(/\D/g, ''), traits]),
        ),
    )
    const contradicting = (trait: string, other: typeof crm) =>
      [...(crm ?? [])].filter(([person, traits]) => {
        const told = other?.get(person)?.[trait]
        return told !== undefined && told !== traits[trait]
      }).length
    expect(contradicting('city', identity)).toBeGreaterThan(100)
    expect(contradicting('plan', analytics)).toBeGreaterThan(100)
  })

  test('give nobody the identifier of somebody else', () => {
    const owners = new Map<string, Set<string>>()
    for (const { recordKey, identifiers, traits } of profiles) {
      const phone = traits.phone ? [{ kind: 'phone', value: String(traits.phone) }] : []
      for (const { kind, value } of [...identifiers, ...phone]) {
        const key = `${kind} ${value.trim().toLowerCase()}`
        owners.set(key, (owners.get(key) ?? new Set()).add(recordKey.replace(/\D/g, '')))
      }
    }
    expect([...owners].filter(([, people]) => people.size > 1)).toEqual([])
  })

  test('call only numbers that the countries keep free, and all of them are well formed', () => {
    const phones = profiles.flatMap(({ traits }) => (traits.phone ? [String(traits.phone)] : []))
    expect(phones.length).toBeGreaterThan(1_000)
    expect(phones.filter((phone) => !parsePhoneNumberFromString(phone)?.isValid())).toEqual([])
  })

  test('lie in the past', () => {
    expect(events.filter(({ timestamp }) => Date.parse(String(timestamp)) > NOW)).toEqual([])
    expect(
      events.filter(({ timestamp }) => Date.parse(String(timestamp)) > NOW - 7 * DAY).length,
    ).toBeGreaterThan(1_000)
  })

  test('hold every consent situation', () => {
    const states = rows.flatMap((row) =>
      row.type === 'consent' ? [`${row.state} ${row.purpose}`] : [],
    )
    const names = new Set(demo.people.map(({ situation }) => situation.name))
    expect(names.size).toBe(13)
    for (const state of ['ConsentGiven', 'ConsentRefused', 'ConsentWithdrawn'])
      for (const purpose of ['PERSONALIZATION', 'PARTNER_SHARING'])
        expect(states).toContain(`${state} ${purpose}`)
    expect(states).toContain('Restricted *')
    expect(states).toContain('SignalOn signal:gpc')
    expect(states).toContain('Objected MARKETING')
  })

  test('hold consents that have run out and consents that run out within a day', () => {
    const ends = rows.flatMap((row) =>
      row.type === 'consent' && row.expiresAt ? [Number(row.expiresAt)] : [],
    )
    expect(ends.some((end) => end < NOW)).toBe(true)
    expect(ends.some((end) => end > NOW && end < NOW + DAY)).toBe(true)
  })

  test('plant tastes: two items of one order come from one category far more often than by chance', () => {
    const orders = new Map<unknown, string[]>()
    for (const { name, properties } of events) {
      if (name !== 'Order Completed') continue
      const category = String(properties.itemId).slice(0, 'item-01'.length)
      orders.set(properties.orderId, [...(orders.get(properties.orderId) ?? []), category])
    }
    const pairs = [...orders.values()]
      .filter(({ length }) => length > 1)
      .map(([one, other]) => one === other)
    const together = pairs.filter(Boolean).length / pairs.length
    expect(together).toBeGreaterThan(5 / 25)
  })

  test('keep the first people as the documentation describes them', () => {
    const told = demo.people
      .slice(0, 14)
      .map(({ number, country, situation }) => `${number} ${country} ${situation.name}`)
    expect(told).toEqual([
      '1 DE everything given, both partners',
      '2 DE partner sharing withdrawn',
      '3 FR refused',
      '4 GB restricted (GDPR Article 18)',
      '5 DE expired',
      '6 FR expires within a day',
      '7 DE never asked',
      '8 US never asked',
      '9 US opted out by Global Privacy Control',
      '10 GB objects to marketing',
      '11 FR shares with acme only',
      '12 BR shares with globex only',
      '13 DE personalization from activity only',
      '14 CA everything withdrawn',
    ])
  })

  test('record the later decision last', () => {
    for (const { situation } of demo.people.slice(0, 14)) {
      const instants = consentsOf(situation, [], null, NOW).map(({ effectiveAt }) =>
        Number(effectiveAt),
      )
      expect(instants).toEqual([...instants].sort((one, other) => one - other))
    }
  })
})

test('every principal of the demo gets a credential, and two that share a client share its registration', async () => {
  const created: string[] = []
  const credentials = await demoCredentials({
    createClient: async ({ id }) => `token-${created.push(id)}`,
    tokenFor: async (clientId, { kind, value }) => `${clientId} for ${kind} ${value}`,
    visitorOf: async (clientId) => `bauta_visitor=${clientId}`,
  })
  expect(Object.keys(credentials)).toEqual(Object.keys(demoPrincipals))
  expect(new Set(created).size).toBe(created.length)
  expect(credentials.frontend.token).toBe('shop-web for crmId C-00001')
  expect(credentials.visitor).toMatchObject({ cookie: 'bauta_visitor=shop-web', token: 'token-2' })
})
