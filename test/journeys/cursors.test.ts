import { type As, given, RunningGateway } from '../running-gateway.ts'

/** A cursor is a place in a list, not a row: it holds when the row that it was taken from has gone. */
let running: RunningGateway
let officer: As
let busy: string

beforeAll(async () => {
  running = await RunningGateway.start({}, 'policy')
  officer = {
    token: await running.client({ id: 'officer', roles: ['compliance'] }),
    purpose: 'SUBJECT_RIGHTS',
  }
  const people = await running.take(
    'crm',
    Array.from({ length: 6 }, (_, n) => ({
      type: 'profile' as const,
      recordKey: `p${n}`,
      identifiers: given({ userId: `u${n}` }),
      traits: { customerSince: `2020-01-0${n + 1}` },
    })),
  )
  busy = people[0] ?? ''
  await running.take(
    'shop',
    Array.from({ length: 6 }, (_, n) => ({
      type: 'event' as const,
      messageId: `m${n}`,
      identifiers: given({ userId: 'u0' }),
      name: `Seen ${n}`,
      timestamp: `2026-01-0${n + 1}T00:00:00Z`,
      properties: {},
    })),
  )
  await running.take(
    'shop',
    Array.from({ length: 6 }, (_, n) => ({
      type: 'item' as const,
      id: `i${n}`,
      title: `Item ${n}`,
    })),
  )
  for (let n = 0; n < 6; n += 1)
    await running.gateway.segments.defineAsOperator({
      key: `s${n}`,
      name: `Segment ${n}`,
      description: '',
      rule: { field: 'country', is: 'known' },
    })
})
afterAll(async () => await running.stop())

const remove = async (statement: string, ...values: unknown[]) =>
  await running.gateway.stores.opened.database.query(statement, values)

interface List {
  readonly name: string
  /** The connection's field with its arguments, and what to show of a node. */
  readonly field: (page: string) => string
  readonly at: readonly string[]
  /** Takes away the row that a node shows. */
  readonly vanish: (node: Record<string, string>) => Promise<unknown>
}

const subjectOf = (id: string) => running.gateway.audiences.of('officer').open(id)
const lists: readonly List[] = [
  // First, as the next ones take people away.
  {
    name: 'timeline',
    field: (page) =>
      `profile(id: "${running.pseudonym('officer', busy)}") { timeline(${page}) { PAGE { name } } } }`,
    at: ['profile', 'timeline'],
    vanish: ({ name }) => remove('DELETE FROM event WHERE name = $1', name),
  },
  {
    name: 'searchProfiles',
    field: (page) => `searchProfiles(${page}) { PAGE { id } } }`,
    at: ['searchProfiles'],
    vanish: ({ id }) => remove('DELETE FROM read_model WHERE subject_id = $1', subjectOf(id ?? '')),
  },
  {
    name: 'searchProfiles in an order',
    field: (page) =>
      `searchProfiles(orderBy: { by: CUSTOMER_SINCE }, ${page}) { PAGE { id account { customerSince } } } }`,
    at: ['searchProfiles'],
    vanish: ({ id }) => remove('DELETE FROM read_model WHERE subject_id = $1', subjectOf(id ?? '')),
  },
  {
    name: 'items',
    field: (page) => `items(${page}) { PAGE { itemId } } }`,
    at: ['items'],
    vanish: ({ itemId }) => remove('DELETE FROM item WHERE id = $1', itemId),
  },
  {
    name: 'segments',
    field: (page) => `segments(${page}) { PAGE { key } } }`,
    at: ['segments'],
    vanish: async ({ key }) => await running.gateway.stores.segments.remove(key ?? ''),
  },
  {
    name: 'auditTrail',
    // What comes in between two pages is newer than both.
    field: (page) => `auditTrail(filter: { actor: "operator" }, ${page}) { PAGE { index } } }`,
    at: ['auditTrail'],
    vanish: ({ index }) => remove('DELETE FROM audit_index WHERE log_index = $1', index),
  },
]

async function page({ field, at }: List, first: number, after?: string) {
  const cut = `first: ${first}${after === undefined ? '' : `, after: "${after}"`}`
  const shown = 'pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node'
  const { codes, data } = await running.ask(officer, `{ ${field(cut).replace('PAGE', shown)} }`)
  expect(codes).toEqual([])
  const { edges, pageInfo } = at.reduce((value, key) => value[key], data)
  return { ...pageInfo, cursors: edges.map(cursorOf), nodes: edges.map(nodeOf) }
}
const cursorOf = ({ cursor }: { cursor: string }) => cursor
const nodeOf = ({ node }: { node: Record<string, string> }) => node

describe.each(lists)('$name', (list) => {
  test('goes on after a row that has gone since, missing nothing and repeating nothing', async () => {
    const whole = await page(list, 5)
    const first = await page(list, 2)
    expect(first).toMatchObject({ hasNextPage: true, nodes: whole.nodes.slice(0, 2) })
    await list.vanish(first.nodes[1])
    const next = await page(list, 3, first.endCursor)
    expect(next.nodes).toEqual(whole.nodes.slice(2))
    expect(next.hasPreviousPage).toBe(true)
    expect((await page(list, 5)).nodes).not.toContainEqual(first.nodes[1])
  })
})

test('a person whose consent has closed meanwhile leaves a cursor that still holds', async () => {
  const token = await running.client({ id: 'mail', roles: ['marketer'] })
  const marketer = { token, purpose: 'MARKETING' }
  const decide = async (n: number, state: 'ConsentGiven' | 'ConsentWithdrawn') =>
    await running.take('crm', [
      { type: 'consent', identifiers: given({ userId: `v${n}` }), purpose: 'MARKETING', state },
    ])
  const people: string[] = []
  for (let n = 0; n < 5; n += 1) people.push((await decide(n, 'ConsentGiven'))[0] ?? '')
  const listed = async (cut: string) => {
    const query = `{ searchProfiles(${cut}) { edges { cursor node { id } } } }`
    return (await running.ask(marketer, query)).data.searchProfiles.edges
  }
  const whole = await listed('first: 5')
  const gone = people.findIndex((one) => running.pseudonym('mail', one) === whole[1].node.id)
  await decide(gone, 'ConsentWithdrawn')
  expect(await listed(`first: 5, after: "${whole[1].cursor}"`)).toEqual(whole.slice(2))
})
