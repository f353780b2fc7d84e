import { randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { documentHash } from '../../src/domain/access/trusted-document.ts'
import { registerDocuments } from '../../src/inbound/cli/documents.ts'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { until } from '../follow.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

let running: RunningGateway
let partner: As
let other: As
let support: As
let person: SubjectId

const READ =
  'query Read($id: ID!) @purpose(is: "PARTNER_SHARING") { profile(id: $id) { id account { plan } } }'
const WATCH =
  'subscription Watch($id: ID!) { profileChanged(id: $id) { profile { account { plan } } } }'
const ONE = given({ userId: 'one' })
const idOf = (text: string) => `sha256:${documentHash(text)}`

beforeAll(async () => {
  running = await RunningGateway.start()
  const partnerOf = async (id: string): Promise<As> => ({
    token: await running.client({ id, roles: ['partner'], adhoc: false }),
  })
  partner = await partnerOf('acme')
  other = await partnerOf('globex')
  support = { token: await running.client({ id: 'support', roles: ['support'] }) }
  const [subject = ''] = await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'one',
      identifiers: ONE,
      traits: { plan: 'pro', country: 'DE' },
    },
    {
      type: 'consent',
      identifiers: ONE,
      purpose: 'PARTNER_SHARING',
      state: 'ConsentGiven',
      recipient: 'acme',
    },
  ])
  person = subject
})
afterAll(async () => await running.stop())

/** Runs `bauta documents …`; what it printed. */
async function bauta(...words: string[]): Promise<string> {
  const printed: string[] = []
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  registerDocuments(
    program,
    async () => ({ documents: running.gateway.documents, close: async () => {} }),
    { print: (text) => void printed.push(text), err: process.stderr },
  )
  await program.parseAsync(['documents', ...words], { from: 'user' })
  return printed.join('\n')
}

function manifestOf(content: unknown): string {
  const file = join(mkdtempSync(join(tmpdir(), 'bauta-manifest-')), 'manifest.json')
  writeFileSync(file, JSON.stringify(content))
  return file
}

const registered = async (client: string, ...texts: string[]) => {
  const manifest = Object.fromEntries(texts.map((text) => [documentHash(text), text]))
  return await bauta('register', manifestOf(manifest), '--client', client)
}

const send = async (as: As, body: Readonly<Record<string, unknown>>) =>
  await running.post(as, JSON.stringify(body))

const variables = () => ({ id: running.pseudonym('acme', person) })

