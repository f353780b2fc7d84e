import fc from 'fast-check'
import type { Selection } from '../../src/gateway/disclose/plan-rules.ts'
import { DocumentWalk } from '../../src/inbound/graphql/document-walk.ts'
import { type As, RunningGateway } from '../running-gateway.ts'
import { everythingOf } from '../schema-walk.ts'
import { situations } from '../situations.ts'
import { SmallWorld } from '../small-world.ts'
import { asAsked, pathAsAsked, type Rewritten, rewritten } from './rewrite.ts'

let running: RunningGateway
let shop: As
let id: string

beforeAll(async () => {
  running = await RunningGateway.start()
  const world = await SmallWorld.over(running)
  const [allGiven] = situations
  if (!allGiven) throw new Error('no situation')
  const { person } = await world.meet(allGiven)
  id = running.pseudonym('frontend', person)
  shop = { token: await running.tokenFor('frontend', person), purpose: 'PERSONALIZATION' }
})
afterAll(async () => await running.stop())

/** Everything about the person acted for: by their own field, and by their id as anything that has one. */
const FIELDS = everythingOf('Profile', new Set(['Recommendation.item', 'Recommendation.because']))
const query = () => `{ me { ${FIELDS} } node(id: "${id}") { id ... on Profile { ${FIELDS} } } }`

/** All that an answer told, and the entry that it left, whatever things were called in the question. */
async function told(question: Rewritten) {
  const { codes, data, withheld } = await running.ask(shop, question.query, question.variables)
  const [entry] = await running.entries()
  return {
    codes,
    data: asAsked(data),
    withheld: [
      ...new Set(withheld.map(({ path, reason, of }) => `${pathAsAsked(path)} ${reason} ${of}`)),
    ].sort(),
    fields: entry?.sets
      .map(({ fields }) =>
        fields
          .map(({ path, treatment }) => `${path} ${treatment}`)
          .sort()
          .join(),
      )
      .sort(),
  }
}

/** That a question gets the same answer and leaves the same fields on the trail, in whatever words. */
async function sameInOtherWords() {
  const plain = await told({ query: query(), variables: {} })
  expect(plain.codes).toEqual([])
  return fc.asyncProperty(
    fc.array(fc.nat(1_000), { minLength: 8, maxLength: 60 }),
    async (choices) => expect(await told(rewritten(query(), choices))).toEqual(plain),
  )
}

describe('a rewritten query', () => {
  test('discloses the same, withholds the same and leaves the same fields on the trail', async () => {
    await fc.assert(await sameInOtherWords(), { numRuns: 20 })
  })

  test('that is misunderstood is found: a planted walk that overlooks what goes by another name', async () => {
    const { select } = DocumentWalk.prototype
    const property = await sameInOtherWords()
    DocumentWalk.prototype.select = function (variables, documentId) {
      const selection = select.call(this, variables, documentId)
      const isPlain = ({ coordinate, path }: Selection['personal'][number]) =>
        coordinate.endsWith(`.${path.split('.').at(-1)}`)
      return { ...selection, personal: selection.personal.filter(isPlain) }
    }
    try {
      expect((await fc.check(property, { numRuns: 40, endOnFailure: true })).failed).toBe(true)
    } finally {
      DocumentWalk.prototype.select = select
    }
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
