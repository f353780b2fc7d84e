import { randomUUID, verify, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'csv-parse/sync'
import { DAY } from '../../src/kernel/time.ts'
import { CERTIFICATE, follow, invitationsTo, withCertificate } from '../peoples-requests.ts'
import { Receiver } from '../receiver.ts'
import { given } from '../running-gateway.ts'
import { StaffedGateway } from '../staffed-gateway.ts'
import { unzipped } from '../unzipped.ts'

const FIELDS = '{ id type status overdue packageUrl receivedAt dueAt settledAt }'
const FORMULA = '=HYPERLINK("https://example.com")'
const SCRIPT = '<script>alert(1)</script>'

let house: StaffedGateway
const receiver = new Receiver()
let callback: string

beforeAll(async () => {
  callback = await receiver.open()
  house = await StaffedGateway.open(withCertificate)
}, 300_000)
afterAll(async () => {
  receiver.close()
  await house.stop()
}, 120_000)

const gateway = () => house.running.gateway
const register = () => gateway().requests.register
const vic = async (query: string) => await house.running.ask(house.shop, query)
const officer = async (query: string, variables = {}) =>
  await house.running.ask(house.as('compliance'), query, variables)
const query = async (text: string, values: unknown[] = []) =>
  await gateway().stores.opened.database.query<Record<string, unknown>>(text, values)

async function somebody(name: string, traits: Record<string, unknown> = {}) {
  const identifiers = given({ userId: `u-${name}`, email: `${name}@example.com` })
  const [subject = ''] = await house.running.take('crm', [
    { type: 'profile', recordKey: `k-${name}`, identifiers, traits: { country: 'DE', ...traits } },
    {
      type: 'event',
      messageId: `m-${name}`,
      identifiers: given({ userId: `u-${name}` }),
      name: 'Product Viewed',
      properties: { itemId: 'tea', colour: `${name}-colour` },
    },
  ])
  const token = await house.running.tokenFor('shop', subject)
  return { subject, as: { token, purpose: 'PERSONALIZATION' } }
}

async function openDsr(path: string, init: { method?: string; body?: unknown; token?: string } = {}) {
  const { method = 'GET', body, token = house.as('compliance').token } = init
  const answer = await fetch(`${house.running.origin}/opendsr${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, json: parsed(text) }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the server said
function parsed(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const asked = (email: string, more = {}) => ({
  regulation: 'gdpr',
  subject_request_id: randomUUID(),
  subject_request_type: 'access',
  submitted_time: '2026-03-01T12:00:00Z',
  subject_identities: [
    { identity_type: 'email', identity_value: email, identity_format: 'raw' },
  ],
  api_version: '2.0',
  ...more,
})

function isSigned(body: string, headers: { get(name: string): string | null }): boolean {
  const signature = Buffer.from(headers.get('x-opendsr-signature') ?? '', 'base64')
  const { publicKey } = new X509Certificate(CERTIFICATE)
  return (
    headers.get('x-opendsr-processor-domain') === 'localhost' &&
    verify('sha256', Buffer.from(body), publicKey, signature)
  )
}

describe('a person who has signed in', () => {
  test('gets everything that is known, with where it came from and who saw it', async () => {
    const { subject, as } = await somebody('anna', {
      name: SCRIPT,
      company: FORMULA,
      shoeSize: '43-and-a-half',
    })
    await house.running.ask(
      house.as('compliance'),
      `{ profile(id: "${house.running.pseudonym('compliance', subject)}") { id contact { email } } }`,
    )
    const { data, codes } = await house.running.ask(as, `mutation { requestAccess ${FIELDS} }`)
    expect(codes).toEqual([])
    expect(data.requestAccess).toMatchObject({ type: 'access', status: 'completed' })
    const entries = await house.running.entriesOf(async () => {
      const { status, type, bytes } = await follow(house.running, data.requestAccess.packageUrl)
      expect([status, type]).toEqual([200, 'application/zip'])
      const files = unzipped(bytes)
      const all = JSON.parse(files['data.json'] ?? '')
      expect(all.values).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ key: 'company', value: FORMULA, source: 'crm', keptDays: null }),
          expect.objectContaining({ key: 'email', value: 'anna@example.com' }),
        ]),
      )
      expect(all.told).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ source: 'crm', key: 'shoeSize', value: '43-and-a-half' }),
          expect.objectContaining({ key: 'userId', value: 'u-anna' }),
        ]),
      )
      expect(all.events).toMatchObject([
        { name: 'Product Viewed', itemId: 'tea', properties: { colour: 'anna-colour' } },
      ])
      expect(all.derived.logic.join(' ')).toContain('rules')
      expect(all.recipients.map((one: { by: string }) => one.by)).toContain('compliance')
      const rows = parse(files['values.csv'] ?? '', { columns: true }) as Record<string, string>[]
      expect(rows.find(({ key }) => key === 'company')?.value).toBe(`'${FORMULA}`)
      expect(files['index.html']).toContain('&lt;script&gt;alert(1)')
      expect(files['index.html']).not.toContain('<script')
    })
    expect(entries.at(-1)).toMatchObject({
      action: { action: 'package.fetch' },
      subjects: [{ ref: gateway().stores.keys.auditRefOf(subject) }],
    })
  })

  test('asks twice and is answered once, by another link', async () => {
    const first = (await vic(`mutation { requestAccess ${FIELDS} }`)).data.requestAccess
    const second = (await vic(`mutation { requestAccess ${FIELDS} }`)).data.requestAccess
    expect(second.id).toBe(first.id)
    expect(second.packageUrl).not.toBe(first.packageUrl)
    expect((await follow(house.running, first.packageUrl)).status).toBe(404)
    expect((await follow(house.running, second.packageUrl)).status).toBe(200)
  })

  test('takes away what was provided and observed, and nothing that was worked out', async () => {
    const { data } = await vic(`mutation { requestPortability ${FIELDS} }`)
    const files = unzipped((await follow(house.running, data.requestPortability.packageUrl)).bytes)
    const all = JSON.parse(files['data.json'] ?? '')
    expect([all.derived, all.recipients]).toEqual([null, null])
    expect(Object.keys(files)).not.toContain('recipients.csv')
    expect(all.values.map(({ value }: { value: unknown }) => value)).toContain('Vic Vega')
    expect(JSON.stringify(files)).not.toContain('sessionCount')
  })

  test('sees their own requests, compliance everybody’s, and nobody else any', async () => {
    const { as } = await somebody('nora')
    const own = (await vic(`mutation { requestPortability ${FIELDS} }`)).data.requestPortability
    const stranger = await house.running.ask(
      as,
      `{ subjectRequests { id } subjectRequest(id: "${own.id}") { id } }`,
    )
    expect(stranger.data).toEqual({ subjectRequests: [], subjectRequest: null })
    const { data } = await officer(`{ subjectRequest(id: "${own.id}") { packageUrl profile { id } } }`)
    expect(data.subjectRequest).toEqual({
      packageUrl: null,
      profile: { id: house.pseudonym('compliance') },
    })
    for (const [role, as] of house.everybody)
      if (!['compliance', 'frontend'].includes(role))
        for (const document of ['{ subjectRequests { id } }', 'mutation { requestAccess { id } }'])
          expect([role, (await house.running.ask(as, document)).codes]).toEqual([role, ['FORBIDDEN']])
  })

  test('finds in the register what they demanded and what was met at once', async () => {
    const { as } = await somebody('olga')
    await house.running.ask(as, 'mutation { object(purpose: "MARKETING") { accepted } }')
    await house.running.ask(as, 'mutation { rectify(trait: "city", value: "Kiel") { accepted } }')
    const { data } = await house.running.ask(as, '{ subjectRequests { type status } }')
    expect(data.subjectRequests).toEqual(
      expect.arrayContaining([
        { type: 'objection', status: 'completed' },
        { type: 'rectification', status: 'completed' },
      ]),
    )
  })
})

