import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { lengthPrefixed } from '../../src/domain/privacy/pseudonym.ts'
import type { VisitorCookie } from '../../src/gateway/scope/visitor-cookie.ts'
import { SECOND } from '../../src/kernel/time.ts'
import { AccessHouse, ISSUER } from '../gateway/access-house.ts'

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

let house: AccessHouse
let shopKey: string
let person: string
let cookie: VisitorCookie
let claims: JWTPayload
let seconds: number
beforeAll(async () => {
  house = await AccessHouse.open()
  const shop = await house.client('shop', 'frontend')
  shopKey = shop.key
  await house.client('support', 'support')
  person = await house.newPerson()
  cookie = house.cookies.issue(shop.client, person, house.clock.now())
  seconds = Math.floor(house.clock.now() / SECOND)
  claims = {
    iss: ISSUER,
    aud: ISSUER,
    sub: house.audiences.of('shop').of(person),
    client_id: 'shop',
    scope: 'profile:read profile:contact',
    roles: ['frontend'],
    act: { sub: 'ingest' },
    jti: 'jti',
    iat: seconds,
    exp: seconds + 60,
  }
})

const seed = () => house.keys.installationKey('token')
const ownKey = () =>
  createPrivateKey({ key: Buffer.concat([PKCS8, seed()]), format: 'der', type: 'pkcs8' })
const signed = (payload: { [claim: string]: unknown }, header: object = {}, key = ownKey()) =>
  new SignJWT(payload as JWTPayload)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header })
    .sign(key)
const refused = expect.objectContaining({ code: 'UNAUTHENTICATED' })
const expectRefused = async (token: string) =>
  await expect(house.authenticate(token)).rejects.toEqual(refused)

describe('a forged token is refused', () => {
  test('while the same claims under our key are believed (so the rest of these tests mean something)', async () => {
    expect(await house.authenticate(await signed(claims))).toMatchObject({ subject: person })
  })

  test('without a signature', async () => {
    await expectRefused(new UnsecuredJWT(claims).encode())
    const [, body] = (await signed(claims)).split('.')
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt' })).toString('base64url')
      await expectRefused(`${header}.${body}.`)
    }
  })

  test('with another key', async () => {
    await expectRefused(await signed(claims, {}, generateKeyPairSync('ed25519').privateKey))
  })

  test('with the public key taken for a shared secret', async () => {
    const publicKey = createPublicKey(ownKey())
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt' })).toString(
      'base64url',
    )
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
    for (const secret of [
      publicKey.export({ format: 'der', type: 'spki' }),
      publicKey.export({ format: 'pem', type: 'spki' }),
      Buffer.from(String(publicKey.export({ format: 'jwk' }).x), 'base64url'),
    ]) {
      const mac = createHmac('sha256', secret).update(`${header}.${body}`).digest('base64url')
      await expectRefused(`${header}.${body}.${mac}`)
    }
  })

  test('with a key that it brings along itself', async () => {
    const stranger = generateKeyPairSync('ed25519')
    const jwk = stranger.publicKey.export({ format: 'jwk' })
    await expectRefused(await signed(claims, { jwk, kid: 'mine' }, stranger.privateKey))
  })

  test.each([
    ['another issuer', () => ({ ...claims, iss: 'https://evil.example' })],
    ['no issuer', () => ({ ...claims, iss: undefined })],
    ['another audience', () => ({ ...claims, aud: 'https://other.example' })],
    ['no audience', () => ({ ...claims, aud: undefined })],
    ['no expiry', () => ({ ...claims, exp: undefined })],
    ['an expiry in the past', () => ({ ...claims, exp: seconds })],
    ['no issue time', () => ({ ...claims, iat: undefined })],
    ['a beginning in the future', () => ({ ...claims, nbf: seconds + 30 })],
    ['no id', () => ({ ...claims, jti: undefined })],
    ['no client', () => ({ ...claims, client_id: undefined })],
    ['an unknown client', () => ({ ...claims, client_id: 'nobody' })],
    ['a client that is no text', () => ({ ...claims, client_id: ['shop'] })],
    ['no scope', () => ({ ...claims, scope: undefined })],
    ['nobody who vouches for the person', () => ({ ...claims, act: undefined })],
    ['a voucher that is no one', () => ({ ...claims, act: {} })],
    ['a voucher that rests on no one', () => ({ ...claims, act: { sub: 'ingest', act: {} } })],
    ['no roles', () => ({ ...claims, roles: undefined })],
    ['roles that the client does not have', () => ({ ...claims, roles: ['subject'] })],
    ['limits that nobody understands', () => ({ ...claims, authorization_details: [{}] })],
    ['a binding that nobody understands', () => ({ ...claims, cnf: { 'x5t#S256': 'x' } })],
    ['a person at a client of the staff', () => ({ ...claims, client_id: 'support' })],
    ['an internal id in place of a pseudonym', () => ({ ...claims, sub: person })],
    ['a subject that is no pseudonym', () => ({ ...claims, sub: 'alice@example.com' })],
  ])('with %s', async (_what, forged: () => object) => {
    await expectRefused(await signed({ ...forged() }))
  })

  test('of another type, such as an id token', async () => {
    await expectRefused(await signed(claims, { typ: 'JWT' }))
    await expectRefused(await signed(claims, { typ: undefined }))
  })

  test('with any letter changed', async () => {
    const token = await signed(claims)
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 2), async (at) => {
        const other = token[at] === 'A' ? 'B' : 'A'
        await expectRefused(token.slice(0, at) + other + token.slice(at + 1))
      }),
      { numRuns: 50 },
    )
  })

  test("that names a person by another audience's pseudonym, which stands for nobody in this one", async () => {
    const sub = house.audiences.of('acme').of(person)
    await expectRefused(await signed({ ...claims, sub }))
  })
})

