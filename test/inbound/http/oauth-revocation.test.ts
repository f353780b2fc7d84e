import { Refusal } from '../../../src/kernel/refusal.ts'
import type { AccessHouse } from '../../gateway/access-house.ts'
import { call } from './call.ts'
import { basic, errorOf, OAuthHouse } from './oauth-house.ts'

let oauth: OAuthHouse
let house: AccessHouse
let acme: string
let globex: string
let ingest: string

beforeEach(async () => {
  oauth = await OAuthHouse.open()
  house = oauth.house
  const keys = await oauth.callers()
  acme = keys.acme
  globex = keys.globex
  ingest = keys.ingest
})
afterEach(async () => {
  await oauth.app.close()
})

const revoke = async (token: string, authorization = `Bearer ${acme}`) =>
  await oauth.post('/oauth/revoke', { token }, authorization)

describe('revocation', () => {
  test('ends a token at once, on the record', async () => {
    const token = await oauth.tokenOf('acme')
    const { tokenId } = await house.authenticate(token)
    house.entries.length = 0
    const answer = await revoke(token)
    expect([answer.status, answer.body]).toEqual([200, ''])
    await expect(house.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(house.entries).toMatchObject([
      {
        outcome: 'permit',
        actor: { clientId: 'acme' },
        action: { action: 'token.revoke', jti: tokenId, client: 'acme' },
      },
    ])
  })

  test('ends an API key, also the one that asks for it', async () => {
    expect((await revoke(acme, `Bearer ${acme}`)).status).toBe(200)
    await expect(house.authenticate(acme)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(errorOf(await revoke(acme, `Bearer ${acme}`))).toEqual([401, 'invalid_client'])
  })

  test('is for whoever has vouched for a person, and for the front end that acts', async () => {
    const first = await oauth.personToken(ingest)
    expect((await revoke(first.token, `Bearer ${ingest}`)).status).toBe(200)
    await expect(house.authenticate(first.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('of what is unknown or has ended is no error, and leaves nothing to record', async () => {
    const token = await oauth.tokenOf('acme')
    await revoke(token)
    house.entries.length = 0
    for (const text of ['whatever', token, `bauta_${'0'.repeat(36)}`]) {
      const answer = await revoke(text)
      expect([answer.status, answer.body]).toEqual([200, ''])
    }
    expect(house.entries).toEqual([])
  })

  test("of another's token is refused, on the record, and the token counts on", async () => {
    const token = await oauth.tokenOf('globex')
    house.entries.length = 0
    for (const text of [token, globex]) {
      expect(errorOf(await revoke(text))).toEqual([400, 'invalid_request'])
      expect((await house.authenticate(text)).client.id).toBe('globex')
    }
    expect(house.entries).toMatchObject([
      { outcome: 'deny', actor: { clientId: 'acme' }, action: { action: 'token.refuse' } },
      { outcome: 'deny', actor: { clientId: 'acme' }, action: { action: 'token.refuse' } },
    ])
  })

  test('does not hold where it could not be recorded', async () => {
    house.auditWorks = false
    expect((await revoke(acme)).status).toBe(503)
    expect((await house.authenticate(acme)).client.id).toBe('acme')
  })
})

describe.each(['/oauth/introspect', '/oauth/revoke'])('%s', (path) => {
  test.each<[string, () => Promise<string | undefined>]>([
    ['nobody', async () => undefined],
    ['a wrong secret', async () => basic('acme', 'wrong')],
    ['an unknown client', async () => basic('nobody', 'wrong')],
    [
      'a token that acts for a person',
      async () => `Bearer ${(await oauth.personToken(ingest)).token}`,
    ],
    [
      'a public write key',
      async () => `Bearer ${(await house.client('web', 'ingest', { writeKey: 'public' })).key}`,
    ],
    [
      'a client that was revoked',
      async () => {
        await house.clients.revoke('globex')
        return `Bearer ${globex}`
      },
    ],
  ])('asks for a client: %s is none', async (_who, authorization) => {
    const answer = await oauth.post(path, { token: acme }, await authorization())
    expect(errorOf(answer)).toEqual([401, 'invalid_client'])
    expect(answer.headers['www-authenticate']).toBe('Basic realm="bauta"')
    expect((await house.authenticate(acme)).client.id).toBe('acme')
  })

  test('takes the secret from the form too, and one credential only', async () => {
    const { secret } = await house.client('initech', 'partner', {}, true)
    const own = { token: 'x', client_id: 'initech', client_secret: secret ?? '' }
    expect((await oauth.post(path, own)).status).toBe(200)
    expect(errorOf(await oauth.post(path, own, basic('initech', secret ?? '')))).toEqual([
      400,
      'invalid_request',
    ])
    const another = { token: 'x', client_id: 'globex' }
    expect(errorOf(await oauth.post(path, another, basic('initech', secret ?? '')))).toEqual([
      400,
      'invalid_request',
    ])
  })

  test('wants a token, once, and in no address', async () => {
    const authorization = `Bearer ${acme}`
    expect(errorOf(await oauth.post(path, {}, authorization))).toEqual([400, 'invalid_request'])
    expect(errorOf(await oauth.post(`${path}?token=${acme}`, {}, authorization))).toEqual([
      400,
      'invalid_request',
    ])
    const twice = await call(oauth.app, path, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'token=&token=x',
    })
    expect(errorOf(twice)).toEqual([400, 'invalid_request'])
    expect((await call(oauth.app, path, { headers: { authorization } })).status).toBe(404)
    expect(oauth.lines.join('')).not.toContain(acme)
  })
})

test('too many log-ins at once are told when to come back', async () => {
  const busy = await OAuthHouse.open({
    introspection: {
      introspect: async () => {
        throw new Refusal('BUDGET_EXHAUSTED', 'Too many log-ins at once; try again shortly.')
      },
    } as never,
  })
  const answer = await busy.post('/oauth/introspect', { token: 'x' }, basic('acme', 'x'))
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, '2'])
  expect(answer.json().code).toBe('BUDGET_EXHAUSTED')
  await busy.app.close()
})