describe('a package', () => {
  test('lies sealed, and goes with its person and when it expires', async () => {
    const { subject, as } = await somebody('paul', { name: 'Paul Canary' })
    const { data } = await house.running.ask(as, `mutation { requestAccess ${FIELDS} }`)
    const [row] = await query('SELECT sealed FROM subject_package WHERE subject_id = $1', [subject])
    expect((row?.sealed as Buffer).includes('Canary')).toBe(false)
    await query(`UPDATE subject_package SET expires_at = now() WHERE subject_id = $1`, [subject])
    expect((await follow(house.running, data.requestAccess.packageUrl)).status).toBe(404)
    expect(await register().tidy()).toBeGreaterThan(0)
    expect(await query('SELECT FROM subject_package WHERE subject_id = $1', [subject])).toEqual([])
    await house.running.ask(as, `mutation { requestAccess { id } }`)
    await house.running.ask(as, 'mutation { eraseProfile { id } }')
    expect(await query('SELECT FROM subject_package WHERE subject_id = $1', [subject])).toEqual([])
  })

  test('is not told by guessed, misspelt or foreign links', async () => {
    for (const token of ['x', 'A'.repeat(32), `${'A'.repeat(31)}%2F`])
      expect((await follow(house.running, `http://x/v1/packages/${token}`)).status).toBe(404)
  })
})

