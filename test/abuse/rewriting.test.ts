import fc from 'fast-check'
import { parse, print, visit } from 'graphql'
import { type As, RunningGateway } from '../running-gateway.ts'
import { everythingOf } from '../schema-walk.ts'
import { situations } from '../situations.ts'
import { SmallWorld } from '../small-world.ts'

let running: RunningGateway
let shop: As

beforeAll(async () => {
  running = await RunningGateway.start()
  const world = await SmallWorld.over(running)
  const [allGiven] = situations
  if (!allGiven) throw new Error('no situation')
  const { person } = await world.meet(allGiven)
  shop = { token: await running.tokenFor('frontend', person), purpose: 'PERSONALIZATION' }
})
afterAll(async () => await running.stop())

/** The same question in other words: aliases, fragments, and parts that are switched on or off. */
describe('a rewritten query', () => {
  const QUERY = `{ me { ${everythingOf('Profile', new Set(['Recommendation.item', 'Recommendation.because']))} } }`

  function rewritten(choices: readonly number[]): string {
    let turn = 0
    const next = () => choices[turn++ % choices.length] ?? 0
    const text = print(
      visit(parse(QUERY), {
        SelectionSet: {
          leave(node, _key, parent) {
            const isRoot =
              parent &&
              !Array.isArray(parent) &&
              'kind' in parent &&
              parent.kind === 'OperationDefinition'
            if (isRoot || next() % 4 !== 0) return undefined
            return parse(`{ ... @include(if: true) ${print(node)} }`).definitions.flatMap((one) =>
              'selectionSet' in one ? [one.selectionSet] : [],
            )[0]
          },
        },
      }),
    )
    return text
      .replace('{', '{ __typename')
      .replace('me {', 'me { off: contact @skip(if: true) { name } __typename')
  }

  test('discloses the same, withholds the same and leaves the same fields on the trail', async () => {
    const plain = await running.ask(shop, QUERY)
    const [written] = await running.entries()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(100), { minLength: 8, maxLength: 30 }), async (choices) => {
        const answer = await running.ask(shop, rewritten(choices))
        expect(answer.codes).toEqual([])
        const { __typename, ...me } = answer.data.me
        expect([__typename, me]).toEqual(['Profile', plain.data.me])
        expect(answer.withheld).toEqual(plain.withheld)
        const [entry] = await running.entries()
        expect(entry?.sets).toEqual(written?.sets)
      }),
      { numRuns: 15 },
    )
  })

  test('under another name is told of under that name, and recorded under its own', async () => {
    const service = { ...shop, purpose: 'SERVICE' }
    const query = '{ who: me { c: contact { mail: email street: address } } }'
    const answer = await running.ask(service, query)
    expect(answer.data).toEqual({ who: { c: { mail: 'm***@example.com', street: null } } })
    expect(answer.withheld.map(({ path }) => path)).toEqual(['who.c.street'])
    const [entry] = await running.entries()
    expect(entry?.sets[0]?.fields).toEqual([
      { path: 'contact.email', treatment: 'MASKED' },
      { path: 'contact.address', treatment: 'WITHHELD' },
    ])
  })
})
