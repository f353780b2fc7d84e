import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { basic, OAuthHouse } from './oauth-house.ts'

const GRANT = 'grant_type=client_credentials'
const FORM = 'application/x-www-form-urlencoded'

/** What two servers can be compared by: everything that a client reacts to. */
interface Reaction {
  readonly status: number
  readonly error: unknown
  /** Whether caches are told to keep nothing. */
  readonly noStore: boolean
  /** Scheme of the challenge. */
  readonly challenge: string | null
}

interface Asked {
  readonly at: 'token' | 'introspect' | 'revoke'
  readonly form?: string
  readonly authorization?: string
  readonly method?: string
  readonly type?: string
}

let oauth: OAuthHouse
let peer: Server
const origins = { bauta: '', peer: '' }
/** The same client on both sides. */
const client = { id: 'acme', secret: '' }
const own = () => basic(client.id, client.secret)

beforeAll(async () => {
  oauth = await OAuthHouse.open()
  const { secret } = await oauth.house.client('acme', 'partner', {}, true)
  client.secret = secret ?? ''
  origins.bauta = await oauth.app.listen({ host: '127.0.0.1', port: 0 })
  peer = createServer().listen(0, '127.0.0.1')
  await once(peer, 'listening')
  origins.peer = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`
  const provider = new Provider(origins.peer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    scopes: ['profile:read'],
    ttl: { ClientCredentials: 600 },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      devInteractions: { enabled: false },
    },
    routes: {
      token: '/oauth/token',
      introspection: '/oauth/introspect',
      revocation: '/oauth/revoke',
    },
  })
  peer.on('request', provider.callback())
})
afterAll(async () => {
  await oauth.app.close()
  peer.close()
})

/** Stands in a form for a token that the client has from the server that is asked. */
const OWN = 'OWN-TOKEN'

async function ownToken(origin: string): Promise<string> {
  const response = await fetch(`${origin}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': FORM, authorization: own() },
    body: GRANT,
  })
  return ((await response.json()) as { access_token: string }).access_token
}

