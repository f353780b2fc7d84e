import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider from 'oidc-provider'
import { MINUTE } from '../../src/kernel/time.ts'
import { given, RunningGateway } from '../running-gateway.ts'

const CUSTOMERS = 'https://gateway.example.com/customers'
const STAFF = 'https://gateway.example.com/staff'
const ME = '{ viewer { client roles actsForSubject } me { contact { email } } }'

let running: RunningGateway
let server: Server
let origin: string
/** The identity provider as it runs now: with the keys that it has now. */
let provider: Provider

beforeAll(async () => {
  // It warns of everything that only a test would do.
  for (const level of ['warn', 'info'] as const) jest.spyOn(console, level).mockImplementation()
  server = createServer((request, response) => void provider.callback()(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  provider = providerWith(await newKey('one'))
  running = await RunningGateway.start({ BAUTA_IDENTITY_PROVIDERS: settings() })
  await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'crm-1',
      identifiers: given({ userId: 'u-1', email: 'vic@example.com' }),
      traits: { country: 'DE', name: 'Vic Vega' },
    },
  ])
  await running.client({ id: 'shop', roles: ['frontend'] })
  await running.client({ id: 'desk', roles: ['support', 'admin'] })
})
afterAll(async () => {
  jest.restoreAllMocks()
  await running.stop()
  server.closeAllConnections()
  server.close()
})

function settings(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'bauta-provider-')), 'identity-providers.json')
  const shared = { issuer: origin, jwks: `${origin}/jwks`, algorithms: ['ES256'], type: 'at+jwt' }
  const person = { claim: 'sub', identifier: 'userId' }
  const roles = { claim: 'groups', values: { agents: 'support', operators: 'admin' } }
  const providers = [
    { ...shared, audience: CUSTOMERS, client: 'shop', person },
    { ...shared, audience: STAFF, client: 'desk', roles },
  ]
  writeFileSync(file, JSON.stringify(providers))
  return file
}

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' }
}

