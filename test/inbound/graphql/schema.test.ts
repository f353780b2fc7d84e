import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql'
import { categoryOf, derivedFields, fieldRules } from '../../../src/gateway/disclose/fields.ts'
import { directiveArgument } from '../../../src/inbound/graphql/directives.ts'
import type { SubjectId } from '../../../src/kernel/ids.ts'
import { RunningGateway } from '../../running-gateway.ts'
import { everythingOf, personalFields, schema, typesOfProfile } from '../../schema-walk.ts'
import { SmallWorld, seedCrowd } from '../../small-world.ts'

/**
 * Fields below a profile that need no category of their own: groups and parts of what is decided above them, and things
 * that are no person's. A new field of a profile is personal, or it is added here for everybody to see.
 */
const STRUCTURAL = new Set([
  ...['contact', 'demographics', 'account', 'activity', 'commerce'].map(
    (group) => `Profile.${group}`,
  ),
])
/** Types whose fields all belong to the personal field that leads to them, or to nobody. */
const PARTS = new Set([
  'ExternalId',
  'EventCount',
  'RecencyFrequencyValue',
  'VerifiedIdentity',
  'EventConnection',
  'EventEdge',
  'TimelineEvent',
  'PageInfo',
  'Trait',
  'Lineage',
  'SegmentMembership',
  'RecommendationList',
  'Recommendation',
  'Item',
  'ConsentState',
])

const unmarked = typesOfProfile()
  .filter(({ name }) => !PARTS.has(name))
  .flatMap((type) =>
    Object.values(type.getFields())
      .filter((field) => directiveArgument(field, 'personal', 'category') === null)
      .map((field) => `${type.name}.${field.name}`),
  )

const ROOTS = new Set(['Query', 'Mutation', 'Subscription'])

/** Fields with their arguments, or values. */
function partsOf(
  type: GraphQLNamedType,
): readonly { name: string; description?: string | null | undefined }[] {
  if (isEnumType(type)) return type.getValues()
  if (isInputObjectType(type)) return Object.values(type.getFields())
  if (!isObjectType(type) && !isInterfaceType(type)) return []
  return Object.values(type.getFields()).flatMap((field) => [field, ...field.args])
}

/** What a request asks about people; the trail is indexed and models are looked for meanwhile, whoever asks for what. */
const ABOUT_PEOPLE =
  /(FROM|JOIN) (read_model|event|consent_record|consent_state|identifier|features|subject)\b/

describe('the schema', () => {
  test('says of every type, field, argument and value what it means', () => {
    const silent = Object.values(schema.getTypeMap())
      .filter(({ name }) => !name.startsWith('__'))
      .flatMap((type) => [
        ...(ROOTS.has(type.name) ? [] : [type]),
        ...partsOf(type).map((part) => ({
          name: `${type.name}.${part.name}`,
          description: part.description,
        })),
      ])
      .filter(({ description }) => !description)
      .map(({ name }) => name)
    expect(silent).toEqual([])
  })

  test('marks every field of a profile as personal, but for groups of such fields', () => {
    expect(unmarked.sort()).toEqual([...STRUCTURAL].sort())
  })

  test('names for each personal field the category that the doors decide by', () => {
    const below = personalFields().map(({ coordinate, category }) => [coordinate, category])
    const ofQuery = Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap((field) => {
      const category = directiveArgument(field, 'personal', 'category')
      return category === null ? [] : [[`Query.${field.name}`, category]]
    })
    const marked = [...below, ...ofQuery]
    expect(marked).toEqual(marked.map(([coordinate = '']) => [coordinate, categoryOf(coordinate)]))
    const known = [...fieldRules.keys(), ...Object.keys(derivedFields)]
    expect([...new Set(marked.map(([coordinate]) => coordinate))].sort()).toEqual(known.sort())
  })
})

describe('a query over every field', () => {
  let running: RunningGateway
  let world: SmallWorld
  let people: readonly SubjectId[]

  beforeAll(async () => {
    running = await RunningGateway.start()
    world = await SmallWorld.over(running)
    people = await seedCrowd(world, 50)
    await running.gateway.segments.defineAsOperator({
      key: 'recent',
      name: 'Recent',
      description: '',
      rule: { event: 'Product Viewed', is: 'atLeast', count: 1, withinDays: 30 },
    })
    await running.gateway.fit.run()
  })
  afterAll(async () => await running.stop())

  async function statementsFor(count: number): Promise<string[]> {
    const ids = people.slice(0, count).map((person) => running.pseudonym('compliance', person))
    const query = `query Every($ids: [ID!]!) { profiles(ids: $ids) { ${everythingOf('Profile')} } }`
    const as = { token: world.key('compliance'), purpose: 'SUBJECT_RIGHTS' }
    const before = running.statements.length
    const answer = await running.ask(as, query, { ids })
    expect(answer.codes).toEqual([])
    expect(answer.data.profiles.filter(Boolean)).toHaveLength(count)
    return running.statements.slice(before).filter((text) => ABOUT_PEOPLE.test(text))
  }

  test('takes the same statements for one profile as for fifty', async () => {
    await statementsFor(2)
    await statementsFor(2)
    const [one, many] = [await statementsFor(1), await statementsFor(50)]
    expect(many).toEqual(one)
    expect(one.length).toBeGreaterThan(2)
  })

  test('takes the same statements for a list of one as for a list of fifty', async () => {
    const list = async (first: number) => {
      const as = { token: world.key('compliance'), purpose: 'SUBJECT_RIGHTS' }
      const query = `query List($first: Int!) { searchProfiles(first: $first) { edges { node { ${everythingOf('Profile')} } } } }`
      const before = running.statements.length
      const answer = await running.ask(as, query, { first })
      expect(answer.data.searchProfiles.edges).toHaveLength(first)
      return running.statements.slice(before).filter((text) => ABOUT_PEOPLE.test(text))
    }
    await list(2)
    await list(2)
    expect(await list(50)).toEqual(await list(1))
  })
})
