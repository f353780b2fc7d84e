import { compilePolicy } from '../../src/domain/privacy/policy.ts'
import { ruleFields } from '../../src/domain/segments/rule-fields.ts'
import type { DefinedSegment } from '../../src/gateway/govern/segments.ts'
import { readPolicyTables } from '../../src/policy-files.ts'
import { type Caller, callersOf } from '../callers.ts'
import { TableOracle } from '../gateway/disclose/table-oracle.ts'
import { type As, comparable, policyUnderTest, RunningGateway } from '../running-gateway.ts'
import { everythingOf } from '../schema-walk.ts'
import { type Situation, situations } from '../situations.ts'
import { type Met, SmallWorld, seedCrowd, valueOfTrait } from '../small-world.ts'
import { type Facet, facetsOf } from './facets.ts'

/**
 * Two worlds that differ in one thing about one person, seen by every caller to whom that thing is withheld: each
 * answer must be the same, byte for byte. The worlds are one gateway before and after a source has told it.
 */
const tables = readPolicyTables(policyUnderTest)
const policy = compilePolicy(tables)
const oracle = new TableOracle(tables)
/** Those of the tables; and each that sees who is in which segment once more, limited to segments. */
const callers = [...callersOf(policy)]
const TRIED = new Set([
  'the newest views',
  'the newest orders, of other items',
  'user.account.plan',
])
const isLong = expect.getState().testPath?.endsWith('.long.test.ts') ?? false
const facets = facetsOf(policy).filter(
  ({ name }, index) => isLong || TRIED.has(name) || index % 5 === 0,
)
/** Withheld by role and purpose; and by what the person decided, where fewer things are tried. */
const inThese = situations
  .filter(({ name }) => ['all given', 'refused'].includes(name) || name.startsWith('narrowed'))
  .map((situation) => ({
    situation,
    tried: facets.filter(({ name }) => situation.name === 'all given' || TRIED.has(name)),
  }))

/** So many that one more or less turns a rounded size. */
const CROWD = 24
const PROFILE = everythingOf('Profile')
const FILTERS = [
  'country: "FR"',
  'plan: "plan two"',
  'lifecycleStage: "lifecycleStage two"',
  'ageBand: "65+"',
  'minSessions: 5',
  'minOrders: 3',
  `seenSince: "${new Date(Date.now() - 9.8 * 86_400_000).toISOString()}"`,
]
const ORDERS = ['LAST_SEEN_AT', 'CUSTOMER_SINCE', 'TOTAL_VALUE', 'SESSION_COUNT']

let world: SmallWorld
const people = new Map<Situation, Met>()
const documents = new Map<string, string>()

beforeAll(async () => {
  world = await SmallWorld.over(await RunningGateway.start())
  await seedCrowd(world, CROWD)
  for (const { situation } of inThese) people.set(situation, await world.meet(situation))
  const defined: DefinedSegment[] = []
  for (const segment of segmentsOverEveryField())
    defined.push(await world.running.gateway.segments.defineAsOperator(segment))
  for (const caller of callers.filter(seesSegments))
    callers.push(await world.limited(caller, limitOf(caller, defined)))
  await world.running.gateway.fit.run()
})
afterAll(async () => await world.running.stop())

/** One segment per field of the rule language, that people enter or leave as its value changes. */
function segmentsOverEveryField() {
  const operands: Record<string, unknown> = {
    text: undefined,
    boolean: { is: '=', value: true },
    date: { is: '>=', value: '2019-03-05' },
    instant: { is: 'newerThan', days: 9.8 },
    list: { is: 'in', value: ['shelf-0', 'shelf-2', 'shelf-3'] },
  }
  const ofField = [...ruleFields(policy).values()].map(({ name, type, band }) => {
    const number = { is: '>=', value: band === 'orders' ? 3 : band === 'count' ? 4 : 42 }
    const text = { is: '=', value: name === 'ageBand' ? '65+' : valueOfTrait(policy, name, 1) }
    const operand = type === 'number' ? number : (operands[type] ?? text)
    return { name, rule: { field: name, ...(operand as object) } }
  })
  const onEdges = { name: 'edges', rule: { field: 'sessionCount', is: '>=', value: 5 } }
  const ofEvents = ['Order Completed', 'Product Viewed'].map((event) => ({
    name: `did ${event}`,
    rule: { event, is: 'atLeast', count: 4, withinDays: 30 },
  }))
  return [...ofField, onEdges, ...ofEvents].map(({ name, rule }) => ({
    key: `by-${name.toLowerCase().replaceAll(' ', '-')}`,
    name,
    description: '',
    rule,
  }))
}

