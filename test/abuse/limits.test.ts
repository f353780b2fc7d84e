import { limits } from '../../src/kernel/limits.ts'
import { type As, RunningGateway } from '../running-gateway.ts'

/** The gateway's own clocks (index of the trail, change feed) ask about no person. */
const ABOUT_PEOPLE = /\b(read_model|event|identifier|consent_record|record|subject)\b/

let running: RunningGateway
let as: As
beforeAll(async () => {
  running = await RunningGateway.start()
  as = { token: await running.client({ id: 'support', roles: ['support'] }), purpose: 'SERVICE' }
})
afterAll(async () => await running.stop())

const repeated = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')

/** A query of exactly this cost: itself 1, a page 1 and each profile in it 103 with a hundred events, items 1 and one each. */
function costing(cost: number): string {
  const pages = (alias: string, first: number) =>
    `${alias}: searchProfiles(first: ${first}) { edges { node { timeline(first: 100) { edges { cursor } } } } }`
  const each = 3 + 100
  const rest = cost - 1 - 2 * (1 + 1_000 * each) - 1 - 1
  const items = `items(first: ${rest % each}) { edges { cursor } }`
  return `{ ${pages('a', 1_000)} ${pages('b', 1_000)} ${pages('c', Math.floor(rest / each))} ${items} }`
}

/** A query in which exactly so many pairs of fields have one name and one place. */
function overlapping(pairs: number): string {
  const places: string[] = []
  for (let left = pairs; left > 0; ) {
    const fields = Math.floor((1 + Math.sqrt(1 + 8 * left)) / 2)
    places.push(`a${places.length}: viewer { ${repeated(fields, () => 'client')} }`)
    left -= (fields * (fields - 1)) / 2
  }
  return `{ ${places.join(' ')} }`
}

const bounds: readonly {
  name: string
  code: string
  most: number
  query: (size: number) => string
}[] = [
  {
    name: 'aliases',
    code: 'TOO_MANY_ALIASES',
    most: limits.queryAliases,
    query: (size) => `{ ${repeated(size, (n) => `a${n}: viewer { client }`)} }`,
  },
  {
    name: 'aliases of what every type has',
    code: 'TOO_MANY_ALIASES',
    most: limits.queryAliases,
    query: (size) => `{ ${repeated(size, (n) => `a${n}: __typename`)} }`,
  },
  {
    name: 'directives',
    code: 'TOO_MANY_DIRECTIVES',
    most: limits.queryDirectives,
    query: (size) => `{ viewer { ${repeated(size, () => 'client @include(if: true)')} } }`,
  },
  {
    name: 'fields, fragments unfolded',
    code: 'TOO_MANY_FIELDS',
    most: limits.queryFields,
    query: (size) =>
      `{ viewer { ${repeated(49, () => '...F')} ${repeated(size - 4_950, () => 'client')} } }
       fragment F on Viewer { ${repeated(10, () => '...G')} }
       fragment G on Viewer { ${repeated(9, () => 'client')} }`,
  },
  {
    // A hundred of one name are 4,950 pairs.
    name: 'pairs of one name, of which validation compares each',
    code: 'TOO_MANY_FIELDS',
    most: limits.queryOverlaps,
    query: (size) => overlapping(size),
  },
  {
    name: 'objects that a query may cost',
    code: 'QUERY_TOO_COSTLY',
    most: limits.queryCost,
    query: (size) => costing(size),
  },
  {
    name: 'tokens',
    code: 'TOO_MANY_TOKENS',
    most: limits.queryTokens,
    query: (size) => `{ viewer { ${repeated(size - 5, () => 'client')} } }`,
  },
  {
    name: 'rows of a page',
    code: 'BAD_USER_INPUT',
    most: limits.pageSize,
    query: (size) => `{ items(first: ${size}) { edges { cursor } } }`,
  },
]

describe.each(bounds)('the bound on $name', ({ code, most, query }) => {
  test('lets the largest allowed through', async () => {
    expect((await running.ask(as, query(most))).codes).not.toContain(code)
  })

  test('refuses one more with 400 and its code', async () => {
    const answer = await running.ask(as, query(most + 1))
    expect(answer.codes).toEqual([code])
    expect(answer.status).toBe(400)
    expect(answer.data ?? null).toBeNull()
  })
})

