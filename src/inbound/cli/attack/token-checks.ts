import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { asked, type Check, notUnauthenticated, type Sent, type Target } from './check.ts'

type Claims = Readonly<Record<string, unknown>>
const HOUR_S = 3_600
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** What the given token claims, if it is a signed one; otherwise what one might. */
function claimsOf(token: string): Claims {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims
  } catch {
    return {
      iss: 'bauta',
      aud: 'bauta',
      sub: 'admin',
      client_id: 'admin',
      jti: 'attack',
      exp: 9_999_999_999,
    }
  }
}

const withToken = (target: Target, token: string): Sent =>
  asked({ ...target, token }, { query: '{ viewer { client } }' })

function signed(header: object, claims: Claims, signature: (text: string) => Buffer): string {
  const text = `${encoded({ typ: 'at+jwt', ...header })}.${encoded(claims)}`
  return `${text}.${signature(text).toString('base64url')}`
}

const nothing = () => Buffer.alloc(0)

/** A token that was made here, whatever it says, has to be refused. */
const forged = (
  name: string,
  claim: string,
  tokens: (claims: Claims, target: Target) => readonly string[],
): Check => ({
  name,
  claim,
  sent: (target) => tokens(claimsOf(target.token), target).map((token) => withToken(target, token)),
  wrong: notUnauthenticated,
})

/** Claims that the holder of a token would like to have, under the signature that it came with. */
const altered = (name: string, claim: string, change: (claims: Claims) => Claims): Check => ({
  ...forged(name, claim, (claims, { token }) => {
    const [header, , signature] = token.split('.')
    if (signature === undefined) return []
    return [`${header}.${encoded(change(claims))}.${signature}`]
  }),
  needs: 'a signed token (POST /oauth/token) in place of a key',
})

/** Keys that were made up, the first with the checksum of a real one: it is looked for, and not found. */
function madeUpKeys(): readonly string[] {
  const body = 'Attack0'.padEnd(30, '0')
  return [`bauta_${body}${base62(crc32(body)).padStart(6, '0')}`, `bauta_${body}000000`]
}

function base62(value: number): string {
  const rest = DIGITS.charAt(value % 62)
  return value < 62 ? rest : base62(Math.floor(value / 62)) + rest
}

/** Who is believed. */
export const tokenChecks: readonly Check[] = [
  {
    name: 'no-token',
    claim: 'Whoever shows no token is told nothing but to show one.',
    sent: (target) => {
      const { authorization: _none, ...headers } = asked(target, {}).headers
      const body = JSON.stringify({ query: '{ viewer { client } }' })
      return ['/graphql', '/graphql/stream', '/v1/visitor'].map((path) => ({
        method: 'POST',
        path,
        headers,
        body,
      }))
    },
    wrong: notUnauthenticated,
  },
  {
    name: 'token-elsewhere',
    claim: 'A token counts in the Authorization header only, never in an address.',
    sent: ({ token }) =>
      ['access_token', 'token', 'api_key'].map((name) => ({
        method: 'GET',
        path: `/graphql?query=%7B__typename%7D&${name}=${encodeURIComponent(token)}`,
        headers: { 'apollo-require-preflight': 'true', accept: 'application/json' },
      })),
    wrong: notUnauthenticated,
  },
  forged('cut-token', 'A token that lacks a character is none.', (_claims, { token }) => [
    token.slice(0, -1),
    token.slice(1),
    `${token}A`,
  ]),
  forged('forged-key', 'A key that has the form of one is none.', madeUpKeys),
  forged('alg-none', 'A token without a signature is none.', (claims) =>
    ['none', 'None', 'NONE', 'nOnE'].map((alg) => signed({ alg }, claims, nothing)),
  ),
  forged('key-confusion', 'A token chooses neither its key nor how it is checked.', (claims) => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const jwk = publicKey.export({ format: 'jwk' })
    const own = (text: string) => sign(null, Buffer.from(text), privateKey)
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    return [
      ...['', 'secret', pem].map((key) =>
        signed({ alg: 'HS256' }, claims, (text) => createHmac('sha256', key).update(text).digest()),
      ),
      signed({ alg: 'EdDSA', jwk }, claims, own),
      signed({ alg: 'EdDSA', kid: '../../../../dev/null' }, claims, own),
      signed({ alg: 'EdDSA', jku: 'http://127.0.0.1:9/jwks.json' }, claims, own),
      signed({ alg: 'EdDSA' }, claims, own),
    ]
  }),
  altered('expired-token', 'The expiry of a token is not for its holder to say.', (claims) => ({
    ...claims,
    exp: Number(claims.exp ?? 0) + 365 * 24 * HOUR_S,
  })),
  altered('wrong-audience', 'A token for others is none for us.', (claims) => ({
    ...claims,
    aud: 'https://other.example',
  })),
  altered('widened-token', 'A token can not be given more than it had.', (claims) => ({
    ...claims,
    scope: 'clients:write audit:export profile:contact',
  })),
  {
    name: 'token-endpoint',
    claim: 'Whoever does not know a secret gets no token, and answers are not kept.',
    sent: () =>
      ['client_credentials', 'password', 'urn:ietf:params:oauth:grant-type:token-exchange'].map(
        (grant) => ({
          method: 'POST',
          path: '/oauth/token',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({
            grant_type: grant,
            client_id: 'admin',
            client_secret: 'admin',
            username: 'admin',
            password: 'admin',
          }).toString(),
        }),
      ),
    wrong: ({ status, headers, body }) => {
      if (/access_token/.test(body)) return 'there is a token in it'
      if (status !== 400 && status !== 401) return `it was answered with ${status}`
      return headers['cache-control']?.includes('no-store') ? null : 'it may be kept'
    },
  },
]
