import { brotliCompressSync, gzipSync } from 'node:zlib'
import {
  type Answer,
  anyOf,
  asked,
  type Check,
  notRefused,
  type Sent,
  type Target,
} from './check.ts'

const QUERY = '{ __typename }'
const EVIL = 'evil.example'
const MEGABYTE = 1024 * 1024

const got = (
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Sent => ({
  method,
  path,
  headers,
})
const bearer = ({ token }: Target) => ({ authorization: `Bearer ${token}` })

/** What may not be told to a page of an origin that nobody lists. */
function shared({ headers }: Answer): string | null {
  const origin = headers['access-control-allow-origin']
  return origin === undefined ? null : `pages of ${origin} may read it`
}

function plain({ headers }: Answer): string | null {
  const policy = headers['content-security-policy'] ?? ''
  if (headers['x-content-type-options'] !== 'nosniff') return 'browsers may guess its type'
  if (!headers['cache-control']?.includes('no-store')) return 'it may be kept'
  if (!policy.includes('frame-ancestors')) return 'it may be put into frames'
  if (policy.includes('unsafe-')) return 'its policy allows what is unsafe'
  return ['x-powered-by', 'server'].some((name) => headers[name] !== undefined)
    ? 'it names what it runs on'
    : null
}

/** What is wrong below GraphQL: methods, content types, hosts, origins, bodies, headers. */
export const transportChecks: readonly Check[] = [
  {
    name: 'get-mutation',
    claim: 'An address changes nothing.',
    sent: (target) => [
      got(`/graphql?query=${encodeURIComponent('mutation { __typename }')}`, {
        ...bearer(target),
        'apollo-require-preflight': 'true',
      }),
    ],
    wrong: notRefused,
  },
  {
    name: 'get-query-from-a-page',
    claim: 'An address that any page can load is no query.',
    sent: (target) => [got(`/graphql?query=${encodeURIComponent(QUERY)}`, bearer(target))],
    wrong: notRefused,
  },
  {
    name: 'form-post',
    claim: 'What any page can post without being asked for leave is no query.',
    sent: (target) =>
      (
        [
          ['application/x-www-form-urlencoded', `query=${encodeURIComponent(QUERY)}`],
          ['text/plain', JSON.stringify({ query: QUERY })],
          [
            'multipart/form-data; boundary=b',
            `--b\r\ncontent-disposition: form-data; name="query"\r\n\r\n${QUERY}\r\n--b--`,
          ],
        ] as const
      ).map(([type, body]) => asked(target, body, { 'content-type': type })),
    wrong: notRefused,
  },
  {
    name: 'query-page',
    claim: 'There is no page to try queries on.',
    sent: (target) =>
      ['/graphql', '/graphiql', '/playground'].map((path) =>
        got(path, { ...bearer(target), accept: 'text/html' }),
      ),
    wrong: ({ status, body }) =>
      status === 200 && /<html|graphiql|playground|sandbox/i.test(body) ? 'there is a page' : null,
  },
  {
    name: 'trace',
    claim: 'A request does not come back, and its method is the one it has.',
    sent: (target) => [
      got('/graphql', { ...bearer(target), 'x-canary': 'bautaattackcanary' }, 'TRACE'),
      got(`/graphql?query=${encodeURIComponent(QUERY)}`, {
        ...bearer(target),
        'x-http-method-override': 'POST',
      }),
    ],
    wrong: (answer) =>
      answer.body.includes('bautaattackcanary') ? 'the request came back' : notRefused(answer),
  },
  {
    name: 'host',
    claim: 'A host name that is not ours is not served, wherever it stands.',
    sent: (target) => [
      asked(target, { query: QUERY }, { host: EVIL }),
      { ...asked(target, { query: QUERY }), path: `http://${EVIL}/graphql` },
    ],
    wrong: notRefused,
  },
  {
    name: 'forwarded-host',
    claim: 'Forwarding headers are not taken for the host.',
    sent: (target) => [
      asked(target, { query: QUERY }, { 'x-forwarded-host': EVIL, forwarded: `host=${EVIL}` }),
      got('/.well-known/oauth-authorization-server', { 'x-forwarded-host': EVIL }),
    ],
    wrong: ({ headers, body }) =>
      JSON.stringify(headers).includes(EVIL) || body.includes(EVIL) ? 'it was believed' : null,
  },
  {
    name: 'foreign-pages',
    claim: 'A page that nobody lists reads nothing and sends nothing.',
    sent: (target) =>
      [`https://${EVIL}`, 'null'].flatMap((origin) => [
        got('/graphql', { origin, 'access-control-request-method': 'POST' }, 'OPTIONS'),
        asked(target, { query: QUERY }, { origin }),
      ]),
    wrong: anyOf(shared, notRefused),
  },
  {
    name: 'headers',
    claim: 'Answers may not be kept, guessed or framed, and name no software.',
    sent: (target) => [
      asked(target, { query: QUERY }),
      asked(target, '{'),
      got('/nowhere'),
      got('/%zz'),
      got('/oauth/token', {}, 'POST'),
    ],
    wrong: plain,
  },
  {
    name: 'packed-bombs',
    claim: 'A body that grows when it is unpacked is refused.',
    sent: (target) => {
      const long = JSON.stringify({ query: `${' '.repeat(8 * MEGABYTE)}${QUERY}` })
      return [
        asked(target, gzipSync(long), { 'content-encoding': 'gzip' }),
        asked(target, brotliCompressSync(long, { params: { 1: 1 } }), { 'content-encoding': 'br' }),
        asked(target, gzipSync(gzipSync(long)), { 'content-encoding': 'gzip, gzip' }),
      ]
    },
    wrong: notRefused,
  },
  {
    name: 'large-bodies',
    claim: 'Ten megabytes are refused.',
    sent: (target) => [asked(target, { query: QUERY.padEnd(10 * MEGABYTE) })],
    wrong: notRefused,
  },
  {
    name: 'paths',
    claim: 'Nothing is found outside of what is served.',
    sent: () =>
      ['/../../../../etc/passwd', '/pages/..%2f..%2fpackage.json', '/.env', '/.git/config'].map(
        (path) => got(path),
      ),
    wrong: notRefused,
  },
]
