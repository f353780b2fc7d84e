import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import { DpopProofs } from '../../../src/gateway/scope/dpop-proofs.ts'
import { MINUTE, SECOND } from '../../../src/kernel/time.ts'
import { JoseDpopReader } from '../../../src/outbound/keys/jose-dpop-reader.ts'
import { InProcessUsedProofs } from '../../../src/outbound/redis/in-process-used-proofs.ts'
import { SetClock } from '../../clock-and-randomness.ts'

const HOUSE = 'https://bauta.example'
const NOW = Date.UTC(2026, 0, 31, 9, 30)
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

let clock: SetClock
let proofs: DpopProofs
beforeEach(() => {
  clock = new SetClock(NOW)
  proofs = new DpopProofs(new JoseDpopReader(), new InProcessUsedProofs(), HOUSE, clock)
})

const asked = (text: string, method = 'POST', path = '/graphql') => ({ text, method, path })
const athOf = (token: string) => createHash('sha256').update(token).digest('base64url')

let made = 0
const claims = (more: object = {}) => ({
  jti: `proof-${++made}`,
  htm: 'POST',
  htu: `${HOUSE}/graphql`,
  iat: NOW / SECOND,
  ...more,
})

async function proof(
  said: object,
  header: object = {},
  key: { publicKey: KeyObject; privateKey: KeyObject } = pair,
): Promise<string> {
  const jwk = await exportJWK(key.publicKey)
  return await new SignJWT({ ...said })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(key.privateKey)
}
const accepted = async (text: string) => (await proofs.accept(asked(text))) !== null

describe('published vectors', () => {
  test('the proof of RFC 9449 §4.1 is read, and its key has the thumbprint of §6.1', async () => {
    const published =
      'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg'
    const iat = 1_562_262_616 * SECOND
    expect(await new JoseDpopReader().read(published, iat)).toEqual({
      jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
      jti: '-BwC3ESc6acc2lTc',
      htm: 'POST',
      htu: 'https://server.example.com/token',
      issuedAt: iat,
      ath: null,
    })
    const server = new DpopProofs(
      new JoseDpopReader(),
      new InProcessUsedProofs(),
      'https://server.example.com',
      new SetClock(iat),
    )
    expect(await server.accept(asked(published, 'POST', '/token'))).not.toBeNull()
  })

  test('the thumbprint of RFC 7638 §3.1 comes out', async () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    expect(await calculateJwkThumbprint({ kty: 'RSA', n, e: 'AQAB' })).toBe(
      'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    )
  })

  test('a proof made for the token of RFC 9449 §7.1 covers it, and no other', async () => {
    const token = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
    const ath = 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo'
    const jkt = await calculateJwkThumbprint(await exportJWK(pair.publicKey))
    const shown = asked(await proof(claims({ ath })))
    expect(await proofs.cover(token, jkt, shown)).toBe(true)
    expect(await proofs.cover(`${token}x`, jkt, shown)).toBe(false)
  })
})

