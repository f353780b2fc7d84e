import { RunningGateway } from '../running-gateway.ts'

let running: RunningGateway
beforeAll(async () => {
  running = await RunningGateway.start()
})
afterAll(async () => await running.stop())

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

async function call(
  path: string,
  token: string,
  form: Readonly<Record<string, string>> | null,
  method = 'POST',
) {
  const response = await fetch(running.origin + path, {
    method,
    headers: { authorization: token },
    ...(form && { body: new URLSearchParams(form) }),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

// No tree is published here and no such request exists: the caller was let in all the same.
const places = [
  { path: '/oauth/introspect', role: 'partner', form: { token: 'x' }, good: 200 },
  { path: '/oauth/revoke', role: 'partner', form: { token: 'x' }, good: 200 },
  { path: '/v1/visitor', role: 'frontend', form: null, good: 204 },
  { path: '/audit/export?format=csv', role: 'compliance', form: null, good: 404, method: 'GET' },
  { path: '/opendsr/requests/none', role: 'compliance', form: null, good: 404, method: 'GET' },
]

test.each(places)(
  '$path spends a request of the minute, and beyond it leaves no entry',
  async ({ path, role, form, good, method }) => {
    const id = `once${path.replaceAll(/[^a-z]/g, '')}`
    const purposes = role === 'compliance' ? ['COMPLIANCE'] : []
    const more = purposes.length > 0 ? { purposes, defaultPurpose: 'COMPLIANCE' } : {}
    const key = await running.client({ id, roles: [role], requestsPerMinute: 1, ...more })
    expect((await call(path, `Bearer ${key}`, form, method)).status).toBe(good)
    const entries = await running.entriesOf(async () => {
      const { status, headers, text } = await call(path, `Bearer ${key}`, form, method)
      expect(status).toBe(429)
      expect(text).toContain('RATE_LIMITED')
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    })
    expect(entries).toEqual([])
  },
)

test('tokens that are made of one have its budget together', async () => {
  const { secret } = await running.gateway.clients.create(
    { id: 'maker', name: 'maker', roles: ['support'], adhoc: true },
    { withSecret: true },
  )
  const basic = `Basic ${Buffer.from(`maker:${secret}`).toString('base64')}`
  const budgets = { requests_per_minute: 5 }
  const details = JSON.stringify([{ type: 'bauta', budgets }])
  const asked = { grant_type: 'client_credentials', authorization_details: details }
  const tokenOf = (text: string) => (JSON.parse(text) as { access_token: string }).access_token
  const root = tokenOf((await call('/oauth/token', basic, asked)).text)
  const narrower = { grant_type: EXCHANGE, subject_token: root, subject_token_type: ACCESS_TOKEN }
  const codes: unknown[] = []
  for (let n = 0; n < 4; n += 1) {
    const child = tokenOf((await call('/oauth/token', basic, narrower)).text)
    for (const token of [child, child])
      codes.push((await running.ask({ token }, '{ viewer { client } }')).codes[0] ?? null)
  }
  expect(codes).toEqual([null, null, null, null, null, ...Array(3).fill('RATE_LIMITED')])
})

test('a query that costs more than the minute is told both numbers', async () => {
  const key = await running.client({ id: 'poor', roles: ['support'], costPerMinute: 10 })
  const { messages, codes } = await running.ask(
    { token: key, purpose: 'SERVICE' },
    '{ searchProfiles(first: 40) { edges { node { id } } } }',
  )
  expect(codes).toEqual(['QUERY_TOO_COSTLY'])
  expect(messages[0]).toMatch(/costs \d{2,} where 10 is the most/)
})