/** As the tables have it for somebody who agreed to everything. */
const toldIn = (caller: Caller, category: string) =>
  oracle.treatment(caller, situations[0] as Situation, category)
const seesSegments = (caller: Caller) =>
  !caller.isPersonal && toldIn(caller, 'user.derived.segment') === 'CLEAR'

/** Segments over what is not told to this caller, which seeing their members would tell; and one that may be told. */
function limitOf(caller: Caller, defined: readonly DefinedSegment[]): string[] {
  const isTold = ({ categories }: DefinedSegment) =>
    categories.every((category) => toldIn(caller, category) === 'CLEAR')
  return defined.filter((one) => !isTold(one) || one.key === 'by-plan').map(({ key }) => key)
}

const PAGE = 'pageInfo { hasNextPage endCursor } edges { cursor node { id } }'
const SEGMENTS = [...ruleFields(policy).keys()].slice(0, 6)
/** Lists by all that anybody may filter and order by: arguments, and how many rows. */
const LISTS: readonly (readonly [string, number])[] = [
  ...FILTERS.map((filter) => [`filter: { ${filter} }, `, 40] as const),
  ...SEGMENTS.map((name) => [`filter: { segment: "by-${name.toLowerCase()}" }, `, 40] as const),
  ...ORDERS.map((by) => [`orderBy: { by: ${by} }, `, 30] as const),
  ['', 7],
]
const allowed = new Map<Caller, readonly string[]>()

/** Those that a caller is not refused; what it may list by does not depend on how much it asks for, or about whom. */
async function listsFor(caller: Caller, as: As): Promise<readonly string[]> {
  const known = allowed.get(caller)
  if (known) return known
  const lists: string[] = []
  for (const [by, first] of caller.isPersonal ? [] : LISTS) {
    const { codes } = await world.running.ask(
      as,
      `{ searchProfiles(${by}first: 1) { edges { node { id } } } }`,
    )
    if (codes.length === 0) lists.push(`searchProfiles(${by}first: ${first}) { ${PAGE} }`)
  }
  allowed.set(caller, lists)
  return lists
}

/** Everything that a caller can ask about somebody, in one document. */
async function documentFor(caller: Caller, met: Met): Promise<string> {
  const { as, field } = await world.approach(caller, met)
  const key = nameOf(caller, met)
  const known = documents.get(key)
  if (known !== undefined) return known
  const asked = [
    `who: ${field} { ${PROFILE} }`,
    'segments(first: 100) { edges { cursor node { key name size { value suppressed } categories } } }',
    ...(await listsFor(caller, as)).map((list, index) => `list${index}: ${list}`),
  ]
  const document = `{ ${asked.join(' ')} }`
  documents.set(key, document)
  return document
}

async function seenBy(caller: Caller, met: Met): Promise<string> {
  const { as } = await world.approach(caller, met)
  const answer = await world.running.ask(as, await documentFor(caller, met))
  if (answer.data === undefined || answer.data === null) throw new Error(answer.body)
  return comparable(answer)
}

const lastSeen = new Map<string, string>()

/** How the answer to each who is asked differs once the facet of this person has changed; null: not at all. */
async function change(facet: Facet, situation: Situation): Promise<Map<Caller, string | null>> {
  const met = people.get(situation)
  if (!met) throw new Error('nobody')
  const asked = watching(facet, situation)
  const sizesToo = TRIED.has(facet.name)
  if (sizesToo) {
    await forgetSizes()
    lastSeen.clear()
  }
  for (const caller of asked) await remember(caller, met)
  for (const subject of [met.person, met.visitor]) {
    const ordinal = met.ordinal * 2 + Number(subject === met.visitor)
    const { source, inputs } = facet.tell({ subject, ordinal, country: situation.country })
    await world.running.tell(source, subject, inputs, subject === met.person)
  }
  const before = new Map(asked.map((caller) => [caller, lastSeen.get(nameOf(caller, met)) ?? '']))
  lastSeen.clear()
  if (sizesToo) await forgetSizes()
  const changes = new Map<Caller, string | null>()
  for (const [caller, old] of before) {
    const now = await remember(caller, met)
    changes.set(caller, old === now ? null : firstDifference(old, now))
  }
  return changes
}