/** What is refused for its shape touches no store and leaves no entry of a decision. */
test.each(bounds)('nothing is executed beyond the bound on $name', async ({ most, query }) => {
  await running.ask(as, '{ viewer { client } }')
  const before = running.statements.length
  await running.ask(as, query(most + 1))
  const asked = running.statements.slice(before).filter((text) => ABOUT_PEOPLE.test(text))
  expect(asked).toEqual([])
})

test('a client that takes nothing but application/json is told of a bad document with 200', async () => {
  const body = JSON.stringify({ query: '{ nothing }' })
  const plain = await running.post(as, body, { accept: 'application/json' })
  expect([plain.status, plain.codes]).toEqual([200, ['GRAPHQL_VALIDATION_FAILED']])
  const modern = await running.post(as, body)
  expect([modern.status, modern.codes]).toEqual([400, ['GRAPHQL_VALIDATION_FAILED']])
})

test('lists of ids longer than a page are refused', async () => {
  const ids = Array.from({ length: limits.pageSize + 1 }, () => 'p1aaaaaaaaaaaaaaaaaaaaaaaaaa')
  const query = 'query ($ids: [ID!]!) { profiles(ids: $ids) { id } }'
  const answer = await running.ask(as, query, { ids })
  expect(answer.codes).toEqual(['BAD_USER_INPUT'])
  expect((await running.ask(as, query, { ids: ids.slice(1) })).codes).toEqual([])
})

test('pages of recommendations beyond 50 are refused', async () => {
  const [subject] = await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'one',
      identifiers: [{ kind: 'userId', value: 'one' }],
      traits: {},
    },
  ])
  const id = running.pseudonym('compliance', subject ?? '')
  const token = await running.client({ id: 'compliance', roles: ['compliance'] })
  const query = (first: number) =>
    `{ profile(id: "${id}") { recommendations(first: ${first}) { recommender } } }`
  const officer = { token, purpose: 'SUBJECT_RIGHTS' }
  expect((await running.ask(officer, query(50))).codes).toEqual([])
  expect((await running.ask(officer, query(51))).codes).toEqual(['BAD_USER_INPUT'])
  expect((await running.ask(officer, query(-1))).codes).toEqual(['BAD_USER_INPUT'])
})

test('a body of the largest allowed size is read, and one byte more is refused with 413 and no word of it', async () => {
  const body = JSON.stringify({ query: '{ viewer { client } }' })
  const largest = body.padEnd(limits.bodyBytes)
  expect((await running.post(as, largest)).data).toEqual({ viewer: { client: 'support' } })
  const answer = await running.post(as, `${largest} `)
  expect([answer.status, answer.codes]).toEqual([413, ['REQUEST_TOO_LARGE']])
})

test('JSON nested as deeply as allowed is read, and a level more refused before it is', async () => {
  const writer = { token: await running.client({ id: 'ingest', roles: ['ingest'] }) }
  const track = (properties: string) =>
    `{"query":"mutation ($p: JSON!) { track(event: { messageId: \\"deep\\", event: \\"Seen\\", identifiers: [{ kind: USER_ID, value: \\"u\\" }], properties: $p }) { accepted } }","variables":{"p":${properties}}}`
  // The object and its lists; what is in the innermost is a level of its own.
  const nested = (levels: number) => track(`{"a":${'['.repeat(levels)}1${']'.repeat(levels)}}`)
  for (const levels of [limits.jsonDepth, 100_000]) {
    const deep = await running.post(writer, nested(levels))
    expect([deep.status, deep.codes]).toEqual([400, ['BAD_USER_INPUT']])
  }
  // What is kept of an event is shallower still, for reasons of its own.
  const deepest = await running.post(writer, nested(limits.jsonDepth - 1))
  expect([deepest.codes, deepest.data]).toEqual([[], { track: { accepted: false } }])
  expect((await running.post(writer, nested(3))).data).toEqual({ track: { accepted: true } })
})

test.each(['Bearer nonsense', 'Bearer bauta_nonsense', 'Basic YTpi', ''])(
  'the credentials %p are refused with 401',
  async (authorization) => {
    const answer = await running.post(
      {},
      JSON.stringify({ query: '{ viewer { client } }' }),
      authorization ? { authorization } : {},
    )
    expect([answer.status, answer.codes]).toEqual([401, ['UNAUTHENTICATED']])
  },
)

