import { randomBytes } from 'node:crypto'
import { RunningGateway } from '../running-gateway.ts'

/**
 * The twelve active checks of graphql-cop (2025-11), written anew from their description. Each says what it takes for a
 * finding; a gateway in production gives it none, whether one calls as a partner or as nobody.
 */
interface Found {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server said
  readonly json: any
}

interface Check {
  readonly name: string
  readonly request: RequestInit & { readonly path?: string }
  readonly isFinding: (found: Found) => boolean
}

const repeated = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ')

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const query = (text: string) => post({ query: text })
const get = (text: string) => ({ method: 'GET', path: `?query=${encodeURIComponent(text)}` })

const checks: readonly Check[] = [
  {
    name: 'alias overloading',
    request: query(`{ ${repeated(101, (n) => `alias${n}: __typename`)} }`),
    isFinding: ({ json }) => Boolean(json?.data?.alias100),
  },
  {
    name: 'array-based batching',
    request: post(Array.from({ length: 10 }, () => ({ query: '{ __typename }' }))),
    isFinding: ({ json }) => Array.isArray(json) && json.length >= 10,
  },
  {
    name: 'directive overloading',
    request: query(`{ __typename ${repeated(10, () => '@aa')} }`),
    isFinding: ({ json }) => json?.errors?.length === 10,
  },
  {
    name: 'circular introspection',
    request: query(
      '{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }',
    ),
    isFinding: ({ json }) => json?.data?.__schema?.types?.length > 25,
  },
  {
    name: 'introspection',
    request: query('{ __schema { types { name fields { name } } } }'),
    isFinding: ({ json }) => Boolean(json?.data?.__schema?.types),
  },
  {
    name: 'field suggestions',
    request: query('{ __schema { directive } }'),
    isFinding: ({ text }) => /did you mean/i.test(text),
  },
  {
    name: 'a query page',
    request: { method: 'GET', headers: { accept: 'text/html' } },
    isFinding: ({ text }) => /graphi?ql.?(playground|ide)|graphiql|<html/i.test(text),
  },
  {
    name: 'queries by GET',
    request: get('{ __typename }'),
    isFinding: ({ json }) => Boolean(json?.data?.__typename),
  },
  {
    name: 'mutations by GET',
    request: get('mutation { __typename }'),
    isFinding: ({ json }) => Boolean(json?.data?.__typename),
  },
  {
    name: 'a form as a request',
    request: {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'query=%7B__typename%7D',
    },
    isFinding: ({ json }) => Boolean(json?.data?.__typename),
  },
  {
    name: 'tracing',
    request: query('{ __typename }'),
    isFinding: ({ json }) => Boolean(json?.extensions?.tracing),
  },
  {
    name: 'unhandled errors',
    request: query('qwerty cop { abc }'),
    isFinding: ({ text }) => /exception|stacktrace|node_modules|\.ts:\d/i.test(text),
  },
]

let running: RunningGateway
let partner: string
let admin: string
beforeAll(async () => {
  running = await RunningGateway.start({
    BAUTA_MODE: 'production',
    BAUTA_MASTER_KEY: randomBytes(32).toString('base64'),
  })
  partner = await running.client({ id: 'acme', roles: ['partner'], adhoc: false })
  admin = await running.client({ id: 'admin', roles: ['admin'], adhoc: false })
})
afterAll(async () => await running.stop())

async function run({ request }: Check, token: string | null): Promise<Found> {
  const { path = '', headers, ...init } = request
  const response = await fetch(`${running.origin}/graphql${path}`, {
    ...init,
    headers: { ...(headers as object), ...(token && { authorization: `Bearer ${token}` }) },
  })
  const text = await response.text()
  return { status: response.status, text, json: jsonOf(text) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

test('there are twelve checks', () => {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(12)
})

describe.each(checks)('$name', (check) => {
  test('is nothing that a partner can do', async () => {
    const found = await run(check, partner)
    expect(check.isFinding(found)).toBe(false)
    expect(found.status).toBeGreaterThanOrEqual(400)
  })

  test('is nothing that anybody can do without a token', async () => {
    const found = await run(check, null)
    expect(check.isFinding(found)).toBe(false)
    // A form is not even read.
    expect([400, 401, 415]).toContain(found.status)
  })
})

test('a check finds what is there: an admin may ask what the schema is', async () => {
  const [introspection] = checks.filter(({ name }) => name === 'introspection')
  if (!introspection) throw new Error('no such check')
  expect(introspection.isFinding(await run(introspection, admin))).toBe(true)
})
