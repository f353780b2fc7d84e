import {
  buildSchema,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  type OperationDefinitionNode,
  parse,
} from 'graphql'
import { analyse } from '../../../src/inbound/graphql/analysis.ts'
import { costDirective, listSizeDirective } from '../../../src/inbound/graphql/directives.ts'
import { buildGraphqlSchema } from '../../../src/inbound/graphql/schema.ts'
import { listSizeOf } from '../../../src/inbound/graphql/weights.ts'
import { limits } from '../../../src/kernel/limits.ts'
import { responseCost } from './response-cost.ts'

const DIRECTIVES = `
  directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
  directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
`
/** Examples 1, 11, 12 and 18 of https://ibm.github.io/graphql-specs/cost-spec.html, and types to select from. */
const schema = buildSchema(`${DIRECTIVES}
  type User { name: String age: Int @cost(weight: "2.0") friend: User }
  enum Approximate { YES NO }
  input Filter { approx: Approximate @cost(weight: "-12.0") }
  type Product { id: ID }
  type Film { title: String }
  type FilmEdge { node: Film }
  type FilmConnection { edges: [FilmEdge] total: Int }
  interface Named { name: String }
  type Dear implements Named @cost(weight: "7.0") { name: String users(max: Int): [User] @listSize(slicingArguments: ["max"]) }
  type Cheap implements Named { name: String friend: User }
  type Query {
    users(max: Int): [User] @listSize(slicingArguments: ["max"])
    most(approx: Approximate @cost(weight: "-3.0")): Product @cost(weight: "5.0")
    little(approx: Approximate @cost(weight: "-30.0")): Product @cost(weight: "5.0")
    topProducts(filter: Filter @cost(weight: "15.0")): [String] @cost(weight: "5.0") @listSize(assumedSize: 10)
    films(first: Int, last: Int): FilmConnection @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"], assumedSize: 4, requireOneSlicingArgument: false)
    byIds(ids: [ID!]!): [User] @listSize(slicingArguments: ["ids"])
    defaulted(max: Int = 6): [User] @listSize(slicingArguments: ["max"])
    unknown: [User]
    named: Named
    me: User
  }
  type Mutation { rename(name: String): User dear: User @cost(weight: "40") }
`)

function costOf(
  query: string,
  variables: Record<string, unknown> = {},
  name: string | null = null,
) {
  return analyse(schema, parse(query), name, 'document').cost(variables)
}

describe('the cost of a query, by the examples of the specification', () => {
  const users = '{ users(max: 5) { age } }'

  test('is 11 for the users example, of which the answer with three users was worth 7', () => {
    expect(costOf(users).field).toBe(11)
    const data = { users: [{ age: 33 }, { age: 45 }, { age: 27 }] }
    const [operation] = parse(users).definitions as OperationDefinitionNode[]
    if (!operation) throw new Error('no operation')
    expect(responseCost(schema, operation, data).field).toBe(7)
  })

  test('is 5 and 15 more for the filter, 12 less of that where approximate is enough', () => {
    expect(costOf('{ topProducts }').field).toBe(5)
    expect(costOf('{ topProducts(filter: {}) }').field).toBe(20)
    expect(costOf('{ topProducts(filter: { approx: YES }) }').field).toBe(8)
    const asked = 'query ($filter: Filter) { topProducts(filter: $filter) }'
    expect(costOf(asked, { filter: { approx: 'YES' } }).field).toBe(8)
    expect(costOf(asked, { filter: {} }).field).toBe(20)
    expect(costOf(asked, {}).field).toBe(5)
  })

  test('may be lessened by an argument, but no field costs less than nothing', () => {
    expect(costOf('{ most(approx: YES) { id } }').field).toBe(2)
    expect(costOf('{ little(approx: YES) { id } }').field).toBe(0)
    expect(costOf('{ little(approx: YES) { id } me { name } }').field).toBe(1)
  })

  test('takes the size of edges from the connection, and the largest of several slicing arguments', () => {
    const films = (args: string) => costOf(`{ films${args} { edges { node { title } } } }`).type
    expect(films('(first: 3)')).toBe(1 + 1 + 3 * 2)
    expect(films('(first: 3, last: 9)')).toBe(1 + 1 + 9 * 2)
    expect(films('')).toBe(1 + 1 + 4 * 2)
    expect(films('(first: null)')).toBe(1 + 1 + 4 * 2)
    expect(costOf('{ films(first: 900) { total } }').type).toBe(2)
  })
})