describe('a partner', () => {
  beforeAll(async () => void (await registered('acme', READ)))

  test('is answered to a document that it has registered, with its purpose, the first time and later', async () => {
    for (let time = 0; time < 3; time++) {
      const answer = await send(partner, { documentId: idOf(READ), variables: variables() })
      expect([answer.status, answer.codes]).toEqual([200, []])
      expect(answer.data.profile.account).toEqual({ plan: 'pro' })
    }
    const [entry] = await running.entries()
    expect(entry).toMatchObject({
      purpose: 'PARTNER_SHARING',
      operation: { documentId: idOf(READ), name: 'Read' },
    })
  })

  const own: readonly (readonly [string, () => Promise<Response>])[] = [
    ['a query', async () => await raw('POST', '', { query: READ, variables: variables() })],
    ['a registered text as a query', async () => await raw('POST', '', { query: READ })],
    ['a query by GET', async () => await raw('GET', `?query=${encodeURIComponent(READ)}`)],
    ['a hash to be registered on the way', async () => await raw('POST', '', apq(READ))],
    ['a subscription', async () => await raw('POST', '/stream', { query: WATCH })],
  ]
  test.each(own)('is refused whatever else it sends: %s', async (_, request) => {
    const entries = await running.entriesOf(async () => {
      const response = await request()
      expect(response.status).toBe(403)
      expect(await response.text()).toContain('DOCUMENT_REQUIRED')
    })
    expect(entries).toMatchObject([
      { outcome: 'deny', code: 'DOCUMENT_REQUIRED', actor: { clientId: 'acme' } },
    ])
  })

  test('can not tell whether another client has registered a document', async () => {
    const known = await send(other, { documentId: idOf(READ), variables: variables() })
    const unknown = await send(other, { documentId: idOf('{ __typename }') })
    expect([known.status, known.codes]).toEqual([404, ['DOCUMENT_NOT_FOUND']])
    expect(known.body).toBe(unknown.body)
    const [entry] = await running.entries()
    expect(entry).toMatchObject({ outcome: 'deny', code: 'DOCUMENT_NOT_FOUND' })
  })

  test('may send a document for its purpose only', async () => {
    const otherwise = { ...partner, purpose: 'ANALYTICS' }
    const answer = await send(otherwise, { documentId: idOf(READ), variables: variables() })
    expect([answer.status, answer.codes]).toEqual([400, ['PURPOSE_CONFLICT']])
  })

  test.each([['a document and a query', { documentId: idOf(READ), query: READ }]])(
    'is refused what is no request for a document: %s',
    async (_, body) => {
      const answer = await send(partner, body)
      expect([answer.status, answer.codes]).toEqual([400, ['BAD_USER_INPUT']])
    },
  )

  test('is asked for its rights at each execution, not at registration', async () => {
    const text =
      'query Who($id: String!) { profileBy(identifier: { kind: USER_ID, value: $id }) { id } }'
    await registered('acme', text)
    const answer = await send(partner, { documentId: idOf(text), variables: { id: 'one' } })
    expect(answer.codes).toEqual(['FORBIDDEN'])
  })

  test('is refused a document from the moment it is removed', async () => {
    const text = '{ viewer { client } }'
    await registered('acme', text)
    expect((await send(partner, { documentId: idOf(text) })).data).toEqual({
      viewer: { client: 'acme' },
    })
    await bauta('remove', idOf(text), '--client', 'acme')
    expect((await send(partner, { documentId: idOf(text) })).codes).toEqual(['DOCUMENT_NOT_FOUND'])
  })

  test('follows a registered subscription until it is removed', async () => {
    await registered('acme', WATCH)
    const stream = await fetch(`${running.origin}/graphql/stream`, {
      method: 'POST',
      headers: { ...headersOf(partner), accept: 'text/event-stream' },
      body: JSON.stringify({ documentId: idOf(WATCH), variables: variables() }),
    })
    let told = ''
    let ended = false
    void (async () => {
      for await (const piece of stream.body ?? []) told += Buffer.from(piece).toString()
      ended = true
    })()
    const change = async () => {
      const recordKey = randomUUID()
      const traits = { plan: `plan-${recordKey}` }
      await running.take('crm', [{ type: 'profile', recordKey, identifiers: ONE, traits }])
    }
    await until(async () => {
      await change()
      return told.includes('"plan":"plan-')
    })
    await bauta('remove', idOf(WATCH), '--client', 'acme')
    await until(async () => {
      await change()
      return ended
    })
    expect(told).toContain('DOCUMENT_NOT_FOUND')
  })
})

test('Who need not send registered documents may, and is bound to their purpose too', async () => {
  const text = 'query Plan($id: ID!) { profile(id: $id) { account { plan } } }'
  const file = manifestOf({ [documentHash(text)]: text })
  await bauta('register', file, '--client', 'support', '--purpose', 'SERVICE')
  const id = running.pseudonym('support', person)
  const body = { documentId: idOf(text), variables: { id } }
  expect((await send(support, body)).data.profile.account.plan).toMatch(/^p/)
  const [entry] = await running.entries()
  expect(entry?.purpose).toBe('SERVICE')
  const elsewhere = await send({ ...support, purpose: 'SECURITY' }, body)
  expect(elsewhere.codes).toEqual(['PURPOSE_CONFLICT'])
  expect((await running.ask({ ...support, purpose: 'SECURITY' }, text, { id })).codes).toEqual([])
})