/** Of the groups that its accounts are in, their ids tell: `agents/anna`. */
function providerWith(key: JWK): Provider {
  return new Provider(origin, {
    jwks: { keys: [key] },
    clients: ['web', 'u-1'].map((client_id) => ({
      client_id,
      client_secret: 'not secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    extraTokenClaims: async (_, token) => {
      const accountId = 'accountId' in token ? String(token.accountId) : ''
      return accountId.includes('/') ? { groups: [accountId.split('/')[0]] } : undefined
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => serverOf(resource),
      },
    },
  })
}

const serverOf = (audience: string) => ({
  scope: 'use',
  audience,
  accessTokenFormat: 'jwt' as const,
  jwt: { sign: { alg: 'ES256' as const } },
})

/** An access token as the provider issues it to somebody who has signed in. */
async function signedIn(accountId: string, audience = CUSTOMERS): Promise<string> {
  const client = await provider.Client.find('web')
  if (!client) throw new Error('no client')
  const token = new provider.AccessToken({
    accountId,
    client,
    scope: 'use',
    grantId: 'g',
    gty: 'authorization_code',
  } as never)
  token.resourceServer = new provider.ResourceServer(audience, serverOf(audience))
  return await token.save()
}

test('a customer sees themselves with the token of their own identity provider', async () => {
  const as = { token: await signedIn('u-1'), purpose: 'SERVICE' }
  const { data, codes } = await running.ask(as, ME)
  expect(codes).toEqual([])
  expect(data.viewer).toEqual({ client: 'shop', roles: ['subject'], actsForSubject: true })
  expect(data.me.contact.email).toBe('vic@example.com')
  const [entry] = await running.entries()
  expect(entry?.actor).toMatchObject({ clientId: 'shop', roles: ['subject'] })
  expect(JSON.stringify(entry)).not.toContain('u-1')
})

test('a customer who is not known here is a visitor without a name', async () => {
  const { data } = await running.ask(
    { token: await signedIn('u-2'), purpose: 'PERSONALIZATION' },
    '{ viewer { roles actsForSubject } }',
  )
  expect(data.viewer).toEqual({ roles: ['visitor'], actsForSubject: false })
})

test('a machine that is called like a customer is refused', async () => {
  const answer = await fetch(`${origin}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('u-1:not%20secret').toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: CUSTOMERS,
      scope: 'use',
    }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  expect(token.split('.')).toHaveLength(3)
  expect((await running.ask({ token, purpose: 'SERVICE' }, ME)).status).toBe(401)
})

test('staff come with the roles of their groups, and the trail tells them apart without names', async () => {
  const [agent, operator] = [
    await signedIn('agents/anna', STAFF),
    await signedIn('operators/otto', STAFF),
  ]
  const asked = await running.ask(
    { token: agent, purpose: 'SERVICE' },
    '{ viewer { client roles } }',
  )
  expect(asked.data.viewer).toEqual({ client: 'desk', roles: ['support'] })
  const [entry] = await running.entries()
  expect(entry?.actor.userPseudonym).toMatch(/^staff-/)
  expect(JSON.stringify(entry)).not.toContain('anna')
  expect((await running.ask({ token: agent }, '{ clients { id } }')).codes).toEqual(['FORBIDDEN'])

  const create =
    'mutation { createClient(client: { id: "acme", name: "Acme", roles: ["partner"], adhoc: true, requestsPerMinute: 60, origins: ["https://acme.example"] }, withSecret: true) { key secret client { scopes requestsPerMinute origins lookupsPerDay } } }'
  const entries = await running.entriesOf(async () => {
    const { data } = await running.ask({ token: operator }, create)
    expect(data.createClient.client).toMatchObject({
      requestsPerMinute: 60,
      origins: ['https://acme.example'],
    })
    const { key, secret } = data.createClient
    expect((await running.ask({ token: key }, '{ viewer { client } }')).data.viewer.client).toBe(
      'acme',
    )
    const rotated = await running.ask(
      { token: operator },
      'mutation { rotateClient(id: "acme") { key secret } }',
    )
    expect((await running.ask({ token: key }, '{ viewer { client } }')).status).toBe(401)
    const { key: next, secret: other } = rotated.data.rotateClient
    expect([secret === other, next === key]).toEqual([false, false])
    expect(
      (await running.ask({ token: operator }, 'mutation { revokeClient(id: "acme") }')).data,
    ).toEqual({ revokeClient: true })
    expect((await running.ask({ token: next }, '{ viewer { client } }')).status).toBe(401)
    const { data: list } = await running.ask({ token: operator }, '{ clients { id disabledAt } }')
    expect(list.clients.find(({ id }: { id: string }) => id === 'acme').disabledAt).not.toBeNull()
    const bad =
      'mutation { createClient(client: { id: "x", name: "X", roles: ["partner"], purposes: ["MARKETING"] }) { key } }'
    expect((await running.ask({ token: operator }, bad)).codes).toEqual(['BAD_USER_INPUT'])
    expect(JSON.stringify(await running.entries(20))).not.toMatch(/bauta_[0-9A-Za-z]{36}/)
  })
  const acts = entries.filter(({ action }) => String(action?.action).startsWith('client.'))
  expect(acts.map(({ action }) => action?.action)).toEqual([
    'client.create',
    'client.rotate',
    'client.revoke',
    'client.list',
  ])
  const [first] = acts
  expect(first?.actor).toMatchObject({ clientId: 'desk', roles: ['admin'] })
  expect(first?.actor.userPseudonym).toMatch(/^staff-/)
  expect(first?.actor.userPseudonym).not.toBe(entry?.actor.userPseudonym)
})

test('a key with a wrong checksum costs the database nothing', async () => {
  const before = running.statements.length
  const token = 'bauta_ThisIsAnExampleAndNotAnyKey000000000'
  expect((await running.ask({ token }, ME)).status).toBe(401)
  const forged = [
    'a.b.c',
    `${Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')}.e30.`,
  ]
  for (const one of forged) expect((await running.ask({ token: one }, ME)).status).toBe(401)
  expect(running.statements.slice(before).filter((text) => /client|token/.test(text))).toEqual([])
})

test('the provider may change its keys: new tokens are taken, tokens of withdrawn keys are not', async () => {
  const old = { token: await signedIn('u-1'), purpose: 'SERVICE' }
  expect((await running.ask(old, ME)).status).toBe(200)
  provider = providerWith(await newKey('two'))
  const fresh = { token: await signedIn('u-1'), purpose: 'SERVICE' }
  // Keys are not asked for again at once: every forged token could make the gateway ask.
  expect((await running.ask(fresh, ME)).status).toBe(401)
  const now = Date.now.bind(Date)
  const later = jest.spyOn(Date, 'now').mockImplementation(() => now() + MINUTE)
  try {
    expect((await running.ask(fresh, ME)).data.viewer.roles).toEqual(['subject'])
    expect((await running.ask(old, ME)).status).toBe(401)
    later.mockImplementation(() => now() + 15 * MINUTE)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    const down = await running.ask(fresh, ME)
    expect([down.status, down.codes]).toEqual([503, ['PROVIDER_UNAVAILABLE']])
  } finally {
    later.mockRestore()
  }
})