async function reactionOf(origin: string, { at, form = '', ...more }: Asked): Promise<Reaction> {
  const { method = 'POST', type = FORM, authorization } = more
  const body = form.includes(OWN) ? form.replace(OWN, await ownToken(origin)) : form
  const response = await fetch(`${origin}/oauth/${at}`, {
    method,
    headers: {
      ...(method === 'POST' ? { 'content-type': type } : {}),
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(method === 'POST' ? { body } : {}),
  })
  const text = await response.text()
  const challenge = response.headers.get('www-authenticate')
  return {
    status: response.status,
    error: text.startsWith('{') ? ((JSON.parse(text) as { error?: unknown }).error ?? null) : null,
    noStore: response.headers.get('cache-control')?.includes('no-store') ?? false,
    challenge: challenge === null ? null : (challenge.split(' ', 1)[0] ?? ''),
  }
}

const asked: readonly [string, () => Asked][] = [
  ['a token', () => ({ at: 'token', form: GRANT, authorization: own() })],
  [
    'a token, the secret in the form',
    () => ({ at: 'token', form: `${GRANT}&client_id=acme&client_secret=${client.secret}` }),
  ],
  [
    'a narrower token',
    () => ({ at: 'token', form: `${GRANT}&scope=profile:read`, authorization: own() }),
  ],
  ['no grant type', () => ({ at: 'token', authorization: own() })],
  ['an empty grant type', () => ({ at: 'token', form: 'grant_type=', authorization: own() })],
  [
    'an unknown grant type',
    () => ({ at: 'token', form: 'grant_type=password', authorization: own() }),
  ],
  [
    'a scope that does not exist',
    () => ({ at: 'token', form: `${GRANT}&scope=everything`, authorization: own() }),
  ],
  ['a parameter twice', () => ({ at: 'token', form: `${GRANT}&${GRANT}`, authorization: own() })],
  [
    'a parameter that is not known',
    () => ({ at: 'token', form: `${GRANT}&colour=red`, authorization: own() }),
  ],
  ['a wrong secret', () => ({ at: 'token', form: GRANT, authorization: basic('acme', 'wrong') })],
  [
    'a wrong secret in the form',
    () => ({ at: 'token', form: `${GRANT}&client_id=acme&client_secret=wrong` }),
  ],
  ['an unknown client', () => ({ at: 'token', form: GRANT, authorization: basic('nobody', 'x') })],
  [
    'an unknown client with a colon and a percent sign',
    () => ({ at: 'token', form: GRANT, authorization: basic('a:b%c', 'd:e%f') }),
  ],
  ['no client', () => ({ at: 'token', form: GRANT })],
  [
    'a header without colon',
    () => ({
      at: 'token',
      form: GRANT,
      authorization: `Basic ${Buffer.from('acme').toString('base64')}`,
    }),
  ],
  [
    'a header that is not form-encoded',
    () => ({
      at: 'token',
      form: GRANT,
      authorization: `Basic ${Buffer.from('%zz:%zz').toString('base64')}`,
    }),
  ],
  [
    'the secret twice',
    () => ({
      at: 'token',
      form: `${GRANT}&client_id=acme&client_secret=${client.secret}`,
      authorization: own(),
    }),
  ],
  [
    "another client's id beside the header",
    () => ({ at: 'token', form: `${GRANT}&client_id=other`, authorization: own() }),
  ],
  [
    'JSON',
    () => ({
      at: 'token',
      form: '{"grant_type":"client_credentials"}',
      type: 'application/json',
      authorization: own(),
    }),
  ],
  ['plain text', () => ({ at: 'token', form: GRANT, type: 'text/plain', authorization: own() })],
  ['GET', () => ({ at: 'token', method: 'GET', authorization: own() })],
  [
    'introspection of an own token',
    () => ({ at: 'introspect', form: `token=${OWN}`, authorization: own() }),
  ],
  [
    'introspection of garbage',
    () => ({ at: 'introspect', form: 'token=garbage', authorization: own() }),
  ],
  [
    'introspection with a hint that is not known',
    () => ({
      at: 'introspect',
      form: 'token=garbage&token_type_hint=cookie',
      authorization: own(),
    }),
  ],
  ['introspection of nothing', () => ({ at: 'introspect', authorization: own() })],
  ['introspection by nobody', () => ({ at: 'introspect', form: 'token=garbage' })],
  [
    'introspection with a wrong secret',
    () => ({ at: 'introspect', form: 'token=garbage', authorization: basic('acme', 'wrong') }),
  ],
  [
    'introspection of two tokens',
    () => ({ at: 'introspect', form: 'token=a&token=b', authorization: own() }),
  ],
  [
    'revocation of an own token',
    () => ({ at: 'revoke', form: `token=${OWN}`, authorization: own() }),
  ],
  ['revocation of garbage', () => ({ at: 'revoke', form: 'token=garbage', authorization: own() })],
  [
    'revocation with a hint that is not known',
    () => ({ at: 'revoke', form: 'token=garbage&token_type_hint=cookie', authorization: own() }),
  ],
  ['revocation of nothing', () => ({ at: 'revoke', authorization: own() })],
  ['revocation by nobody', () => ({ at: 'revoke', form: 'token=garbage' })],
  [
    'revocation with a wrong secret',
    () => ({ at: 'revoke', form: 'token=garbage', authorization: basic('acme', 'wrong') }),
  ],
  [
    'revocation of two tokens',
    () => ({ at: 'revoke', form: 'token=a&token=b', authorization: own() }),
  ],
  ['revocation by GET', () => ({ at: 'revoke', method: 'GET', authorization: own() })],
]

/** Where the two differ, and why we do it our way: what the peer does differently, with our reason. */
const explained: Readonly<
  Record<string, { readonly peer: Partial<Reaction>; readonly why: string }>
> = {
  'a scope that does not exist': {
    peer: { status: 200, error: null },
    why: 'RFC 6749 §5.2 has invalid_scope for it; the peer leaves out what it does not know',
  },
  'a wrong secret in the form': {
    peer: { challenge: null },
    why: 'RFC 9110 §15.5.2: every 401 names a scheme',
  },
  'no client': {
    peer: { status: 400, error: 'invalid_request', challenge: null },
    why: 'RFC 6749 §5.2: invalid_client where no client authentication is included',
  },
  'a header without colon': {
    peer: { status: 400, error: 'invalid_request', challenge: null },
    why: 'RFC 6749 §5.2: 401 to whoever tried the header; one answer for every credential that is none',
  },
  'a header that is not form-encoded': {
    peer: { status: 400, error: 'invalid_request', challenge: null },
    why: 'the same',
  },
  GET: { peer: { noStore: false }, why: 'we let nothing be kept, whatever the answer' },
  'introspection by nobody': {
    peer: { status: 400, error: 'invalid_request', challenge: null },
    why: 'RFC 7662 §2.3: 401 where the caller is not authenticated',
  },
  'revocation by nobody': {
    peer: { status: 400, error: 'invalid_request', challenge: null, noStore: false },
    why: 'RFC 7009 §2.1: the client is authenticated first',
  },
  ...Object.fromEntries(
    [
      'revocation of an own token',
      'revocation of garbage',
      'revocation with a hint that is not known',
      'revocation of nothing',
      'revocation with a wrong secret',
      'revocation of two tokens',
      'revocation by GET',
    ].map((what) => [
      what,
      { peer: { noStore: false }, why: 'we let nothing be kept, whatever the answer' },
    ]),
  ),
}

test.each(asked)('%s: both servers react alike, or as explained', async (what, how) => {
  const [ours, theirs] = await Promise.all([
    reactionOf(origins.bauta, how()),
    reactionOf(origins.peer, how()),
  ])
  expect(theirs).toEqual({ ...ours, ...explained[what]?.peer })
  // An explanation that explains nothing any more has to go.
  expect(JSON.stringify(theirs) !== JSON.stringify(ours)).toBe(what in explained)
})

test('nothing is explained that is not asked', () => {
  const names = asked.map(([what]) => what)
  expect(Object.keys(explained).filter((what) => !names.includes(what))).toEqual([])
})