describe('a visitor cookie is refused', () => {
  const expectNoVisitor = async (value: string, key = shopKey) =>
    await expect(house.authenticate(key, value)).rejects.toEqual(refused)

  test('while the real one is believed', async () => {
    expect(await house.authenticate(shopKey, cookie.value)).toMatchObject({ subject: person })
  })

  test('at another front end, even one of the same audience', async () => {
    const twin = await house.client('twin', 'frontend', { audience: 'shop' })
    const other = await house.client('other', 'frontend')
    await expectNoVisitor(cookie.value, twin.key)
    await expectNoVisitor(cookie.value, other.key)
  })

  test('with any part changed', async () => {
    const [version, pseudonym, expiry, mac] = cookie.value.split('.')
    const someone = house.audiences.of('shop').of(await house.newPerson())
    for (const value of [
      `v2.${pseudonym}.${expiry}.${mac}`,
      `${version}.${someone}.${expiry}.${mac}`,
      `${version}.${pseudonym}.${Number(expiry) + 1}.${mac}`,
      `${version}.${pseudonym}.${expiry}.${mac?.slice(1)}`,
      `${version}.${pseudonym}.${expiry}.`,
      `${version}.${pseudonym}.${expiry}.${mac}.`,
      'v1',
      '',
    ])
      await expectNoVisitor(value)
  })

  test('signed with a key for another use', async () => {
    const [version, pseudonym, expiry] = cookie.value.split('.')
    const mac = createHmac('sha256', house.keys.installationKey('cursor'))
      .update(lengthPrefixed(['bauta/visitor/v1', 'shop', String(pseudonym), String(expiry)]))
      .digest('base64url')
    await expectNoVisitor(`${version}.${pseudonym}.${expiry}.${mac}`)
  })

  test('after its time', async () => {
    const late = await AccessHouse.open()
    const { key, client } = await late.client('shop', 'frontend')
    const { value, expiresAt } = late.cookies.issue(
      client,
      await late.newPerson(),
      late.clock.now(),
    )
    late.clock.pass(expiresAt - late.clock.now() - 1)
    await expect(late.authenticate(key, value)).resolves.toMatchObject({ roles: ['visitor'] })
    late.clock.pass(1)
    await expect(late.authenticate(key, value)).rejects.toEqual(refused)
  })

  test('in no case does it lend a partner or the staff a person', async () => {
    const partner = await house.client('acme', 'partner')
    expect(await house.authenticate(partner.key, cookie.value)).toMatchObject({ subject: null })
  })
})
