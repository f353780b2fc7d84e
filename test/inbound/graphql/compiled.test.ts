import fc from 'fast-check'
import { execute, isInputObjectType, isObjectType, parse } from 'graphql'
import { compileQuery, isCompiledQuery } from 'graphql-jit'
import { buildGraphqlSchema } from '../../../src/inbound/graphql/schema.ts'

/**
 * A document that is asked again is answered by a compiled query. Whatever it is given, the doors must be asked the same
 * as when it was asked first. The compiler fills in no defaults and takes what is absent for null; so the schema has no
 * defaults, and doors treat both alike.
 */
const schema = buildGraphqlSchema()

/** Null and absent are the same to the doors. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, one]) => one !== null && one !== undefined)
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutNulls(one)]))
}

/** Doors that note what they were asked for, and answer with nothing. */
function doorsThatListen() {
  const heard: unknown[] = []
  const hears =
    (door: string, answer: unknown) =>
    async (...asked: unknown[]) => {
      heard.push([door, ...asked.map((one) => (one === scope ? 'scope' : withoutNulls(one)))])
      return answer
    }
  const scope = {}
  const page = { edges: [], hasNextPage: false, hasPreviousPage: false }
  const doors = {
    scope,
    disclose: {
      me: hears('me', { id: 'me' }),
      profiles: hears('profiles', []),
      lists: { search: hears('search', page) },
      catalogue: { items: hears('items', page), item: hears('item', null) },
      derived: { recommendationsOf: hears('recommendations', null) },
      traits: { traitsOf: hears('traits', []) },
    },
    tell: { track: hears('track', { accepted: true }) },
    govern: { items: { upsert: hears('upsert', { id: 'item' }) } },
    attest: { volumes: { between: hears('between', { volumes: [], unusual: [] }) } },
  }
  return { doors, heard }
}

async function heardBy(query: string, variables: Record<string, unknown>, compiled: boolean) {
  const { doors, heard } = doorsThatListen()
  const document = parse(query)
  if (!compiled) await execute({ schema, document, contextValue: doors, variableValues: variables })
  else {
    const ready = compileQuery(schema, document)
    if (!isCompiledQuery(ready)) throw new Error('not compiled')
    await ready.query(undefined, doors, variables)
  }
  return heard
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
const some = (values: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(values, { requiredKeys: [] })
const text = fc.constantFrom('DE', 'pro', '')
const instant = fc.constantFrom('2020-01-01T00:00:00Z', '2026-06-30T12:00:00+02:00')
const filter = some({
  country: maybe(text),
  segment: maybe(text),
  minSessions: maybe(fc.nat(9)),
  seenSince: maybe(instant),
})
const by = fc.constantFrom('LAST_SEEN_AT', 'TOTAL_VALUE')
const order = fc.oneof(fc.record({ by }), fc.record({ by, descending: maybe(fc.boolean()) }))
const first = maybe(fc.nat(40))

const documents: readonly [query: string, variables: fc.Arbitrary<Record<string, unknown>>][] = [
  [
    'query ($f: ProfileFilter, $o: ProfileOrder, $n: Int) { searchProfiles(filter: $f, orderBy: $o, first: $n) { edges { cursor } } }',
    some({ f: maybe(filter), o: maybe(order), n: first }),
  ],
  [
    'query ($c: String, $s: DateTime, $by: ProfileOrderBy!, $d: Boolean) { searchProfiles(filter: { country: $c, seenSince: $s }, orderBy: { by: $by, descending: $d }) { edges { cursor } } }',
    fc
      .tuple(some({ c: maybe(text), s: maybe(instant), d: maybe(fc.boolean()) }), by)
      .map(([more, one]) => ({ ...more, by: one })),
  ],
  [
    'query ($n: Int = 7, $c: String) { items(first: $n, category: $c) { edges { cursor } } me { recommendations(first: $n, category: $c) { recommender } } }',
    some({ n: first, c: maybe(text) }),
  ],
  [
    'query ($ids: [ID!]!, $one: ID!, $yes: Boolean = true) { all: profiles(ids: $ids) { id } profiles(ids: [$one, "x"]) @include(if: $yes) { id } }',
    fc.record(
      { ids: fc.oneof(text, fc.array(text)), one: text, yes: fc.boolean() },
      { requiredKeys: ['ids', 'one'] },
    ),
  ],
  [
    'query ($k: [String!], $no: Boolean!) { me { traits(keys: $k) { key } trait(key: "plan") @skip(if: $no) { key } } }',
    fc.tuple(some({ k: maybe(fc.array(text)) }), fc.boolean()).map(([k, no]) => ({ ...k, no })),
  ],
  [
    'mutation ($e: TrackInput!, $p: JSON, $k: IdentifierKind!) { track(event: $e) { accepted } other: track(event: { messageId: "m", event: "e", properties: $p, identifiers: [{ kind: $k, value: "v" }] }) { accepted } }',
    fc
      .tuple(
        fc.record(
          { messageId: text, event: text, timestamp: maybe(instant), properties: fc.jsonValue() },
          { requiredKeys: ['messageId', 'event'] },
        ),
        some({ p: fc.jsonValue() }),
        fc.constantFrom('EMAIL', 'USER_ID'),
      )
      .map(([e, p, k]) => ({ e, ...p, k })),
  ],
  [
    'mutation ($i: ItemInput!) { upsertItem(item: $i) { id } }',
    fc.record({
      i: fc.record(
        { id: text, title: text, available: maybe(fc.boolean()), price: maybe(fc.nat(9)) },
        { requiredKeys: ['id', 'title'] },
      ),
    }),
  ],
  [
    'query ($g: [AuditDimension!]) { auditStatistics(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", groupBy: $g) { volumes { entries } } }',
    some({ g: maybe(fc.constantFrom('ACTOR', ['PURPOSE', 'DAY'])) }),
  ],
]

describe('a compiled query', () => {
  test.each(documents)(
    'asks the doors what the query asked first: %s',
    async (query, variables) => {
      await fc.assert(
        fc.asyncProperty(variables, async (given) => {
          const asked = await heardBy(query, given, false)
          expect(await heardBy(query, given, true)).toEqual(asked)
          expect(asked.length).toBeGreaterThan(0)
        }),
      )
    },
  )

  test('has no defaults to forget: no argument and no field of an input has one', () => {
    const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))
    const defaults = types.flatMap((type) => {
      if (isInputObjectType(type))
        return Object.values(type.getFields()).map((field) => [
          `${type.name}.${field.name}`,
          field.defaultValue,
        ])
      if (!isObjectType(type)) return []
      return Object.values(type.getFields()).flatMap((field) =>
        field.args.map((arg) => [`${type.name}.${field.name}(${arg.name})`, arg.defaultValue]),
      )
    })
    expect(defaults.filter(([, value]) => value !== undefined)).toEqual([])
  })
})
