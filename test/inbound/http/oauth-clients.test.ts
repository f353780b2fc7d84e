import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import * as client from 'oauth4webapi'
import { TOKEN_EXCHANGE } from '../../../src/gateway/govern/tokens.ts'
import { type AccessHouse, ISSUER } from '../../gateway/access-house.ts'
import { reaching } from './client-library.ts'
import { OAuthHouse } from './oauth-house.ts'

let oauth: OAuthHouse
let house: AccessHouse
let as: client.AuthorizationServer
const partner: client.Client = { client_id: 'acme' }
const ingest: client.Client = { client_id: 'ingest' }
const secrets = new Map<string, string>()
const overSocket = reaching(() => oauth.app)
const authOf = ({ client_id }: client.Client) =>
  client.ClientSecretBasic(secrets.get(client_id) ?? '')

beforeAll(async () => {
  oauth = await OAuthHouse.open()
  house = oauth.house
  // The library asks the machine what time it is.
  house.clock.pass(Date.now() - house.clock.now())
  for (const [id, role] of [
    ['acme', 'partner'],
    ['ingest', 'ingest'],
  ] as const)
    secrets.set(id, (await house.client(id, role, {}, true)).secret ?? '')
  await house.client('shop', 'frontend')
  await house.newPerson('userId u-17')
  const found = await client.discoveryRequest(new URL(ISSUER), {
    algorithm: 'oauth2',
    ...overSocket,
  })
  as = await client.processDiscoveryResponse(new URL(ISSUER), found)
})
afterAll(async () => {
  await oauth.app.close()
})

async function granted(more: client.ClientCredentialsGrantRequestOptions = {}, scope = '') {
  const form = new URLSearchParams(scope === '' ? {} : { scope })
  const options = { ...overSocket, ...more }
  const auth = authOf(partner)
  const response = await client.clientCredentialsGrantRequest(as, partner, auth, form, options)
  return await client.processClientCredentialsResponse(as, partner, response)
}

const signingKey = () => {
  // RFC 8410 §7: what stands before the seed of an Ed25519 key.
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  const seed = house.keys.installationKey('token')
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' })
}

describe('a client that reads the metadata', () => {
  test('finds the server that gives tokens for the gateway, and all its addresses', async () => {
    const response = await client.resourceDiscoveryRequest(new URL(ISSUER), overSocket)
    const resource = await client.processResourceDiscoveryResponse(new URL(ISSUER), response)
    expect(resource).toMatchObject({ authorization_servers: [as.issuer], resource: ISSUER })
    expect(as).toMatchObject({
      issuer: ISSUER,
      token_endpoint: `${ISSUER}/oauth/token`,
      introspection_endpoint: `${ISSUER}/oauth/introspect`,
      revocation_endpoint: `${ISSUER}/oauth/revoke`,
      jwks_uri: `${ISSUER}/oauth/jwks`,
      authorization_details_types_supported: ['bauta'],
    })
  })
})

describe('a client with a secret', () => {
  test('gets a token, narrower where it asks, and may use it', async () => {
    const token = await granted({}, 'profile:read')
    expect(token).toMatchObject({ token_type: 'bearer', expires_in: 600, scope: 'profile:read' })
    expect((await house.authenticate(token.access_token)).scopes.has('profile:read')).toBe(true)
  })

  test('is told what the token says, by introspection', async () => {
    const { access_token } = await granted()
    const auth = authOf(partner)
    const response = await client.introspectionRequest(as, partner, auth, access_token, overSocket)
    const told = await client.processIntrospectionResponse(as, partner, response)
    expect(told).toMatchObject({
      active: true,
      client_id: 'acme',
      iss: ISSUER,
      token_type: 'Bearer',
    })
  })

  test('that may vouch for people gets a token for one of them', async () => {
    const form = {
      audience: 'shop',
      subject_token: 'u-17',
      subject_token_type: 'urn:bauta:identifier:userId',
    }
    const auth = authOf(ingest)
    const response = await client.genericTokenEndpointRequest(
      as,
      ingest,
      auth,
      TOKEN_EXCHANGE,
      form,
      overSocket,
    )
    const token = await client.processGenericTokenEndpointResponse(as, ingest, response)
    expect(token).toMatchObject({ expires_in: 60, token_type: 'bearer' })
    expect((await house.authenticate(token.access_token)).scopes.has('profile:read')).toBe(true)
  })
})

describe('a token that another resource server checks by the published keys', () => {
  const checked = async (token: string) =>
    await client.validateJwtAccessToken(
      as,
      new Request(`${ISSUER}/elsewhere`, { headers: { authorization: `Bearer ${token}` } }),
      ISSUER,
      overSocket,
    )
  const partsOf = (token: string) => {
    const [header = '', payload = ''] = token.split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    return { header: read(header), payload: read(payload) }
  }

  test('holds', async () => {
    const { access_token } = await granted()
    expect(await checked(access_token)).toMatchObject({
      client_id: 'acme',
      iss: ISSUER,
      aud: ISSUER,
    })
  })

  const mutations: readonly [string, (now: number) => object, object?][] = [
    ['iss', () => ({ iss: 'https://evil.example' })],
    ['no iss', () => ({ iss: undefined })],
    ['aud', () => ({ aud: 'https://other.example' })],
    ['no aud', () => ({ aud: undefined })],
    ['exp', (now) => ({ exp: now - 60 })],
    ['no exp', () => ({ exp: undefined })],
    ['nbf', (now) => ({ nbf: now + 60 })],
    ['no iat', () => ({ iat: undefined })],
    ['no sub', () => ({ sub: undefined })],
    ['no jti', () => ({ jti: undefined })],
    ['no client_id', () => ({ client_id: undefined })],
    ['client_id', () => ({ client_id: 17 })],
    ['cnf', () => ({ cnf: { jkt: 'x' } })],
    ['typ', () => ({}), { typ: 'JWT' }],
  ]
  test.each(mutations)(
    'is refused there and here with one claim changed: %s',
    async (_what, change, head = {}) => {
      const { header, payload } = partsOf((await granted()).access_token)
      const now = Math.floor(Date.now() / 1_000)
      const token = await new SignJWT({ ...payload, ...change(now) })
        .setProtectedHeader({ ...header, ...head })
        .sign(signingKey())
      await expect(checked(token)).rejects.toThrow()
      await expect(house.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    },
  )

  test('and signed anew by the same key without a change is accepted, so the changes were what was refused', async () => {
    const { header, payload } = partsOf((await granted()).access_token)
    const token = await new SignJWT(payload).setProtectedHeader(header).sign(signingKey())
    expect(await checked(token)).toMatchObject({ client_id: 'acme' })
    expect((await house.authenticate(token)).client.id).toBe('acme')
  })
})
