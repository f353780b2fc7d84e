import { defaultFieldResolver, isObjectType } from 'graphql'
import { scopes } from '../../src/domain/access/principal.ts'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { anyValue, everyField } from '../every-field.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

/**
 * Whatever fails behind the doors fails with a text that must stay inside: a canary is thrown from every resolver and from
 * every store, in every way an error carries text, and looked for in bodies, headers and logs.
 */
const CANARY = 'canary-7f3a@example.com'

let thrown = 0
function canary(): Error {
  thrown++
  const cause = new Error(`${CANARY}\n    at ${CANARY} (${CANARY}:1:1)`)
  return Object.assign(new Error(`${CANARY}\n    at ${CANARY} (${CANARY}:1:1)`, { cause }), {
    detail: CANARY,
    extensions: { code: CANARY, exception: CANARY },
  })
}

let running: RunningGateway
let officer: As
let partner: As
let writer: As
let person: SubjectId
/** Which fields throw; every other one has some value. Null: resolvers do what they do. */
let bad: ReadonlySet<string> | null = null

beforeAll(async () => {
  running = await RunningGateway.start()
  officer = {
    token: await running.client({ id: 'officer', roles: ['compliance'], scopes }),
    purpose: 'SUBJECT_RIGHTS',
  }
  partner = { token: await running.client({ id: 'acme', roles: ['partner'] }) }
  writer = { token: await running.client({ id: 'server', roles: ['ingest'], writeKey: 'server' }) }
  const [subject = ''] = await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'one',
      identifiers: given({ userId: 'one' }),
      traits: { plan: 'pro' },
    },
  ])
  person = subject
  const { schema } = running.gateway.responder
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const { resolve = defaultFieldResolver, subscribe } = field
      const coordinate = `${type.name}.${field.name}`
      field.resolve = (...asked) => {
        if (bad === null) return resolve(...asked)
        if (bad.has(coordinate)) return Promise.reject(canary())
        return anyValue(field.type)
      }
      if (subscribe)
        field.subscribe = (...asked) => {
          if (bad?.has(coordinate)) throw canary()
          return subscribe(...asked)
        }
    }
  }
})
afterAll(async () => await running.stop())

async function stream(
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  { token }: As = officer,
): Promise<string> {
  const response = await fetch(`${running.origin}/graphql/stream`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ query, variables }),
  })
  return allOf(response, await response.text())
}

const allOf = ({ headers }: Response, body: string) =>
  `${JSON.stringify(Object.fromEntries(headers))} ${body}`

test('What a resolver throws never leaves, and is not in the log, whichever it is', async () => {
  const fields = everyField(running.gateway.responder.schema)
  const count = fields.reduce((sum, { coordinates }) => sum + coordinates.length, 0)
  for (const { coordinates, operation, text } of fields) {
    // Its source throws; what stands below it is tried where a query reaches it.
    if (operation === 'subscription' && !coordinates[0]?.startsWith('Subscription.')) continue
    bad = new Set(coordinates)
    const before = thrown
    const told =
      operation === 'subscription'
        ? await stream(text)
        : JSON.stringify(Object.values(await running.ask(officer, text)))
    bad = null
    expect([text, thrown - before, told]).toEqual([
      text,
      coordinates.length,
      expect.stringContaining('INTERNAL'),
    ])
    expect(told).not.toContain(CANARY)
  }
  expect(count).toBeGreaterThan(300)
  expect(running.lines.join('')).not.toContain(CANARY)
})

type Methods = Record<string, unknown>

/** Puts a canary in the place of each method; what undoes it. */
function poison(store: object): () => void {
  const poisoned: string[] = []
  for (let at = store; at !== Object.prototype; at = Object.getPrototypeOf(at) as object)
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value !== 'function' || name === 'constructor' || Object.hasOwn(store, name))
        continue
      poisoned.push(name)
      ;(store as Methods)[name] = () => {
        throw canary()
      }
    }
  return () => {
    for (const name of poisoned) delete (store as Methods)[name]
  }
}

