import fc from 'fast-check'
import {
  type ExecutionResult,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  GraphQLSchema,
  parse,
} from 'graphql'
import type { Reception, Visit } from '../../../src/gateway/disclose/reception.ts'
import { purposeDirective } from '../../../src/inbound/graphql/directives.ts'
import { publicError } from '../../../src/inbound/graphql/errors.ts'
import { Responder } from '../../../src/inbound/graphql/responder.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'

/**
 * The first answer to a document comes from the reference executor, later ones from a compiled query. Nobody may be able
 * to tell which of them answered, and what changes something is never compiled.
 */

/** What each field does next, by name: a value after some turns of the event loop, or a refusal. */
type Deeds = Readonly<Record<string, { readonly turns: number; readonly fails: boolean }>>

let deeds: Deeds = {}
let done: string[] = []
/** The place of which a resolver was told last: compiled once, it is the same object each time. */
let told: unknown

const resolve =
  (value: unknown) =>
  async (_source: unknown, _args: unknown, _context: unknown, info: GraphQLResolveInfo) => {
    const { fieldName } = info
    told = info.fieldNodes
    const { turns, fails } = deeds[fieldName] ?? { turns: 0, fails: false }
    done.push(`${fieldName} begins`)
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
    done.push(`${fieldName} ends`)
    if (fails) throw new Refusal('NOT_FOUND', `No ${fieldName} here.`)
    return value
  }

const field = (type: GraphQLOutputType, value: unknown) => ({ type, resolve: resolve(value) })
const leaves = {
  maybe: field(GraphQLInt, 1),
  never: field(GraphQLInt, null),
  sure: field(new GraphQLNonNull(GraphQLInt), 2),
}
const Inner = new GraphQLObjectType({ name: 'Inner', fields: leaves })
const Outer = new GraphQLObjectType({
  name: 'Outer',
  fields: {
    inner: field(Inner, {}),
    sureInner: field(new GraphQLNonNull(Inner), {}),
    many: field(new GraphQLList(Inner), [{}, {}]),
    manySure: field(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Inner))), [{}, {}]),
  },
})
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { ...leaves, outer: field(Outer, {}), outers: field(new GraphQLList(Outer), [{}, {}]) },
  }),
  mutation: new GraphQLObjectType({
    name: 'Mutation',
    fields: {
      first: field(GraphQLInt, 1),
      second: field(new GraphQLNonNull(GraphQLInt), 2),
      third: field(GraphQLInt, 3),
    },
  }),
  directives: [purposeDirective],
})

const visit = {
  scope: { requestId: 'r', grant: { purpose: null }, withheld: () => [], honoured: [], people: 0 },
  disclose: { epoch: 0 },
} as unknown as Visit
const reception = { admit: async () => visit, leave: async () => {} } as unknown as Reception
const newResponder = () => new Responder({ schema, reception, doors: {} as never })

async function asked(
  responder: Responder,
  query: string,
  registered = false,
): Promise<ExecutionResult> {
  done = []
  return await responder.respond({
    document: parse(query),
    documentHash: query,
    operationName: null,
    variables: {},
    caller: {} as never,
    registered,
  })
}

/** As it leaves. */
function bytes(result: ExecutionResult): string {
  const errors = result.errors?.map((error) => publicError(error.toJSON(), error))
  return JSON.stringify({ ...result, errors })
}

describe('a mutation that is sent again', () => {
  const query = 'mutation { first second third }'

  test('changes one thing after the other', async () => {
    deeds = { first: { turns: 3, fails: false }, second: { turns: 1, fails: false } }
    const responder = newResponder()
    for (let time = 0; time < 3; time++) {
      expect((await asked(responder, query)).data).toEqual({ first: 1, second: 2, third: 3 })
      expect(done).toEqual(
        ['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]),
      )
    }
  })

  test('changes nothing more after a failure that takes the whole answer', async () => {
    deeds = { second: { turns: 0, fails: true } }
    const responder = newResponder()
    for (let time = 0; time < 3; time++) {
      const { data, errors } = await asked(responder, query)
      expect([data, errors?.length]).toEqual([null, 1])
      expect(done).not.toContain('third begins')
    }
  })
})

const below = '{ maybe never sure }'
const outer = `{ inner ${below} sureInner ${below} many ${below} manySure ${below} }`
const query = `{ maybe sure outer ${outer} outers ${outer} }`
const deed = fc.record({ turns: fc.nat(2), fails: fc.boolean() })
const slow = fc.record({ turns: fc.nat(2), fails: fc.constant(false) })
/** Of what can't be null one kind fails: which of several is told is not promised. */
const someDeeds = fc
  .record(
    { maybe: deed, never: deed, inner: deed, sureInner: deed, many: deed, outer: deed },
    { requiredKeys: [] },
  )
  .chain((some) =>
    fc
      .record({ sure: slow, manySure: slow }, { requiredKeys: [] })
      .map((more) => ({ ...some, ...more })),
  )

test('The first answer to a query and those that are compiled are the same, byte for byte, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(someDeeds, async (some) => {
      deeds = some
      const responder = newResponder()
      const first = bytes(await asked(responder, query))
      expect(bytes(await asked(responder, query))).toBe(first)
      expect(bytes(await asked(responder, query))).toBe(first)
    }),
  )
})

test('A registered document is compiled at first sight, others when they come again', async () => {
  deeds = {}
  const toldTo = async (responder: Responder, registered: boolean) => {
    await asked(responder, query, registered)
    return told
  }
  const often = async (registered: boolean) => {
    const responder = newResponder()
    const [first, second, third] = [
      await toldTo(responder, registered),
      await toldTo(responder, registered),
      await toldTo(responder, registered),
    ]
    return [first === second, second === third]
  }
  expect(await often(true)).toEqual([true, true])
  expect(await often(false)).toEqual([false, true])
})
