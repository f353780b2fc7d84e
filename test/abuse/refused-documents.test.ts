import { RunningGateway } from '../running-gateway.ts'

let running: RunningGateway
let token: string
beforeAll(async () => {
  running = await RunningGateway.start({
    BAUTA_MODE: 'production',
    BAUTA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  })
  token = await running.client({ id: 'support', roles: ['support'], adhoc: false })
})
afterAll(async () => await running.stop())

const repeated = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')

async function post(path: string, body: string): Promise<[status: number, text: string]> {
  const response = await fetch(`${running.origin}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: path === '/graphql' ? 'application/graphql-response+json' : 'text/event-stream',
    },
    body,
    signal: AbortSignal.timeout(5_000),
  })
  return [response.status, await response.text()]
}

describe.each(['/graphql', '/graphql/stream'])('%s', (path) => {
  test.each(['null', '0', 'false', '""', '1', '"query"'])(
    'refuses the body %s, which is no object, at once',
    async (body) => {
      expect(await post(path, body)).toEqual([400, expect.stringContaining('BAD_USER_INPUT')])
    },
  )
})

describe('before it is validated, a document is refused that', () => {
  const letters = [...'abcdef']
  test.each([
    ['asks for one field hundreds of times', `{ ${repeated(480, () => 'viewer { client }')}`],
    [
      'does so through what it repeats less often',
      `{ ${repeated(90, () => `viewer { ${repeated(15, () => 'client')} }`)}`,
    ],
    [
      'does so through fragments',
      `${repeated(18, (n) => `fragment F${n} on Viewer { ${repeated(90, () => 'client')} }`)} { viewer { ${repeated(18, (n) => `...F${n}`)} }`,
    ],
    [
      'spreads too many fragments at once',
      `${repeated(120, (n) => `fragment F${n} on Query { viewer { client } }`)} { ${repeated(120, (n) => `...F${n}`)}`,
    ],
    [
      'spreads the same ones at one place of the answer',
      `${letters.map((name) => `fragment ${name} on Viewer { client }`).join(' ')} { ${repeated(90, () => `viewer { ${letters.map((name) => `...${name}`).join(' ')} }`)}`,
    ],
    [
      'does so where no operation leads',
      `fragment A on Viewer { ${repeated(300, () => 'client')} } { viewer { client }`,
    ],
    [
      'has operations that together hold too many fields',
      `${repeated(150, (n) => `query Q${n} { ...F }`)} fragment F on Query { ${repeated(35, () => '...G')} } fragment G on Query { viewer { client } } {`,
    ],
  ])('%s', async (_what, query) => {
    // Validation would name this.
    const answer = await running.ask({ token }, `${query} nothing }`)
    expect([answer.status, answer.codes]).toEqual([400, ['TOO_MANY_FIELDS']])
  })
})

test.each([
  '{ viewer { ...A } } fragment A on Viewer { client ...A }',
  '{ viewer { ...A } } fragment A on Viewer { viewer { ...A ...B } } fragment B on Viewer { viewer { ...A } }',
  '{ viewer { client } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }',
  '{ viewer { ...Nobody } }',
])(
  'the bounds end with a circle or a fragment that is missing, and leave it to validation: %s',
  async (query) => {
    expect((await running.ask({ token }, query)).codes).toEqual(['GRAPHQL_VALIDATION_FAILED'])
  },
)

test.each(['/graphql', '/graphql/stream'])('%s suggests no names', async (path) => {
  const queries = [
    'subscription { profileChange { profile { id } } }',
    'subscription { profileChanged(idd: "a") { profile { id } } }',
    '{ viewr { client } }',
  ]
  for (const query of queries) {
    const [, text] = await post(path, JSON.stringify({ query }))
    expect(text).toContain('GRAPHQL_VALIDATION_FAILED')
    expect(text).not.toMatch(/did you mean|profileChanged"|\bviewer\b/i)
  }
})

test.each(['/graphql', '/graphql/stream'])('%s tells of the first error only', async (path) => {
  const many = `{ __typename ${repeated(10, () => '@aa')} ${repeated(10, (n) => `nothing${n}`)} }`
  const [, text] = await post(path, JSON.stringify({ query: many }))
  expect(text.match(/"message"/g)).toHaveLength(1)
  expect(text).toContain('GRAPHQL_VALIDATION_FAILED')
})

/** Fragments that spread the next one twice: 2^60 fields in sixty short lines. */
const BOMB = [
  ...Array.from(
    { length: 60 },
    (_, n) => `fragment F${n} on Profile { ...F${n + 1} ...F${n + 1} }`,
  ),
  'fragment F60 on Profile { id }',
].join(' ')

test('fragments that double at every level are refused without being unfolded', async () => {
  const answer = await running.ask({ token }, `{ me { ...F0 } } ${BOMB}`)
  expect([answer.status, answer.codes]).toEqual([400, ['TOO_MANY_FIELDS']])
  const query = `subscription { profileChanged { profile { ...F0 } } } ${BOMB}`
  const [, text] = await post('/graphql/stream', JSON.stringify({ query }))
  expect(text).toContain('TOO_MANY_FIELDS')
})