/** Sizes are told once a day: as if the next day had come. */
async function forgetSizes(): Promise<void> {
  await world.running.gateway.stores.opened.database.query('TRUNCATE counted_set')
}

/**
 * Everybody for whom the change must not show. Of the others, who are asked only so that somebody notices that there was
 * one, those that ask about themselves where one of them sees it in clear: their answers are short.
 */
function watching(facet: Facet, situation: Situation): readonly Caller[] {
  const isClear = (caller: Caller) =>
    facet.categories.some((one) => oracle.treatment(caller, situation, one) === 'CLEAR')
  const isNoticed = callers.some((caller) => caller.isPersonal && isClear(caller))
  return callers.filter(
    (caller) => caller.isPersonal || !isNoticed || !maySee(caller, situation, facet),
  )
}

const nameOf = ({ role, clientId, purpose }: Caller, { ordinal }: Met) =>
  `${role} ${clientId} ${purpose.key} ${ordinal}`

async function remember(caller: Caller, met: Met): Promise<string> {
  const known = lastSeen.get(nameOf(caller, met)) ?? (await seenBy(caller, met))
  lastSeen.set(nameOf(caller, met), known)
  return known
}

function firstDifference(before: string, after: string): string {
  const at = [...before].findIndex((letter, index) => letter !== after[index])
  return `${before.slice(Math.max(0, at - 150), at + 60)} <> ${after.slice(at - 20, at + 60)}`
}

const maySee = (caller: Caller, situation: Situation, { categories, showsIn }: Facet) =>
  categories.some((category) => showsIn.has(oracle.treatment(caller, situation, category)))

describe.each(inThese.map((one) => ({ name: one.situation.name, ...one })))(
  'of somebody whose decision is: $name',
  ({ situation, tried }) => {
    beforeAll(() => lastSeen.clear())

    test.each(tried.map((facet) => ({ name: facet.name, facet })))(
      'no answer to a caller to whom it is withheld changes with $name',
      async ({ facet }) => {
        const changes = await change(facet, situation)
        const leaks = [...changes].filter(
          ([caller, difference]) => difference !== null && !maySee(caller, situation, facet),
        )
        expect(
          leaks.map(
            ([{ clientId, role, purpose }, how]) =>
              `${clientId} as ${role} for ${purpose.key}: ${how}`,
          ),
        ).toEqual([])
        const noticed = [...changes].some(([, difference]) => difference !== null)
        expect(noticed || situation.name !== 'all given').toBe(true)
      },
    )
  },
)

test('a planted leak is found: a segment that says it reads less than it does', async () => {
  const { stores, clock } = world.running.gateway
  const now = clock.now()
  await stores.segments.define(
    {
      key: 'planted',
      name: 'Planted',
      description: '',
      rule: { field: 'orderCount', is: '>=', value: 500 },
      categories: ['user.location.country'],
      createdAt: now,
      updatedAt: now,
    },
    now,
  )
  lastSeen.clear()
  const situation = inThese[0]?.situation
  if (!situation) throw new Error('nobody')
  const changes = await change(
    {
      name: 'very many orders',
      categories: ['user.behavior.purchase_history'],
      showsIn: new Set(['CLEAR', 'GENERALISED']),
      tell: ({ subject }) => ({
        source: 'shop',
        inputs: Array.from({ length: 500 }, (_, n) => ({
          type: 'event',
          messageId: `${subject}-planted-${n}`,
          identifiers: [],
          name: 'Order Completed',
          timestamp: new Date(Date.now() - 1_000).toISOString(),
          properties: { itemId: 'item-5', orderId: `${subject}-planted-${n}`, price: 1 },
        })),
      }),
    },
    situation,
  )
  const partner = [...changes].find(([{ role }]) => role === 'partner')
  expect(partner?.[1]).toContain('planted')
})