describe('what is tried on GraphQL elsewhere is refused with a code of its own:', () => {
  const one = { query: '{ viewer { client } }' }

  test.each([[[one]], [[one, one]], [[]]])('a batch, of however many: %j', async (batch) => {
    const answer = await running.post(as, JSON.stringify(batch))
    expect([answer.status, answer.codes]).toEqual([400, ['BATCHING_REFUSED']])
  })

  test('a mutation by GET', async () => {
    const before = await running.gateway.stores.auditLog.size()
    const query = encodeURIComponent('mutation { eraseProfile { stoppedAt } }')
    const response = await fetch(`${running.origin}/graphql?query=${query}`, {
      headers: { authorization: `Bearer ${as.token}`, 'apollo-require-preflight': '1' },
    })
    const { errors } = (await response.json()) as { errors: { extensions: unknown }[] }
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    expect(errors[0]?.extensions).toEqual({ code: 'METHOD_NOT_ALLOWED' })
    expect(await running.gateway.stores.auditLog.size()).toBe(before)
  })

  test('ten megabytes', async () => {
    const answer = await running.post(as, JSON.stringify(one).padEnd(10_000_000))
    expect([answer.status, answer.codes]).toEqual([413, ['REQUEST_TOO_LARGE']])
  })

  test('a thousand aliases, where they are more tokens than a query has, and where they are not', async () => {
    const aliases = (count: number) => repeated(count, (n) => `a${n}: __typename`)
    const many = await running.ask(as, `{ ${aliases(1_000)} }`)
    expect([many.status, many.codes]).toEqual([400, ['TOO_MANY_TOKENS']])
    const fewer = await running.ask(as, `{ ${aliases(600)} }`)
    expect([fewer.status, fewer.codes]).toEqual([400, ['TOO_MANY_ALIASES']])
    const spread = `{ viewer { ${repeated(100, () => '...F')} } } fragment F on Viewer { ${repeated(10, (n) => `a${n}: client`)} }`
    const unfolded = await running.ask(as, spread)
    expect([unfolded.status, unfolded.codes]).toEqual([400, ['TOO_MANY_ALIASES']])
  })

  test('fragments that go in a circle', async () => {
    const circle = '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }'
    const answer = await running.ask(as, circle)
    expect([answer.status, answer.codes]).toContainEqual(['GRAPHQL_VALIDATION_FAILED'])
  })
})

describe('the budgets of a minute', () => {
  const asked = async (as: As, query = '{ viewer { client } }') => await running.ask(as, query)

  test('are told with every answer, and refuse what goes beyond with 429 until they are new', async () => {
    const token = await running.client({ id: 'few', roles: ['analyst'], requestsPerMinute: 3 })
    const first = await asked({ token })
    expect(first.headers['ratelimit-policy']).toBe(
      '"requests";q=3;w=60, "cost";q=1000000000;w=60;qu="cost"',
    )
    expect(first.headers.ratelimit).toMatch(
      /^"requests";r=2;t=(60|59), "cost";r=999999998;t=(60|59)$/,
    )
    // The same document again, and one that is none: a request is a request.
    expect((await asked({ token })).status).toBe(200)
    expect((await asked({ token }, '{ nothing at all')).status).toBe(400)
    const entries = await running.gateway.stores.auditLog.size()
    for (const query of ['{ viewer { client } }', '{ nothing at all']) {
      const refused = await asked({ token }, query)
      expect([refused.status, refused.codes]).toEqual([429, ['RATE_LIMITED']])
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50)
      expect(refused.headers.ratelimit).toMatch(/^"requests";r=0;t=\d+$/)
    }
    expect(await running.gateway.stores.auditLog.size()).toBe(entries)
  })

  test('are kept by what queries cost; one that costs more than all of them is too costly, whenever it comes', async () => {
    const draft = { id: 'frugal', roles: ['marketer'], costPerMinute: 50 }
    const token = await running.client(draft)
    const items = (first: number) => `{ items(first: ${first}) { edges { cursor } } }`
    const costly = await asked({ token }, items(49))
    expect([costly.status, costly.codes]).toEqual([400, ['QUERY_TOO_COSTLY']])
    const first = await asked({ token }, items(28))
    expect([first.status, first.headers.ratelimit]).toEqual([
      200,
      expect.stringContaining('"cost";r=20;'),
    ])
    const before = running.statements.length
    const entries = await running.gateway.stores.auditLog.size()
    const second = await asked({ token }, items(28))
    expect([second.status, second.codes, second.data ?? null]).toEqual([
      429,
      ['RATE_LIMITED'],
      null,
    ])
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(50)
    expect(running.statements.slice(before).filter((text) => /FROM item/.test(text))).toEqual([])
    expect(await running.gateway.stores.auditLog.size()).toBe(entries)
  })
})
