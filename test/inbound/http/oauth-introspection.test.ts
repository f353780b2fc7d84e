import { MINUTE, SECOND } from '../../../src/kernel/time.ts'
import { type AccessHouse, ISSUER } from '../../gateway/access-house.ts'
import { OAuthHouse } from './oauth-house.ts'

const INACTIVE = '{"active":false}'

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

const introspect = async (token: string, authorization = `Bearer ${acme}`) =>
  await oauth.post('/oauth/introspect', { token }, authorization)

describe('introspection', () => {
  test('leaves the reserve of the disk to withdrawals', async () => {
    house.free = 0
    await house.reserve.look()
    expect((await introspect('x')).status).toBe(503)
    expect(house.entries).toEqual([])
  })

  test('tells a client everything that its own token says', async () => {
    const token = await oauth.tokenOf('acme', { scopes: ['profile:read'] })
    const answer = await introspect(token)
    const now = house.clock.now() / SECOND
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.json()).toEqual({
      active: true,
      token_type: 'Bearer',
      client_id: 'acme',
      sub: 'acme',
      scope: 'profile:read',
      roles: ['partner'],
      iss: ISSUER,
      aud: ISSUER,
      iat: now,
      exp: now + 600,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(house.entries.at(-1)).toMatchObject({
      outcome: 'permit',
      actor: { clientId: 'acme' },
      action: { action: 'token.introspect', jti: answer.json().jti },
    })
  })

  test('knows API keys too, with an expiry where they have one', async () => {
    expect((await introspect(acme)).json()).toEqual({
      active: true,
      token_type: 'Bearer',
      client_id: 'acme',
      sub: 'acme',
      scope: 'profile:read profile:search segments:read recommendations:read',
      iss: ISSUER,
      aud: ISSUER,
      iat: house.clock.now() / SECOND,
      jti: expect.any(String),
    })
    const keyExpiresAt = house.clock.now() + MINUTE
    const { key } = await house.clients.rotate('globex', { keyExpiresAt })
    expect((await introspect(key, `Bearer ${key}`)).json().exp).toBe(keyExpiresAt / SECOND)
  })

  test('tells nothing of scopes that were taken from the client since', async () => {
    const token = await oauth.tokenOf('acme')
    const found = await house.store.find('acme')
    if (!found) throw new Error('no client')
    await house.store.save({ ...found, scopes: ['profile:read'] }, null)
    expect((await introspect(token)).json().scope).toBe('profile:read')
  })

  test('tells who has vouched for a person, to that client and to the one that acts, by pseudonym', async () => {
    const { token, shopKey, person } = await oauth.personToken(ingest)
    for (const authorization of [`Bearer ${ingest}`, `Bearer ${shopKey}`]) {
      const answer = await introspect(token, authorization)
      expect(answer.json()).toMatchObject({
        active: true,
        client_id: 'shop',
        act: { sub: 'ingest' },
        sub: house.audiences.of('shop').of(person as never),
      })
      expect(answer.body).not.toContain(person)
    }
  })

  test.each<[string, () => Promise<string>]>([
    ['unknown', async () => 'whatever'],
    ['a key with a wrong checksum', async () => `bauta_${'0'.repeat(36)}`],
    ["another client's token", async () => await oauth.tokenOf('globex')],
    ["another client's key", async () => globex],
    [
      'a token for a person whom another client named',
      async () => (await oauth.personToken(ingest)).token,
    ],
    [
      'signed by somebody else',
      async () => {
        const [header, payload] = (await oauth.tokenOf('acme')).split('.')
        return `${header}.${payload}.${'A'.repeat(86)}`
      },
    ],
    [
      'expired',
      async () => {
        const token = await oauth.tokenOf('acme')
        house.clock.pass(11 * MINUTE)
        return token
      },
    ],
    [
      'revoked',
      async () => {
        const token = await oauth.tokenOf('acme')
        await oauth.post('/oauth/revoke', { token }, `Bearer ${acme}`)
        return token
      },
    ],
    [
      'a key that was rotated',
      async () => {
        const old = acme
        acme = (await house.clients.rotate('acme')).key
        return old
      },
    ],
  ])('answers alike, byte for byte, where a token is %s', async (_what, tokenThat) => {
    const answer = await introspect(await tokenThat())
    expect([answer.status, answer.body]).toEqual([200, INACTIVE])
    expect(house.entries.at(-1)?.action).toEqual({ action: 'token.introspect', jti: null })
  })

  test('says inactive of the token of a person who was erased', async () => {
    const { token, shopKey, person } = await oauth.personToken(ingest)
    await house.keys.destroy([person as never])
    expect((await introspect(token, `Bearer ${shopKey}`)).body).toBe(INACTIVE)
  })

  test('says nothing that can not be recorded', async () => {
    house.auditWorks = false
    const answer = await introspect(acme)
    expect([answer.status, answer.json().code]).toEqual([503, 'AUDIT_UNAVAILABLE'])
  })
})