test('Nobody registers a document on the way: automatic persisted queries are off', async () => {
  for (const body of [
    apq('{ viewer { client } }'),
    { ...apq('{ viewer { client } }'), query: '{ viewer { client } }' },
  ]) {
    const answer = await send(support, body)
    expect(answer.codes).toEqual(['PERSISTED_QUERY_NOT_SUPPORTED'])
  }
})

describe('bauta documents', () => {
  test("takes Apollo's manifest, and lists what is registered", async () => {
    const body = 'query ViewerNow { viewer { client } }'
    const operations = [{ id: documentHash(body), name: 'ViewerNow', type: 'query', body }]
    const manifest = { format: 'apollo-persisted-query-manifest', version: 1, operations }
    const entries = await running.entriesOf(
      async () => await bauta('register', manifestOf(manifest), '--client', 'globex'),
    )
    expect(entries).toMatchObject([
      { phase: 'admin', action: { action: 'document.register', client: 'globex', documents: 1 } },
    ])
    const lines = JSON.parse(await bauta('list', '--client', 'globex', '--json'))
    expect(lines).toMatchObject([
      {
        client: 'globex',
        documentId: idOf(body),
        operations: ['ViewerNow'],
        purpose: 'PARTNER_SHARING',
      },
    ])
    expect(await bauta('list')).toContain('acme')
  })

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['a field that is not there', '{ nothing }', /Cannot query field/],
    ['no GraphQL', '{', /Syntax Error/],
    [
      'a purpose of others',
      'query @purpose(is: "MARKETING") { viewer { client } }',
      /may not declare the purpose MARKETING/,
    ],
    [
      'two purposes',
      'query A @purpose(is: "MARKETING") { viewer { client } } query B @purpose(is: "SERVICE") { viewer { client } }',
      /several purposes/,
    ],
    [
      'what costs too much',
      '{ searchProfiles(first: 1000) { edges { node { timeline(first: 1000) { edges { cursor } } } } } }',
      /too much/,
    ],
    [
      'too many aliases',
      `{ ${Array.from({ length: 31 }, (_, n) => `a${n}: viewer { client }`).join(' ')} }`,
      /more than 30 aliases/,
    ],
    ['a question about the schema', '{ __schema { queryType { name } } }', /__schema/],
  ]
  test.each(bad)('registers nothing of a manifest with %s', async (_, text, why) => {
    const fine = `{ viewer { client } } # beside ${text.length}`
    const entries = await running.entriesOf(async () => {
      await expect(registered('acme', fine, text)).rejects.toThrow(why)
    })
    expect(entries).toEqual([])
    expect((await send(partner, { documentId: idOf(fine) })).codes).toEqual(['DOCUMENT_NOT_FOUND'])
  })

  test('says which hash a document should have', async () => {
    const file = manifestOf({ [documentHash('another')]: '{ viewer { client } }' })
    await expect(bauta('register', file, '--client', 'acme')).rejects.toThrow(
      documentHash('{ viewer { client } }'),
    )
  })

  test('refuses clients, documents and files that are not there', async () => {
    await expect(registered('nobody', READ)).rejects.toThrow(/no client "nobody"/)
    await expect(bauta('remove', idOf('x'), '--client', 'acme')).rejects.toThrow(/no such document/)
    await expect(bauta('remove', 'x', '--client', 'acme')).rejects.toThrow(/64 hex/)
    await expect(bauta('register', '/nowhere.json', '--client', 'acme')).rejects.toThrow(/nowhere/)
    await expect(registered('acme')).rejects.toThrow(/no documents/)
  })
})

const headersOf = ({ token }: As) => ({
  authorization: `Bearer ${token}`,
  'content-type': 'application/json',
})

async function raw(method: string, path: string, body?: unknown): Promise<Response> {
  return await fetch(`${running.origin}/graphql${path}`, {
    method,
    headers: { ...headersOf(partner), 'apollo-require-preflight': 'yes' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

function apq(text: string) {
  return { extensions: { persistedQuery: { version: 1, sha256Hash: documentHash(text) } } }
}
