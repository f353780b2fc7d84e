import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pass } from 'node:timers/promises'
import {
  exportJWK,
  exportSPKI,
  type GenerateKeyPairResult,
  generateKeyPair,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose'
import type { IdentityProvider } from '../../../src/domain/access/identity-provider.ts'
import { MINUTE, SECOND } from '../../../src/kernel/time.ts'
import { JoseForeignTokens } from '../../../src/outbound/keys/jose-foreign-tokens.ts'

const NOW = Date.UTC(2026, 0, 31, 9, 30)
const ISSUER = 'https://id.example.com'
const AUDIENCE = 'https://gateway.example.com'
const IN_A_MINUTE = (NOW + MINUTE) / SECOND

let pair: GenerateKeyPairResult
let other: GenerateKeyPairResult
let server: Server
let url: string
/** What the provider answers, and how often it was asked. */
let published: { status: number; body: string }
let fetches: number

beforeAll(async () => {
  const made = async () => await generateKeyPair('ES256', { extractable: true })
  ;[pair, other] = await Promise.all([made(), made()])
  server = createServer((_, response) => {
    fetches++
    response.writeHead(published.status, { 'content-type': 'application/json' })
    response.end(published.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
})
beforeEach(async () => {
  fetches = 0
  await publish([pair, 'one'])
})
afterAll(() => void server.close())

async function publish(...keys: readonly [GenerateKeyPairResult, string][]): Promise<void> {
  const jwks = keys.map(async ([{ publicKey }, kid]) => ({ ...(await exportJWK(publicKey)), kid }))
  published = { status: 200, body: JSON.stringify({ keys: await Promise.all(jwks) }) }
}

const provider = (changes: Partial<IdentityProvider> = {}): IdentityProvider => ({
  issuer: ISSUER,
  audience: AUDIENCE,
  jwks: new URL(url),
  algorithms: ['ES256', 'RS256'],
  type: 'at+jwt',
  clockTolerance: 0,
  clientId: 'shop',
  people: { person: { claim: 'sub', kind: 'userId' } },
  ...changes,
})

const reader = (
  fetching = { maxAge: MINUTE, cooldown: 0, timeout: SECOND },
  ...providers: IdentityProvider[]
) => new JoseForeignTokens(providers.length > 0 ? providers : [provider()], fetching)

const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: 'u-1', exp: IN_A_MINUTE }
const HEADER: JWTHeaderParameters = { alg: 'ES256', typ: 'at+jwt', kid: 'one' }

async function token(
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
  key: Parameters<SignJWT['sign']>[0] = pair.privateKey,
): Promise<string> {
  const all = Object.entries({ ...CLAIMS, ...claims }).filter(([, value]) => value !== undefined)
  return await new SignJWT(Object.fromEntries(all))
    .setProtectedHeader({ ...HEADER, ...header } as JWTHeaderParameters)
    .sign(key)
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token of an identity provider', () => {
  test('is read, with what it says and until when', async () => {
    const read = await reader().read(await token({ groups: ['a'] }), NOW)
    expect(read).toMatchObject({
      provider: { clientId: 'shop' },
      claims: { sub: 'u-1', groups: ['a'] },
      expiresAt: NOW + MINUTE,
    })
  })

  const wrong: readonly [string, () => Promise<string>][] = [
    ['expires now', async () => await token({ exp: NOW / SECOND })],
    ['never expires', async () => await token({ exp: undefined })],
    ['is not valid yet', async () => await token({ nbf: NOW / SECOND + 1 })],
    ['names nobody', async () => await token({ sub: undefined })],
    ['is of another issuer', async () => await token({ iss: 'https://evil.example.com' })],
    ['is of an issuer with a slash more', async () => await token({ iss: `${ISSUER}/` })],
    ['has no issuer', async () => await token({ iss: undefined })],
    ['is for another audience', async () => await token({ aud: 'https://other.example.com' })],
    ['is for nobody', async () => await token({ aud: undefined })],
    ['is an ID token', async () => await token({}, { typ: 'JWT' })],
    ['says not what it is', async () => await token({}, { typ: undefined })],
    ['is signed by somebody else', async () => await token({}, {}, other.privateKey)],
    ['names a key that is not published', async () => await token({}, { kid: 'two' })],
    ['brings its own key', async () => await withOwnKey()],
    [
      'is signed by nobody',
      async () => `${encoded({ ...HEADER, alg: 'none' })}.${encoded(CLAIMS)}.`,
    ],
    ['has lost its signature', async () => `${(await token()).split('.').slice(0, 2).join('.')}.`],
    ['is signed with the public key as a secret', async () => await confused()],
    ['has a claim changed after it was signed', async () => await tampered()],
    ['asks for an extension that nobody knows', async () => await critical()],
    ['has one part', async () => 'a.'],
    ['is encrypted', async () => 'a.b.c.d.e'],
    ['is no JSON', async () => `${encoded(HEADER)}.YQ.YQ`],
  ]
  test.each(wrong)('that %s is not', async (_what, made) => {
    expect(await reader().read(await made(), NOW)).toBeNull()
  })

  test('that could not be checked by any algorithm of its provider costs it no request', async () => {
    const forged = [await confused(), `${encoded({ ...HEADER, alg: 'none' })}.${encoded(CLAIMS)}.`]
    const foreign = [await token({ iss: 'https://evil.example.com' }), await token({ aud: 'x' })]
    const read = reader()
    for (const one of [...forged, ...foreign]) expect(await read.read(one, NOW)).toBeNull()
    expect(fetches).toBe(0)
  })

  test('that is an ID token is read where that is what its provider is registered for', async () => {
    const id = reader(undefined, provider({ type: 'JWT' }))
    expect(await id.read(await token({}, { typ: 'JWT' }), NOW)).not.toBeNull()
    expect(await id.read(await token({}, { typ: undefined }), NOW)).not.toBeNull()
    for (const typ of ['at+jwt', 'logout+jwt', 'dpop+jwt', 'secevent+jwt'])
      expect(await id.read(await token({}, { typ }), NOW)).toBeNull()
  })

  test('is as old as the clocks of both may differ, and no older', async () => {
    const late = reader(undefined, provider({ clockTolerance: 30 * SECOND }))
    const [just, gone] = [NOW / SECOND - 29, NOW / SECOND - 30]
    const read = await late.read(await token({ exp: just }), NOW)
    expect(read?.expiresAt).toBe(NOW + SECOND)
    expect(await late.read(await token({ exp: gone }), NOW)).toBeNull()
  })

  test('is read for the one of several registrations whose audience it has, and for none if it has two', async () => {
    const staff = provider({ audience: 'staff', clientId: 'desk' })
    const both = reader(undefined, provider(), staff)
    expect((await both.read(await token({ aud: ['staff', 'x'] }), NOW))?.provider).toBe(staff)
    expect(await both.read(await token({ aud: ['staff', AUDIENCE] }), NOW)).toBeNull()
  })
})

describe('the keys of an identity provider', () => {
  test('are fetched once for many tokens', async () => {
    const read = reader()
    await Promise.all(Array.from({ length: 10 }, async () => await read.read(await token(), NOW)))
    expect(await read.read(await token(), NOW)).not.toBeNull()
    expect(fetches).toBe(1)
  })

  test('may be followed by others: a new one is found, a withdrawn one counts no more', async () => {
    const read = reader({ maxAge: MINUTE, cooldown: 0, timeout: SECOND })
    const old = await token()
    expect(await read.read(old, NOW)).not.toBeNull()
    await publish([other, 'two'])
    expect(await read.read(await token({}, { kid: 'two' }, other.privateKey), NOW)).not.toBeNull()
    expect(await read.read(old, NOW)).toBeNull()
  })

  test('are not asked for again by every token that names an unknown one', async () => {
    const read = reader({ maxAge: MINUTE, cooldown: MINUTE, timeout: SECOND })
    for (let n = 0; n < 20; n++)
      expect(await read.read(await token({}, { kid: `made-up-${n}` }), NOW)).toBeNull()
    expect(fetches).toBe(1)
  })

  test('that were withdrawn count for as long as they may be remembered, and no longer', async () => {
    const read = reader({ maxAge: 20, cooldown: 0, timeout: SECOND })
    expect(await read.read(await token(), NOW)).not.toBeNull()
    await publish([other, 'two'])
    await pass(30)
    expect(await read.read(await token(), NOW)).toBeNull()
  })

  const broken: readonly [string, { status: number; body: string }][] = [
    ['answers with an error', { status: 500, body: '' }],
    ['sends elsewhere', { status: 302, body: '' }],
    ['answers with no JSON', { status: 200, body: '<html>' }],
    ['answers with no keys', { status: 200, body: '{"keys":"none"}' }],
  ]
  test.each(broken)('can not be had where it %s: then nobody is believed', async (_what, body) => {
    published = body
    await expect(reader().read(await token(), NOW)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    })
  })

  test('can not be had where nobody answers, not even for tokens believed before', async () => {
    const read = reader({ maxAge: 20, cooldown: 0, timeout: SECOND })
    expect(await read.read(await token(), NOW)).not.toBeNull()
    published = { status: 503, body: '' }
    await pass(30)
    const gone = reader(undefined, provider({ jwks: new URL('http://127.0.0.1:1/jwks') }))
    for (const one of [read, gone])
      await expect(one.read(await token(), NOW)).rejects.toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
      })
  })

  test('that are too weak make no token valid, however well it is signed', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const jwk = { ...weak.publicKey.export({ format: 'jwk' }), kid: 'one' }
    published = { status: 200, body: JSON.stringify({ keys: [jwk] }) }
    const signed = `${encoded({ ...HEADER, alg: 'RS256' })}.${encoded(CLAIMS)}`
    const signature = sign('sha256', Buffer.from(signed), weak.privateKey).toString('base64url')
    expect(await reader().read(`${signed}.${signature}`, NOW)).toBeNull()
  })

  test('that are secrets or broken make no token valid', async () => {
    const secret = { kty: 'oct', k: Buffer.from('secret').toString('base64url'), kid: 'one' }
    published = { status: 200, body: JSON.stringify({ keys: [secret] }) }
    expect(await reader().read(await token(), NOW)).toBeNull()
    const broken = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'one' }
    published = { status: 200, body: JSON.stringify({ keys: [broken] }) }
    await expect(reader().read(await token(), NOW)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    })
  })
})

async function withOwnKey(): Promise<string> {
  const jwk = await exportJWK(other.publicKey)
  return await token({}, { jwk, kid: undefined, jku: url }, other.privateKey)
}

async function confused(): Promise<string> {
  const secret = new TextEncoder().encode(await exportSPKI(pair.publicKey))
  return await token({}, { alg: 'HS256' }, secret)
}

async function tampered(): Promise<string> {
  const [header, , signature] = (await token()).split('.')
  return [header, encoded({ ...CLAIMS, sub: 'u-2' }), signature].join('.')
}

async function critical(): Promise<string> {
  const [, payload, signature] = (await token()).split('.')
  return [encoded({ ...HEADER, crit: ['x'], x: 1 }), payload, signature].join('.')
}