describe('the cost of a query', () => {
  test('follows the variables of each request, for numbers, lists and defaults', () => {
    const query =
      'query ($max: Int, $ids: [ID!]!) { users(max: $max) { friend { name } } byIds(ids: $ids) { name } }'
    const { cost } = analyse(schema, parse(query), null, 'document')
    expect(cost({ max: 2, ids: [] }).type).toBe(1 + 2 * 2)
    expect(cost({ max: 7, ids: ['a', 'b'] }).type).toBe(1 + 7 * 2 + 2)
    expect(cost({ max: 2, ids: [] }).type).toBe(1 + 2 * 2)
    expect(costOf('{ defaulted { name } }').type).toBe(1 + 6)
  })

  test('leaves out what is skipped', () => {
    const query =
      'query ($on: Boolean!) { me { name } users(max: 50) @include(if: $on) { name } byIds(ids: ["a"]) @skip(if: true) { name } }'
    expect(costOf(query, { on: false }).type).toBe(2)
    expect(costOf(query, { on: true }).type).toBe(52)
  })

  test('is that of the dearest type where an interface is asked', () => {
    const on =
      '{ named { name ... on Dear { users(max: 3) { name } } ... on Cheap { friend { name } } } }'
    expect(costOf(on).type).toBe(1 + 7 + 3)
    expect(
      costOf('query ($n: Int) { named { ... on Dear { users(max: $n) { name } } } }', { n: 9 })
        .type,
    ).toBe(1 + 7 + 9)
  })

  test('is 10 for a mutation, or what the mutation says', () => {
    expect(costOf('mutation { rename { name } }').field).toBe(10)
    expect(costOf('mutation { a: rename { name } dear { name } }').field).toBe(50)
  })

  test('counts a list of which nobody says the length as a whole page', () => {
    expect(costOf('{ unknown { name } }').type).toBe(1 + limits.pageSize)
  })

  test('is refused where a list needs one slicing argument and has none, and where it is longer than a page', () => {
    const refusal = expect.objectContaining({ code: 'BAD_USER_INPUT' })
    expect(() => costOf('{ users { name } }')).toThrow(refusal)
    expect(() => costOf('query ($n: Int) { users(max: $n) { name } }', { n: 1_001 })).toThrow(
      refusal,
    )
    expect(costOf('query ($n: Int) { users(max: $n) { name } }', { n: 1_000 }).type).toBe(1_001)
  })

  // GHSA-733v-p3h5-qpq7: what was called like a field of introspection was not counted.
  test('is the same whatever fragments, operations and aliases are called', () => {
    const plain = '{ users(max: 900) { friend { friend { name } } } }'
    const cost = costOf(plain)
    expect(costOf(`query __schema ${plain}`)).toEqual(cost)
    const fragment =
      'fragment __schema on Query { users(max: 900) { ...__type } } fragment __type on User { friend { friend { name } } }'
    expect(costOf(`query { ...__schema } ${fragment}`)).toEqual(cost)
    expect(costOf('{ __schema: users(max: 900) { friend { friend { name } } } }')).toEqual(cost)
  })

  test('can not come from what every object has by itself', () => {
    expect(costOf('query ($constructor: Int) { me { name } }', { constructor: 5 }).type).toBe(2)
    expect(costOf('{ __typename me { __typename } }')).toEqual({ field: 1, type: 2 })
  })
})

describe("the gateway's own schema", () => {
  const own = buildGraphqlSchema()
  const objects = Object.values(own.getTypeMap()).filter(
    (type) => isObjectType(type) && !type.name.startsWith('__'),
  )
  const fields = objects.flatMap((type) =>
    isObjectType(type) ? Object.values(type.getFields()).map((field) => ({ type, field })) : [],
  )

  test('says of every list of objects how long it is', () => {
    const sized = fields.flatMap(({ field }) => {
      const below = getNamedType(field.type).name
      return (listSizeOf(field)?.sizedFields ?? []).map((name) => `${below}.${name}`)
    })
    const silent = fields
      .filter(({ field }) => isListType(getNullableType(field.type)))
      .filter(({ field }) => isObjectType(getNamedType(field.type)) && !listSizeOf(field))
      .map(({ type, field }) => `${type.name}.${field.name}`)
    expect(silent.filter((coordinate) => !sized.includes(coordinate))).toEqual([])
  })

  test('names only arguments and lists that are there (§9.2)', () => {
    for (const { type, field } of fields) {
      const rule = listSizeOf(field)
      if (!rule) continue
      const where = `${type.name}.${field.name}`
      const below = getNamedType(field.type)
      const args = field.args.map(({ name }) => name)
      expect([where, rule.slicingArguments.filter((name) => !args.includes(name))]).toEqual([
        where,
        [],
      ])
      const lists = isObjectType(below)
        ? Object.values(below.getFields()).filter((one) => isListType(getNullableType(one.type)))
        : []
      const missing = rule.sizedFields.filter((name) => !lists.some((one) => one.name === name))
      expect([where, missing]).toEqual([where, []])
      expect(rule.sizedFields.length > 0 || isListType(getNullableType(field.type))).toBe(true)
      const isClear =
        rule.assumedSize === null ||
        rule.slicingArguments.length === 0 ||
        !rule.requireOneSlicingArgument
      expect([where, isClear]).toEqual([where, true])
    }
  })

  test('has the directives as they are specified', () => {
    expect(costDirective.locations).toHaveLength(6)
    expect(listSizeDirective.args.map(({ name }) => name)).toEqual([
      'assumedSize',
      'slicingArguments',
      'sizedFields',
      'requireOneSlicingArgument',
    ])
  })
})