describe('a request that another system hands over', () => {
  test('is answered alike for people who are known and who are not, and signed', async () => {
    const known = asked('vic@example.com')
    const unknown = asked('nobody.at.all@example.com')
    const answers = [known, unknown].map(async (body) => {
      const answer = await openDsr('/requests', { method: 'POST', body })
      expect(answer.status).toBe(201)
      expect(isSigned(answer.text, answer.headers)).toBe(true)
      expect(answer.json).toMatchObject({
        controller_id: 'compliance',
        subject_request_id: body.subject_request_id,
        encoded_request: Buffer.from(JSON.stringify(body)).toString('base64'),
      })
      return Object.keys(answer.json)
    })
    const [one, other] = await Promise.all(answers)
    expect(one).toEqual(other)
    await register().resolve()
    for (const { subject_request_id: id } of [known, unknown]) {
      const { json } = await openDsr(`/requests/${id}`)
      expect(json).toMatchObject({ subject_request_id: id, request_status: 'pending' })
    }
    const again = await openDsr('/requests', { method: 'POST', body: known })
    expect(again.status).toBe(201)
    expect(await register().resolve()).toBe(0)
  })

  test('goes on once the person has confirmed by their link, and its sender is told', async () => {
    const { subject } = await somebody('rosa', { name: 'Rosa R' })
    const body = asked('Rosa@Example.com', { status_callback_urls: [callback] })
    await openDsr('/requests', { method: 'POST', body })
    await register().resolve()
    const [invitation] = await invitationsTo(house.running, subject)
    expect(invitation).toMatchObject({ email: 'rosa@example.com', type: 'access' })
    const link = invitation?.link ?? ''
    // Mail programs look into links: nothing happens, however often.
    for (const _ of [1, 2]) expect((await follow(house.running, link)).text).toContain('<button>')
    expect((await follow(house.running, link.replace('access', 'erasure'), 'POST')).status).toBe(404)
    const other = asked('rosa@example.com', { status_callback_urls: [callback] })
    await openDsr('/requests', { method: 'POST', body: other })
    await register().resolve()
    const fresh = (await invitationsTo(house.running, subject)).at(-1)?.link ?? ''
    const { text } = await follow(house.running, fresh, 'POST')
    const [, url = ''] = /href="([^"]+)"/.exec(text) ?? []
    const files = unzipped((await follow(house.running, url)).bytes)
    expect(files['data.json']).toContain('Rosa R')
    expect((await follow(house.running, fresh, 'POST')).status).toBe(404)
    await gateway().delivery.deliver.run()
    const told = receiver.taken.map(({ headers, body: sent }) => ({
      signed: isSigned(sent, { get: (name) => String(headers[name]) }),
      ...JSON.parse(sent),
    }))
    const expected = {
      signed: true,
      controller_id: 'compliance',
      subject_request_id: other.subject_request_id,
      status_callback_url: callback,
    }
    expect(told).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...expected, request_status: 'in_progress' }),
        expect.objectContaining({ ...expected, request_status: 'completed' }),
      ]),
    )
    expect(house.running.lines.join('')).not.toContain(fresh.split('/').at(-1) ?? '')
  })

  test('erases whoever confirms it, and is still known to be met', async () => {
    const { subject } = await somebody('sara')
    const body = asked('sara@example.com', { subject_request_type: 'erasure' })
    await openDsr('/requests', { method: 'POST', body })
    await register().resolve()
    const [invitation] = await invitationsTo(house.running, subject)
    expect((await follow(house.running, invitation?.link ?? '', 'POST')).text).toContain('done')
    expect(gateway().stores.keys.dataKeyOf(subject)).toBeNull()
    const { json } = await openDsr(`/requests/${body.subject_request_id}`)
    expect(json.request_status).toBe('completed')
    expect(await query('SELECT FROM subject_request_person WHERE subject_id = $1', [subject])).toEqual([])
  })

  test('is cancelled while it is pending, and not after', async () => {
    const body = asked('vic@example.com')
    const id = body.subject_request_id
    await openDsr('/requests', { method: 'POST', body })
    const cancelled = await openDsr(`/requests/${id}`, { method: 'DELETE' })
    expect([cancelled.status, isSigned(cancelled.text, cancelled.headers)]).toEqual([202, true])
    expect((await openDsr(`/requests/${id}`)).json.request_status).toBe('cancelled')
    expect((await openDsr(`/requests/${id}`, { method: 'DELETE' })).status).toBe(409)
    expect((await openDsr(`/requests/${randomUUID()}`)).status).toBe(404)
  })

  test('lapses where nobody confirms it within a week', async () => {
    const body = asked('vic@example.com')
    await openDsr('/requests', { method: 'POST', body })
    await query('UPDATE subject_request SET received_at = $2::timestamptz WHERE client_request_id = $1', [
      body.subject_request_id,
      new Date(Date.now() - 8 * DAY).toISOString(),
    ])
    await register().tidy()
    const { json } = await openDsr(`/requests/${body.subject_request_id}`)
    expect(json.request_status).toBe('cancelled')
  })

  test('sends nobody more than three links that still work', async () => {
    const { subject } = await somebody('tina')
    for (let n = 0; n < 5; n++)
      await openDsr('/requests', { method: 'POST', body: asked('tina@example.com') })
    await register().resolve()
    expect(await invitationsTo(house.running, subject)).toHaveLength(3)
  })

  test.each([
    ['no id', { subject_request_id: 'no-uuid' }],
    ['an unknown type', { subject_request_type: 'applause' }],
    ['an unknown regulation', { regulation: 'none' }],
    ['a hashed identity', { subject_identities: [{ identity_type: 'email', identity_value: 'x', identity_format: 'md5' }] }],
    ['an address inside', { status_callback_urls: ['http://10.0.0.1/'] }],
  ])('is refused with %s, in the words of OpenDSR', async (_what, change) => {
    const { status, json } = await openDsr('/requests', { method: 'POST', body: asked('a@example.com', change) })
    expect([status, json.error.code]).toEqual([400, 400])
  })

  test('is refused to whoever may not hand over requests, and to every web page', async () => {
    const key = await house.running.client({ id: 'page', roles: ['frontend'] })
    for (const token of [house.as('partner').token, key]) {
      const { status } = await openDsr('/requests', { method: 'POST', body: asked('a@example.com'), token })
      expect(status).toBe(403)
    }
    expect((await openDsr('/requests', { method: 'POST', body: {}, token: 'x' })).status).toBe(401)
  })

  test('begins with discovery and a certificate that anybody can fetch', async () => {
    const { json } = await openDsr('/discovery')
    expect(json).toMatchObject({
      api_version: '2.0',
      supported_subject_request_types: ['access', 'portability', 'erasure'],
    })
    const { text } = await openDsr('/certificate.pem')
    expect(text).toBe(CERTIFICATE)
  })
})

