import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '../../../src/gateway/govern/tokens.ts'
import { IDENTIFIER_TYPE } from '../../../src/gateway/govern/vouched-people.ts'
import { Metrics } from '../../../src/inbound/http/metrics.ts'
import { oauthRoutes } from '../../../src/inbound/http/oauth.ts'
import { buildServer } from '../../../src/inbound/http/server.ts'
import { AccessHouse } from '../../gateway/access-house.ts'
import { type Answer, call } from './call.ts'

const EMAIL = 'alice@example.com'

let house: AccessHouse
let app: FastifyInstance
let ingest: { key: string; secret: string }
let shopKey: string
let acmeKey: string
let person: string
const lines: string[] = []

beforeAll(async () => {
  house = await AccessHouse.open()
  person = await house.newPerson(`email ${EMAIL}`)
  house.people.set('partner:acme a-17', person)
  const issued = await house.client('ingest', 'ingest', {}, true)
  ingest = { key: issued.key, secret: issued.secret ?? '' }
  shopKey = (await house.client('shop', 'frontend')).key
  acmeKey = (await house.client('acme', 'partner', { scopes: ['profile:read', 'tokens:exchange'] }))
    .key
  await house.client('support', 'support', {}, true)
  app = await buildServer({
    config: { publicUrl: null, allowedOrigins: [], requestTimeoutMs: 15_000 },
    metrics: new Metrics(),
    checks: {},
    routes: [oauthRoutes(house.oauth)],
    log: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }),
  })
})
afterAll(async () => {
  await app.close()
})
beforeEach(() => {
  house.auditWorks = true
  house.entries.length = 0
})