describe('a proof', () => {
  test.each(['ES256', 'EdDSA', 'Ed25519'])('may be signed with %s', async (alg) => {
    const key = alg === 'ES256' ? pair : generateKeyPairSync('ed25519')
    const jwk = await exportJWK(key.publicKey)
    expect(await accepted(await proof(claims(), { alg, jwk }, key))).toBe(true)
  })

  test.each<[string, () => Promise<string>]>([
    ['nothing', async () => ''],
    ['no JWT', async () => 'proof'],
    ['two of them', async () => `${await proof(claims())}, ${await proof(claims())}`],
    ['one that is too long', async () => await proof(claims({ more: 'x'.repeat(2_000) }))],
    ['another type', async () => await proof(claims(), { typ: 'JWT' })],
    ['no type', async () => await proof(claims(), { typ: undefined })],
    ['no key', async () => await proof(claims(), { jwk: undefined })],
    [
      "another's key",
      async () =>
        await proof(claims(), {
          jwk: await exportJWK(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
        }),
    ],
    ['a key that is none', async () => await proof(claims(), { jwk: { kty: 'EC', crv: 'P-256' } })],
    [
      'a key off the curve',
      async () => await proof(claims(), { jwk: { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' } }),
    ],
    ['a private key', async () => await proof(claims(), { jwk: await exportJWK(pair.privateKey) })],
    [
      'RSA',
      async () => await proof(claims(), { alg: 'RS256', jwk: await exportJWK(rsa.publicKey) }, rsa),
    ],
    [
      'a shared secret',
      async () =>
        await new SignJWT(claims())
          .setProtectedHeader({
            alg: 'HS256',
            typ: 'dpop+jwt',
            jwk: { kty: 'oct', k: 'c2VjcmV0' } as object,
          })
          .sign(Buffer.from('secret'.repeat(8))),
    ],
    [
      'no signature',
      async () => {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
        const jwk = await exportJWK(pair.publicKey)
        return `${part({ alg: 'none', typ: 'dpop+jwt', jwk })}.${part(claims())}.`
      },
    ],
    ...(['jti', 'htm', 'htu', 'iat'] as const).map((name): [string, () => Promise<string>] => [
      `no ${name}`,
      async () => await proof(claims({ [name]: undefined })),
    ]),
    ['an empty jti', async () => await proof(claims({ jti: '' }))],
    ['an ath that is no text', async () => await proof(claims({ ath: 1 }))],
    ['another method', async () => await proof(claims({ htm: 'GET' }))],
    ['a method in small letters', async () => await proof(claims({ htm: 'post' }))],
    ['another host', async () => await proof(claims({ htu: 'https://evil.example/graphql' }))],
    ['another scheme', async () => await proof(claims({ htu: 'http://bauta.example/graphql' }))],
    ['another port', async () => await proof(claims({ htu: 'https://bauta.example:444/graphql' }))],
    ['another path', async () => await proof(claims({ htu: `${HOUSE}/graphql/stream` }))],
    ['no address', async () => await proof(claims({ htu: '/graphql' }))],
  ])('is refused: %s', async (_what, text) => {
    expect(await accepted(await text())).toBe(false)
  })

  test.each([
    `${HOUSE}/graphql?query=x`,
    `${HOUSE}/graphql#part`,
    'https://BAUTA.example:443/graphql',
    `${HOUSE}/other/../graphql`,
  ])('may write the address as %s, which is the same', async (htu) => {
    expect(await accepted(await proof(claims({ htu })))).toBe(true)
  })

  test.each([
    [-61, false],
    [-60, true],
    [10, true],
    [11, false],
  ])('made %d seconds from now counts: %s', async (seconds, counts) => {
    expect(await accepted(await proof(claims({ iat: NOW / SECOND + seconds })))).toBe(counts)
  })

  test('counts for one request, in which it may be asked about again, also when it has grown old', async () => {
    const text = await proof(claims())
    const shown = asked(text)
    expect(await proofs.accept(shown)).not.toBeNull()
    clock.pass(10 * MINUTE)
    expect(await proofs.accept(shown)).not.toBeNull()
    clock.pass(-10 * MINUTE)
    expect(await proofs.accept(asked(text))).toBeNull()
  })

  test('that is shown many times at once counts once', async () => {
    const text = await proof(claims())
    const all = await Promise.all(Array.from({ length: 20 }, () => proofs.accept(asked(text))))
    expect(all.filter(Boolean)).toHaveLength(1)
  })

  test("does not use up another key's proof of the same name", async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(await accepted(await proof(claims({ jti: 'same' })))).toBe(true)
    expect(await accepted(await proof(claims({ jti: 'same' }), {}, other))).toBe(true)
    expect(await accepted(await proof(claims({ jti: 'same' })))).toBe(false)
  })

  test('with any letter changed counts for nothing', async () => {
    const text = await proof(claims())
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.constantFrom('A', 'z', '_', '.'),
        async (at, letter) => {
          fc.pre(text[at] !== letter)
          const changed = text.slice(0, at) + letter + text.slice(at + 1)
          // The last letter of a part may hold bits that stand for nothing.
          fc.pre(!sameBytes(text, changed))
          expect(await accepted(changed)).toBe(false)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('that is any text whatever is refused and breaks nothing', async () => {
    const part = fc.oneof(
      fc.string(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
        expect(await accepted(parts.join('.'))).toBe(false)
      }),
      { numRuns: 100 },
    )
  })
})

function sameBytes(one: string, other: string): boolean {
  const bytes = (text: string) =>
    text
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('hex'))
      .join('.')
  return bytes(one) === bytes(other)
}

describe('a token', () => {
  const token = 'a.b.c'
  const ath = athOf(token)
  const jktOf = async () => await calculateJwkThumbprint(await exportJWK(pair.publicKey))

  test('that is bound counts with a proof of its key only, made for it', async () => {
    const jkt = await jktOf()
    const cover = async (said: object, key = pair) =>
      await proofs.cover(token, jkt, asked(await proof(claims(said), {}, key)))
    expect(await cover({ ath })).toBe(true)
    expect(await cover({})).toBe(false)
    expect(await cover({ ath: athOf('another') })).toBe(false)
    expect(await cover({ ath }, generateKeyPairSync('ec', { namedCurve: 'P-256' }))).toBe(false)
    expect(await proofs.cover(token, jkt, null)).toBe(false)
  })

  test('that is bound to nothing is a bearer token and nothing else', async () => {
    expect(await proofs.cover(token, null, null)).toBe(true)
    expect(await proofs.cover(token, null, asked(await proof(claims({ ath }))))).toBe(false)
  })
})
