import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
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

const bounds: readonly {
  name: string
  code: string
  most: number
  query: (size: number) => string
}[] = [
  {
    name: 'aliases',
    code: 'QUERY_TOO_COSTLY',
    most: limits.queryAliases,
    query: (size) => `{ ${repeated(size, (n) => `a${n}: viewer { client }`)} }`,
  },
  {
    name: 'directives',
    code: 'QUERY_TOO_COSTLY',
    most: limits.queryDirectives,
    query: (size) => `{ viewer { ${repeated(size, () => 'client @include(if: true)')} } }`,
  },
  {
    name: 'tokens',
    code: 'GRAPHQL_PARSE_FAILED',
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
const refusedUnread = bounds.filter(({ code }) => code !== 'BAD_USER_INPUT')
test.each(refusedUnread)(
  'nothing is executed beyond the bound on $name',
  async ({ most, query }) => {
    await running.ask(as, '{ viewer { client } }')
    const before = running.statements.length
    await running.ask(as, query(most + 1))
    const asked = running.statements.slice(before).filter((text) => ABOUT_PEOPLE.test(text))
    expect(asked).toEqual([])
  },
)

test('a client that takes nothing but application/json is told of a bad document with 200', async () => {
  const body = JSON.stringify({ query: '{ nothing }' })
  const plain = await running.post(as, body, { accept: 'application/json' })
  expect([plain.status, plain.codes]).toEqual([200, ['GRAPHQL_VALIDATION_FAILED']])
  const modern = await running.post(as, body)
  expect([modern.status, modern.codes]).toEqual([400, ['GRAPHQL_VALIDATION_FAILED']])
})

test('a query that asks for too many objects at once is refused', async () => {
  const list = (first: number) =>
    `{ searchProfiles(first: ${first}) { edges { node { timeline(first: 100) { edges { node { name } } } } } } }`
  const answer = await running.ask(as, list(1_000))
  expect([answer.status, answer.codes]).toEqual([400, ['QUERY_TOO_COSTLY']])
  expect((await running.ask(as, list(10))).codes).toEqual([])
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

test('a body larger than allowed is refused with 413 and no word of it', async () => {
  const answer = await running.post(
    as,
    JSON.stringify({ query: '{ viewer { client } }', padding: 'x'.repeat(limits.bodyBytes) }),
  )
  expect([answer.status, answer.codes]).toEqual([413, ['REQUEST_TOO_LARGE']])
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