/** Requests of every kind, each as it would be answered. */
async function everyKind(id: string): Promise<string> {
  const read = `{ profile(id: "${id}") { id contact { email } account { plan } consents { purpose } segments { segment { key } } timeline(first: 1) { edges { cursor } } recommendations(first: 1) { recommender } } }`
  const asked = [
    running.ask(officer, read),
    running.ask(officer, '{ profileBy(identifier: { kind: USER_ID, value: "one" }) { id } }'),
    running.ask(
      officer,
      '{ searchProfiles(first: 1) { edges { cursor } } items { edges { cursor } } segments { edges { cursor } } }',
    ),
    running.ask(officer, '{ auditTrail(first: 1) { edges { cursor } } }'),
    running.ask(
      writer,
      'mutation { track(event: { messageId: "m", event: "Seen", identifiers: [{ kind: USER_ID, value: "one" }] }) { accepted } }',
    ),
    running.post(officer, JSON.stringify({ documentId: `sha256:${'0'.repeat(64)}` })),
  ]
  const told = await Promise.all(asked)
  const others = await Promise.all(
    [
      fetch(`${running.origin}/audit/export`, {
        headers: { authorization: `Bearer ${officer.token}`, 'bauta-purpose': 'SUBJECT_RIGHTS' },
      }),
      fetch(`${running.origin}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa('officer:wrong')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      }),
      fetch(`${running.origin}/v1/visitor`, {
        method: 'POST',
        headers: { authorization: `Bearer ${officer.token}` },
      }),
      fetch(`${running.origin}/audit/checkpoint`),
      fetch(`${running.origin}/health/ready`),
      fetch(`${running.origin}/metrics`),
    ].map(async (one) => {
      const response = await one
      // An export that breaks off in the middle has no end to read.
      return allOf(response, await response.text().catch(() => ''))
    }),
  )
  return JSON.stringify([told, others])
}

/** What requests meet first, and what is behind all stores. */
const STORES = [
  'auditLog',
  'clients',
  'ingestStore',
  'keys',
  'profiles',
  'tree',
  'trustedDocuments',
] as const

test('What a store throws never leaves, and is not in the log, whichever it is', async () => {
  const { stores } = running.gateway
  const id = running.pseudonym('officer', person)
  for (const store of [...STORES.map((name) => stores[name]), stores.opened.database]) {
    const { name } = store.constructor
    const before = thrown
    const undo = poison(store)
    try {
      expect([name, await everyKind(id)]).toEqual([name, expect.not.stringContaining(CANARY)])
    } finally {
      undo()
    }
    expect([name, thrown > before]).toEqual([name, true])
  }
  expect(running.lines.join('')).not.toContain(CANARY)
})

const EARLY: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['what is no GraphQL', '{ viewer {', {}],
  ['a field that is not there', '{ viewer { clien } }', {}],
  ['an argument that is not there', '{ profile(idd: "x") { id } }', {}],
  ['a value of a wrong type', '{ items(first: "many") { edges { cursor } } }', {}],
  ['a selection of nothing', '{ viewer }', {}],
  ['two operations', 'query A { viewer { client } } query B { viewer { client } }', {}],
  [
    'a variable of a wrong type',
    'query ($f: ProfileFilter) { searchProfiles(filter: $f) { edges { cursor } } }',
    { f: { countri: CANARY } },
  ],
  ['a variable that is missing', 'query ($id: ID!) { profile(id: $id) { id } }', {}],
]

test('A partner is told the same of everything that can not be executed', async () => {
  const answers = new Set<string>()
  for (const [, query, variables] of EARLY) {
    const { status, body } = await running.ask(partner, query, variables)
    answers.add(`${status} ${body}`)
  }
  expect([...answers]).toEqual([
    `400 ${JSON.stringify({ errors: [{ message: 'The request can not be answered as it stands.', extensions: { code: 'BAD_USER_INPUT' } }] })}\n`,
  ])
})

test('Nobody is told a value again that stood in a variable', async () => {
  const query =
    'query ($f: ProfileFilter, $n: Int) { searchProfiles(filter: $f, first: $n) { edges { cursor } } }'
  for (const variables of [{ f: { countri: CANARY } }, { f: { [CANARY]: 1 } }, { n: CANARY }]) {
    const answer = await running.ask(officer, query, variables)
    expect([answer.status, answer.codes]).toEqual([400, ['BAD_USER_INPUT']])
    expect(answer.body).not.toContain(CANARY)
    expect(answer.messages.join()).toMatch(/The variable \$[fn] does not fit its type/)
  }
})

test('A stream that can not begin says no more than an answer', async () => {
  const watch = 'subscription ($id: ID) { profileChanged(id: $id) { profile { id } } }'
  const variables = { id: { [CANARY]: CANARY } }
  const early = [
    await stream('subscription {', {}, partner),
    await stream('subscription { profileChange { profile { id } } }', {}, partner),
    await stream(watch, variables, partner),
  ]
  for (const told of early) expect(told).toContain('The request can not be answered as it stands.')
  expect(early.join()).not.toMatch(/did you mean|syntax|ProfileChange/i)
  const told = await stream(watch, variables)
  expect(told).toContain('The variable $id does not fit its type ID.')
  expect(told).not.toContain(CANARY)
})
