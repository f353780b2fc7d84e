import { parse } from 'graphql'
import { KnownDocuments, plainRequestOf } from '../../../src/inbound/graphql/known-documents.ts'
import { type As, RunningGateway } from '../../running-gateway.ts'
import { situations } from '../../situations.ts'
import { SmallWorld } from '../../small-world.ts'

describe('a request is plain', () => {
  const headers = { 'content-type': 'application/json' }
  const body = { query: '{ viewer { client } }' }

  test('when it is a POST of JSON with a query, variables and an operation name', () => {
    expect(plainRequestOf({ method: 'POST', headers, body })).toEqual({
      ...body,
      variables: {},
      operationName: null,
      type: 'application/json; charset=utf-8',
    })
    const whole = { ...body, variables: { id: 'a' }, operationName: 'One' }
    expect(plainRequestOf({ method: 'POST', headers, body: whole })).toMatchObject(whole)
  })

  test.each([
    ['a GET', { method: 'GET', headers, body }],
    ['another content type', { method: 'POST', headers: { 'content-type': 'text/plain' }, body }],
    [
      'a negotiated answer',
      {
        method: 'POST',
        headers: { ...headers, accept: 'text/html, application/json;q=0.9' },
        body,
      },
    ],
    ['a batch', { method: 'POST', headers, body: [body] }],
    ['extensions', { method: 'POST', headers, body: { ...body, extensions: {} } }],
    ['no text', { method: 'POST', headers, body: { query: 1 } }],
    ['variables in a list', { method: 'POST', headers, body: { ...body, variables: [] } }],
    ['a name that is no text', { method: 'POST', headers, body: { ...body, operationName: 1 } }],
  ])('and not with %s', (_, request) => {
    expect(plainRequestOf(request)).toBeNull()
  })
})

test('A document with a subscription is never known', () => {
  const known = new KnownDocuments()
  const text = 'subscription { profileChanged { id } }'
  known.remember(text, { document: parse(text), hash: '' })
  expect(known.find(text)).toBeUndefined()
})

describe('however often a document is sent', () => {
  let running: RunningGateway
  let support: As
  let id: string

  beforeAll(async () => {
    running = await RunningGateway.start()
    const world = await SmallWorld.over(running)
    const situation = situations.find(({ name }) => name === 'all given')
    if (!situation) throw new Error('no such situation')
    const { person } = await world.meet(situation)
    support = { token: world.key('support'), purpose: 'SERVICE' }
    id = running.pseudonym('support', person)
  })
  afterAll(async () => await running.stop())

  const ofOneAnswer = /^(date|request-id|ratelimit)$/
  const asked = async (accept: string, query: string, variables: Record<string, unknown>) => {
    const payload = JSON.stringify({ query, variables })
    const { status, headers, body } = await running.post(support, payload, { accept })
    const kept = Object.entries(headers).filter(([name]) => !ofOneAnswer.test(name))
    return {
      status,
      headers: Object.fromEntries(kept),
      body: body.replace(/"receipt":"[^"]+"/, ''),
    }
  }

  test.each([
    ['an answer', 'query ($id: ID!) { profile(id: $id) { id account { plan } } }', {}],
    ['a variable of a wrong type', 'query ($id: ID!) { profile(id: $id) { id } }', { id: [[1]] }],
    [
      'a missing variable',
      'query ($id: ID!, $x: Int!) { profile(id: $id) { id } segments(first: $x) { edges { cursor } } }',
      {},
    ],
    [
      'a refusal',
      'query ($n: Int) { searchProfiles(first: $n) { edges { cursor } } }',
      { n: 100_000 },
    ],
    ['a missing scope', '{ auditTrail(first: 1) { edges { cursor } } }', {}],
    [
      'two operations and no name',
      'query A { viewer { client } } query B { viewer { client } }',
      {},
    ],
  ])('%s has the same status, headers and bytes', async (_, query, variables) => {
    for (const accept of ['*/*', 'application/json', 'application/graphql-response+json']) {
      const first = await asked(accept, `${query} # ${accept}`, { id, ...variables })
      for (let time = 0; time < 3; time++)
        expect(await asked(accept, `${query} # ${accept}`, { id, ...variables })).toEqual(first)
    }
  })

  test('each answer leaves its own entry', async () => {
    const query = 'query ($id: ID!) { profile(id: $id) { id account { lifecycleStage } } }'
    const receipts = new Set<string | undefined>()
    for (let time = 0; time < 4; time++)
      receipts.add((await running.ask(support, query, { id })).receipt)
    const entries = await running.entries(4)
    expect(new Set(entries.map(({ requestId }) => requestId))).toEqual(receipts)
  })
})