test('staff asks for somebody, who is sent a link; a deadline is extended once', async () => {
  const { subject } = await somebody('ulla')
  const profile = house.running.pseudonym('compliance', subject)
  const ask = `mutation ($profile: String) { requestAccess(profile: $profile) ${FIELDS} }`
  const { data } = await officer(ask, { profile })
  expect(data.requestAccess).toMatchObject({ status: 'pending', packageUrl: null })
  await register().resolve()
  expect(await invitationsTo(house.running, subject)).toHaveLength(1)
  const { id } = data.requestAccess
  const extend = `mutation { extendSubjectRequest(id: "${id}", reason: "three systems") { dueAt } }`
  const later = (await officer(extend)).data.extendSubjectRequest.dueAt
  expect(Date.parse(later)).toBeGreaterThan(Date.parse(data.requestAccess.dueAt))
  expect((await officer(extend)).codes).toEqual(['CONFLICT'])
  expect((await vic(extend)).codes).toEqual(['FORBIDDEN'])
  await query('UPDATE subject_request SET due_at = now() WHERE id = $1', [id])
  expect((await officer('{ subjectRequests(overdue: true) { id } }')).data.subjectRequests).toEqual([{ id }])
  await register().count()
  const metrics = await (await fetch(`${house.running.origin}/metrics`)).text()
  expect(metrics).toMatch(/^bauta_subject_requests_overdue 1$/m)
})

test('what a crash interrupts is met by the next gateway, without doing it twice', async () => {
  const { subject, as } = await somebody('vera')
  const { stores } = gateway()
  const step = stores.subjectRequests.step.bind(stores.subjectRequests)
  stores.subjectRequests.step = async () => await Promise.reject(new Error('killed'))
  const broken = await house.running.ask(as, 'mutation { requestAccess { id } }')
  stores.subjectRequests.step = step
  expect(broken.codes).toHaveLength(1)
  const open = await stores.subjectRequests.list({ status: 'in_progress', overdueAt: null, subject, limit: 9 })
  expect(open).toHaveLength(1)
  await query(`UPDATE subject_request SET changed_at = now() - interval '2 minutes'`)
  await register().tidy()
  const { data } = await house.running.ask(as, `mutation { requestAccess ${FIELDS} }`)
  expect(data.requestAccess).toMatchObject({ id: open[0]?.id, status: 'completed' })
  expect((await follow(house.running, data.requestAccess.packageUrl)).status).toBe(200)
})