const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`

async function ask(form: Record<string, string> | string, authorization?: string): Promise<Answer> {
  return await call(app, '/oauth/token', {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  })
}

const exchange = (more: Record<string, string> = {}) => ({
  grant_type: TOKEN_EXCHANGE,
  audience: 'shop',
  subject_token: EMAIL,
  subject_token_type: `${IDENTIFIER_TYPE}email`,
  ...more,
})
const bearerOf = (answer: Answer) => String(answer.json().access_token)
const errorOf = (answer: Answer) => [answer.status, answer.json().error]

describe('client credentials', () => {
  test.each(['basic', 'form'])('give the client a token of its own (%s)', async (how) => {
    const form = { grant_type: 'client_credentials' }
    const answer =
      how === 'basic'
        ? await ask(form, basic('ingest', ingest.secret))
        : await ask({ ...form, client_id: 'ingest', client_secret: ingest.secret })
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers.pragma).toBe('no-cache')
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: 600 })
    const principal = await house.authenticate(bearerOf(answer))
    expect(principal).toMatchObject({ roles: ['ingest'], subject: null })
  })

  test('narrow the scopes where asked, and never widen them', async () => {
    const form = { grant_type: 'client_credentials', scope: 'events:write' }
    const answer = await ask(form, basic('ingest', ingest.secret))
    expect(answer.json().scope).toBe('events:write')
    expect([...(await house.authenticate(bearerOf(answer))).scopes]).toEqual(['events:write'])
    const wider = await ask(
      { ...form, scope: 'events:write audit:read' },
      basic('ingest', ingest.secret),
    )
    expect(errorOf(wider)).toEqual([400, 'invalid_scope'])
  })

  test.each([
    ['a wrong secret', () => basic('ingest', 'wrong')],
    ['an unknown client', () => basic('nobody', ingest.secret)],
    ['a client without a secret', () => basic('shop', '')],
    ['an id with a colon and a percent sign', () => basic('in:ge%st', ingest.secret)],
    ['no colon', () => `Basic ${Buffer.from('ingest').toString('base64')}`],
    ['broken form encoding', () => `Basic ${Buffer.from('%zz:%zz').toString('base64')}`],
    ['nothing', () => undefined],
    ['a key that is not valid', () => `Bearer bauta_${'0'.repeat(36)}`],
  ])('are refused alike with %s, counted and not recorded', async (_what, authorization) => {
    const counted = () => [...house.counters.totals().values()].reduce((sum, n) => sum + n, 0)
    const before = counted()
    const answer = await ask({ grant_type: 'client_credentials' }, authorization())
    expect(errorOf(answer)).toEqual([401, 'invalid_client'])
    expect(answer.headers['www-authenticate']).toMatch(/^Basic/)
    expect(answer.json().error_description).toBe(
      'The client is not known here or its credential is wrong.',
    )
    expect(house.entries).toEqual([])
    expect(counted() - before).toBe(1)
  })

  test('can not be renewed with a token, which whoever stole it would do for ever', async () => {
    const first = await ask({ grant_type: 'client_credentials' }, basic('ingest', ingest.secret))
    const again = await ask({ grant_type: 'client_credentials' }, `Bearer ${bearerOf(first)}`)
    expect(errorOf(again)).toEqual([400, 'unauthorized_client'])
  })

  test('end with the client', async () => {
    const { secret } = await house.client('brief', 'ingest', {}, true)
    const answer = await ask({ grant_type: 'client_credentials' }, basic('brief', secret ?? ''))
    await house.clients.revoke('brief')
    await expect(house.authenticate(bearerOf(answer))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    })
    const after = await ask({ grant_type: 'client_credentials' }, basic('brief', secret ?? ''))
    expect(errorOf(after)).toEqual([401, 'invalid_client'])
  })
})

describe('token exchange', () => {
  test('lets a front end act for one person for a minute, without telling it who that is', async () => {
    const answer = await ask(exchange(), `Bearer ${ingest.key}`)
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({
      token_type: 'Bearer',
      issued_token_type: ACCESS_TOKEN,
      expires_in: 60,
    })
    const principal = await house.authenticate(bearerOf(answer))
    expect(principal).toMatchObject({
      roles: ['frontend'],
      subject: person,
      client: { id: 'shop' },
    })
    const claims = Buffer.from(bearerOf(answer).split('.')[1] ?? '', 'base64url').toString()
    expect(claims).not.toContain(person)
    expect(claims).not.toContain(EMAIL)
    expect(JSON.parse(claims)).toMatchObject({ act: { sub: 'ingest' }, client_id: 'shop' })
  })

  test('leaves an entry that names the person by an unlinkable reference', async () => {
    await ask(exchange(), `Bearer ${ingest.key}`)
    expect(house.entries).toMatchObject([
      {
        outcome: 'permit',
        actor: { clientId: 'ingest', userPseudonym: house.audiences.of('audit').of(person) },
        audience: 'shop',
        subjects: [{ ref: house.keys.auditRefOf(person) }],
        action: { action: 'token.issue', client: 'shop', seconds: 60 },
      },
    ])
    const trail = JSON.stringify(house.entries) + lines.join('')
    expect(trail).not.toContain(EMAIL)
    expect(trail).not.toContain(person)
  })

  test('hands over nothing that could not be recorded', async () => {
    house.auditWorks = false
    const answer = await ask(exchange(), `Bearer ${ingest.key}`)
    expect(answer.status).toBe(503)
    expect(answer.json()).toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    expect(answer.body).not.toContain('access_token')
  })

  test("takes a partner's own ids, and no one else's", async () => {
    const own = { subject_token: 'a-17', subject_token_type: `${IDENTIFIER_TYPE}partner:acme` }
    expect((await ask(exchange(own), `Bearer ${acmeKey}`)).status).toBe(200)
    expect(errorOf(await ask(exchange(own), `Bearer ${ingest.key}`))).toEqual([
      400,
      'invalid_request',
    ])
    expect(errorOf(await ask(exchange(), `Bearer ${acmeKey}`))).toEqual([400, 'invalid_request'])
  })

  test('gives no scope that the front end does not have', async () => {
    const wider = await ask(
      exchange({ scope: 'profile:read events:write audit:read' }),
      `Bearer ${ingest.key}`,
    )
    expect(errorOf(wider)).toEqual([400, 'invalid_scope'])
    const narrow = await ask(exchange({ scope: 'profile:read' }), `Bearer ${ingest.key}`)
    expect([...(await house.authenticate(bearerOf(narrow))).scopes]).toEqual(['profile:read'])
  })

  test.each([
    ['nobody', { subject_token: 'bob@example.com' }, 'invalid_request'],
    ['no subject', { subject_token: '' }, 'invalid_request'],
    ['a device', { subject_token_type: `${IDENTIFIER_TYPE}deviceId` }, 'invalid_request'],
    ['an anonymous id', { subject_token_type: `${IDENTIFIER_TYPE}anonymousId` }, 'invalid_request'],
    ['a foreign token type', { subject_token_type: ACCESS_TOKEN }, 'invalid_request'],
    ['no front end', { audience: '' }, 'invalid_request'],
    ['a client of the staff', { audience: 'support' }, 'invalid_target'],
    ['a partner', { audience: 'acme' }, 'invalid_target'],
    ['a client that does not exist', { audience: 'nobody' }, 'invalid_target'],
    ['a resource', { resource: 'https://x.example' }, 'invalid_target'],
    ['an actor', { actor_token: 'x' }, 'invalid_request'],
    [
      'another kind of token',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      'invalid_request',
    ],
    ['another grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no grant', { grant_type: '' }, 'invalid_request'],
  ])('is refused for %s, on the record', async (_what, more, error) => {
    const answer = await ask(exchange(more as Record<string, string>), `Bearer ${ingest.key}`)
    expect(errorOf(answer)).toEqual([400, error])
    expect(house.entries).toMatchObject([
      { outcome: 'deny', code: error, actor: { clientId: 'ingest' } },
    ])
    expect(answer.body).not.toContain('bob@example.com')
  })

  test.each(['requests_per_minute', 'cost_per_minute', 'lookups_per_day'])(
    'is not for a token with a budget of %s, which the person’s would not have',
    async (budget) => {
      const details = JSON.stringify([{ type: 'bauta', budgets: { [budget]: 5 } }])
      const form = { grant_type: 'client_credentials', authorization_details: details }
      const limited = await ask(form, basic('ingest', ingest.secret))
      expect(limited.json().scope).not.toContain('tokens:exchange')
      const answer = await ask(exchange(), `Bearer ${bearerOf(limited)}`)
      expect(errorOf(answer)).toEqual([400, 'unauthorized_client'])
    },
  )

  test('is for clients that may exchange: no front end signs its visitors in itself', async () => {
    expect(errorOf(await ask(exchange(), `Bearer ${shopKey}`))).toEqual([
      400,
      'unauthorized_client',
    ])
    const token = bearerOf(await ask(exchange(), `Bearer ${ingest.key}`))
    expect(errorOf(await ask(exchange(), `Bearer ${token}`))).toEqual([401, 'invalid_client'])
  })

  test('forgets a person whose keys were destroyed', async () => {
    const erased = await house.newPerson('email erased@example.com')
    await house.keys.destroy([erased])
    const answer = await ask(
      exchange({ subject_token: 'erased@example.com' }),
      `Bearer ${ingest.key}`,
    )
    expect(errorOf(answer)).toEqual([400, 'invalid_request'])
  })
})

describe('the token endpoint', () => {
  test('refuses what could mean two things', async () => {
    const twice = `grant_type=client_credentials&grant_type=client_credentials`
    expect(errorOf(await ask(twice, basic('ingest', ingest.secret)))).toEqual([
      400,
      'invalid_request',
    ])
    const both = {
      grant_type: 'client_credentials',
      client_id: 'ingest',
      client_secret: ingest.secret,
    }
    expect(errorOf(await ask(both, basic('ingest', ingest.secret)))).toEqual([
      400,
      'invalid_request',
    ])
    expect(errorOf(await ask(both, `Bearer ${ingest.key}`))).toEqual([400, 'invalid_request'])
  })

  test('reads forms of a moderate size only', async () => {
    expect(errorOf(await ask('a'.repeat(20_000)))).toEqual([400, 'invalid_request'])
    const json = await call(app, '/oauth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"grant_type":"client_credentials"}',
    })
    expect(errorOf(json)).toEqual([400, 'invalid_request'])
  })

  test('takes no secret from the address', async () => {
    const answer = await call(
      app,
      `/oauth/token?grant_type=client_credentials&client_id=ingest&client_secret=${ingest.secret}`,
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    )
    expect(errorOf(answer)).toEqual([401, 'invalid_client'])
  })
})
