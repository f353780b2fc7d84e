import { randomUUID, verify, X509Certificate } from 'node:crypto'
import { DAY, HOUR } from '../../src/kernel/time.ts'
import {
  CERTIFICATE,
  follow,
  invitationsTo,
  openDsrAt,
  somebodyOf,
  withCertificate,
} from '../peoples-requests.ts'
import { Receiver } from '../receiver.ts'
import { StaffedGateway } from '../staffed-gateway.ts'
import { unzipped } from '../unzipped.ts'

let house: StaffedGateway
const receiver = new Receiver()
let callback: string

beforeAll(async () => {
  callback = await receiver.open()
  house = await StaffedGateway.open(withCertificate)
})
afterAll(async () => {
  receiver.close()
  await house?.stop()
})

const gateway = () => house.running.gateway
const register = () => gateway().requests.register
const query = async (text: string, values: unknown[] = []) =>
  await gateway().stores.opened.database.query<Record<string, unknown>>(text, values)
const somebody = async (name: string, traits = {}) => await somebodyOf(house.running, name, traits)

async function openDsr(
  path: string,
  init: { method?: string; body?: unknown; token?: string } = {},
) {
  const { method = 'GET', body, token = house.as('compliance').token } = init
  const answer = await openDsrAt(house.running, token, path, method, body)
  return { ...answer, json: parsed(answer.text) }
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
  submitted_time: new Date(Date.now() - HOUR).toISOString(),
  subject_identities: [{ identity_type: 'email', identity_value: email, identity_format: 'raw' }],
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
    expect((await follow(house.running, link.replace('access', 'erasure'), 'POST')).status).toBe(
      404,
    )
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
    expect(
      await query('SELECT FROM subject_request_person WHERE subject_id = $1', [subject]),
    ).toEqual([])
  })

  test('is answered alike under the addresses that the specification names', async () => {
    const body = asked('vic@example.com')
    const path = '/v2/opendsr_requests'
    const { status, headers, text } = await openDsr(path, { method: 'POST', body })
    expect([status, isSigned(text, headers)]).toEqual([201, true])
    const id = body.subject_request_id
    expect((await openDsr(`${path}/${id}`)).text).toBe((await openDsr(`/requests/${id}`)).text)
    expect((await openDsr(`${path}/${id}`, { method: 'DELETE' })).status).toBe(202)
    expect((await openDsr('/v2/discovery')).json).toEqual((await openDsr('/discovery')).json)
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

  test('is due by its own law, from when the person asked', async () => {
    const submitted = Date.now() - 3 * DAY
    const body = asked('vic@example.com', {
      regulation: 'ccpa',
      submitted_time: new Date(submitted).toISOString(),
    })
    const { json } = await openDsr('/requests', { method: 'POST', body })
    expect(Date.parse(json.expected_completion_time)).toBe(submitted + 45 * DAY)
    const { data } = await house.running.ask(
      house.as('compliance'),
      '{ subjectRequests(first: 1) { regulation submittedAt dueAt } }',
    )
    expect(data.subjectRequests).toEqual([
      {
        regulation: 'ccpa',
        submittedAt: body.submitted_time,
        dueAt: json.expected_completion_time,
      },
    ])
    const other = await openDsr('/requests', {
      method: 'POST',
      body: { ...body, regulation: 'gdpr' },
    })
    expect(other.status).toBe(409)
  })

  test('lapses where nobody confirms it within a week', async () => {
    const body = asked('vic@example.com')
    await openDsr('/requests', { method: 'POST', body })
    await query(
      'UPDATE subject_request SET received_at = $2::timestamptz WHERE client_request_id = $1',
      [body.subject_request_id, new Date(Date.now() - 8 * DAY).toISOString()],
    )
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
    ['no regulation', { regulation: undefined }],
    ['a time to come', { submitted_time: '2999-01-01T00:00:00Z' }],
    ['no such day', { submitted_time: '2026-13-01T00:00:00Z' }],
    ['a time in no zone', { submitted_time: '2026-03-01T12:00:00' }],
    [
      'a hashed identity',
      {
        subject_identities: [
          { identity_type: 'email', identity_value: 'x', identity_format: 'md5' },
        ],
      },
    ],
    ['an address inside', { status_callback_urls: ['http://10.0.0.1/'] }],
  ])('is refused with %s, in the words of OpenDSR', async (_what, change) => {
    const { status, json } = await openDsr('/requests', {
      method: 'POST',
      body: asked('a@example.com', change),
    })
    expect([status, json.error.code]).toEqual([400, 400])
  })

  test('is refused to whoever may not hand over requests, and to every web page', async () => {
    const key = await house.running.client({ id: 'page', roles: ['frontend'] })
    for (const token of [house.as('partner').token, key]) {
      const { status } = await openDsr('/requests', {
        method: 'POST',
        body: asked('a@example.com'),
        token,
      })
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
