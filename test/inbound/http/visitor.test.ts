import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import {
  type Client,
  NO_LIMITS,
  type Scope,
  type TokenLimits,
} from '../../../src/domain/access/principal.ts'
import { Metrics } from '../../../src/inbound/http/metrics.ts'
import { buildServer } from '../../../src/inbound/http/server.ts'
import { visitorRoutes } from '../../../src/inbound/http/visitor.ts'
import { uuidV7 } from '../../../src/kernel/ids.ts'
import { MINUTE } from '../../../src/kernel/time.ts'
import { randomness } from '../../clock-and-randomness.ts'
import { AccessHouse } from '../../gateway/access-house.ts'
import { type Answer, call } from './call.ts'

let house: AccessHouse
let app: FastifyInstance
let shop: Client
let shopKey: string
let ingestKey: string

const serve = (publicUrl: string | null) =>
  buildServer({
    config: { publicUrl, allowedOrigins: [], requestTimeoutMs: 15_000 },
    metrics: new Metrics(),
    checks: {},
    routes: [visitorRoutes(house.authenticator, house.visitors, publicUrl, house.budgets)],
    log: pino({ level: 'silent' }),
  })

beforeAll(async () => {
  house = await AccessHouse.open()
  const issued = await house.client('shop', 'frontend')
  shop = issued.client
  shopKey = issued.key
  ingestKey = (await house.client('ingest', 'ingest')).key
  app = await serve(null)
})
afterAll(async () => {
  await app.close()
})
beforeEach(() => {
  house.entries.length = 0
})

describe('a visitor', () => {
  const greet = (token: string, cookie?: string, at = app) =>
    call(at, '/v1/visitor', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, ...(cookie ? { cookie } : {}) },
    })
  const cookieOf = (answer: Answer) => answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''

  test('gets a cookie that scripts can not read and other sites do not send', async () => {
    const answer = await greet(shopKey)
    expect(answer.status).toBe(204)
    const [cookie] = answer.headers['set-cookie'] ?? []
    expect(cookie).toMatch(
      /^bauta_visitor=v1\.[a-z0-9.]+\.[\w-]+; Path=\/; Expires=.+; HttpOnly; SameSite=Lax$/,
    )
    const value = cookieOf(answer).slice('bauta_visitor='.length)
    expect((await house.authenticate(shopKey, value)).subject).not.toBeNull()
    expect(house.entries).toMatchObject([{ action: { action: 'visitor.greet', isNew: true } }])
  })

  test('keeps being the same one while the cookie lasts', async () => {
    const first = cookieOf(await greet(shopKey))
    const again = cookieOf(await greet(shopKey, first))
    const subjectOf = async (cookie: string) =>
      (await house.authenticate(shopKey, cookie.slice('bauta_visitor='.length))).subject
    expect(await subjectOf(again)).toBe(await subjectOf(first))
  })

  test('with a broken cookie begins anew, since no script could remove it', async () => {
    expect((await greet(shopKey, 'bauta_visitor=v1.forged.1.x')).status).toBe(204)
  })

  test('is sent over https only where the gateway is reached by it', async () => {
    const secure = await serve('https://bauta.example')
    const answer = await greet(shopKey, undefined, secure)
    expect(answer.headers['set-cookie']?.[0]).toMatch(/; Secure$/)
    await secure.close()
  })

  const limited = async (said: { scopes?: readonly Scope[]; limits?: Partial<TokenLimits> }) =>
    await house.signer.sign({
      clientId: 'shop',
      sub: 'shop',
      actors: [],
      madeFrom: [],
      roles: shop.roles,
      scopes: said.scopes ?? shop.scopes,
      limits: { ...NO_LIMITS, ...said.limits },
      jkt: null,
      jti: uuidV7(house.clock.now(), randomness),
      issuedAt: house.clock.now(),
      expiresAt: house.clock.now() + MINUTE,
    })

  test('is made by a token that may write something for them', async () => {
    const may: readonly Scope[] = ['events:write', 'consent:write']
    for (const scope of may)
      expect((await greet(await limited({ scopes: [scope] }))).status).toBe(204)
    house.entries.length = 0
    const rest = shop.scopes.filter((scope) => !may.includes(scope))
    expect((await greet(await limited({ scopes: rest }))).status).toBe(403)
    expect(house.entries).toMatchObject([
      { outcome: 'deny', code: 'FORBIDDEN', action: { action: 'visitor.greet' } },
    ])
  })

  test.each([{ subjects: [] }, { subjects: ['p1other'] }, { segments: ['vip'] }])(
    'is not made by a token limited to %j',
    async (limits) => {
      expect((await greet(await limited({ limits }))).status).toBe(403)
    },
  )

  test('is greeted by front ends only, and not in the place of a signed-in person', async () => {
    expect((await greet(ingestKey)).status).toBe(403)
    expect((await greet('nonsense')).status).toBe(401)
    const { access_token: signedIn } = await house.tokens.forPerson(
      {
        client: shop,
        subject: await house.newPerson(),
        scopes: shop.scopes,
        lifetime: 60_000,
        requestId: 'r',
      },
      { clientId: 'ingest', userPseudonym: null, roles: ['ingest'], tokenJti: null, cnfJkt: null },
    )
    expect((await greet(signedIn)).status).toBe(403)
  })
})
