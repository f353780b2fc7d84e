import 'reflect-metadata'
import { cpSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { compilePolicy } from '../../src/domain/privacy/policy.ts'
import { QueryResolver } from '../../src/inbound/graphql/query.resolver.ts'
import { PostgresProfileStore } from '../../src/outbound/postgres/profile-store.ts'
import { readPolicyTables } from '../../src/policy-files.ts'
import { type Caller, callersOf } from '../callers.ts'
import { follow, until } from '../follow.ts'
import { TableOracle } from '../gateway/disclose/table-oracle.ts'
import { comparable, policyUnderTest, RunningGateway } from '../running-gateway.ts'
import { everythingOf } from '../schema-walk.ts'
import { type Situation, situations } from '../situations.ts'
import { at, type Met, recordOf, SmallWorld, seedCrowd } from '../small-world.ts'
import { type Facet, facetsOf } from './facets.ts'
import { type Drawn, drawnQuery, type Known, listOf, spoken } from './generated-query.ts'
import { rewritten } from './rewrite.ts'

/**
 * Two gateways on two databases that differ in nothing but what is hidden from these callers: the second is a copy of the
 * first, to which sources have told more about people who refused, or of whom these callers may see little. Any question,
 * in any words, gets the same answer from both, byte for byte.
 */
const tables = readPolicyTables(policyUnderTest)
const policy = compilePolicy(tables)
const oracle = new TableOracle(tables)
const isLong = expect.getState().testPath?.endsWith('.long.test.ts') ?? false
const RUNS = isLong ? 3_000 : 80
/** Who asks: all whom consent binds, and who are not the person. */
const callers = callersOf(policy).filter(
  ({ isPersonal, purpose }) => !isPersonal && purpose.legalBasis === 'consent',
)
const inThese = situations.filter(
  ({ name }) => ['all given', 'refused'].includes(name) || name.startsWith('narrowed'),
)

const FILTERS = [
  'country: "FR"',
  'country: "DE"',
  'plan: "plan two"',
  'minOrders: 3',
  'ageBand: "65+"',
]
  .concat(['minSessions: 5', 'segment: "many-orders"', 'lifecycleStage: "lifecycleStage two"'])
  .map((one) => `filter: { ${one} }, `)
const ORDERS = ['LAST_SEEN_AT', 'CUSTOMER_SINCE', 'TOTAL_VALUE', 'SESSION_COUNT']
  .flatMap((by) => [`{ by: ${by} }`, `{ by: ${by}, descending: false }`])
  .map((one) => `orderBy: ${one}, `)

let home: SmallWorld
let twins: readonly [RunningGateway, RunningGateway]
const met = new Map<Situation, Met>()
const cursors = new Map<Caller, { list: string; cursor: string }[]>()

beforeAll(async () => {
  let folder = ''
  home = await SmallWorld.over(
    await RunningGateway.start({}, policyUnderTest, (dataDir) => {
      folder = dataDir
    }),
  )
  await seedCrowd(home, 12)
  for (const situation of inThese) met.set(situation, await home.meet(situation))
  await home.running.gateway.segments.defineAsOperator({
    key: 'many-orders',
    name: 'Many orders',
    description: '',
    rule: { field: 'orderCount', is: '>=', value: 5 },
  })
  await home.running.gateway.fit.run()
  await home.running.server.close()
  await home.running.gateway.close()
  const copy = (dataDir: string) => cpSync(folder, dataDir, { recursive: true })
  twins = [
    await RunningGateway.start({}, policyUnderTest, copy),
    await RunningGateway.start({}, policyUnderTest, copy),
  ]
  rmSync(folder, { recursive: true, force: true })
  for (const [situation, somebody] of met) await tellHidden(twins[1], situation, somebody)
})
afterAll(async () => {
  for (const twin of twins) await twin.stop()
})

const isHiddenFrom = (caller: Caller, situation: Situation, { categories, showsIn }: Facet) =>
  !categories.some((category) => showsIn.has(oracle.treatment(caller, situation, category)))

/** All about somebody that none of the callers may see, told to one of the worlds only. */
async function tellHidden(world: RunningGateway, situation: Situation, { person, ordinal }: Met) {
  for (const facet of facetsOf(policy)) {
    if (!callers.every((caller) => isHiddenFrom(caller, situation, facet))) continue
    const of = { subject: person, ordinal: ordinal * 2, country: situation.country }
    const { source, inputs } = facet.tell(of)
    await world.tell(source, person, inputs)
  }
}

/** Everybody as this caller could name them, and somebody who does not exist. */
function knownTo(caller: Caller): Known {
  const [{ gateway }] = twins
  const people = [...met.values()].map(({ person, ordinal }) => ({
    id: gateway.audiences.of(caller.audience).of(person),
    email: `maria.rossi.${ordinal * 2}@example.com`,
    userId: `user-${ordinal}-4711`,
  }))
  const nobody = { id: `p1${'a'.repeat(26)}`, email: 'nobody@example.com', userId: 'nobody' }
  return { people: [...people, nobody], cursors: cursors.get(caller) ?? [] }
}

/** What both worlds say to one question; cursors are kept, for later ones to go on from. */
async function answersTo(caller: Caller, drawn: Drawn): Promise<readonly [string, string]> {
  const as = { token: home.key(caller.clientId), purpose: caller.purpose.key }
  const { query, variables } = rewritten(spoken(drawn, knownTo(caller)), drawn.choices)
  const [one, other] = twins
  const answers = [await one.ask(as, query, variables), await other.ask(as, query, variables)]
  if (drawn.root === 'search')
    for (const { body } of answers)
      for (const [, cursor = ''] of body.matchAll(/"\w*[cC]ursor":"([^"]+)"/g))
        cursors.set(
          caller,
          [...(cursors.get(caller) ?? []), { list: listOf(drawn), cursor }].slice(-200),
        )
  answered += answers[0]?.data ? 1 : 0
  asked += 1
  return answers.map(comparable) as [string, string]
}
let asked = 0
let answered = 0

const sameInBoth = () =>
  fc.asyncProperty(
    fc.constantFrom(...callers),
    drawnQuery(FILTERS, ORDERS),
    async (caller, drawn) => {
      const [one, other] = await answersTo(caller, drawn)
      expect(other).toBe(one)
    },
  )
const isFound = async () =>
  (await fc.check(sameInBoth(), { numRuns: 1_000, endOnFailure: true })).failed

test('whoever may see it sees that the two worlds differ', async () => {
  for (const somebody of met.values()) {
    const id = twins[0].pseudonym('compliance', somebody.person)
    const as = { token: home.key('compliance'), purpose: 'SUBJECT_RIGHTS' }
    const query = `{ profile(id: "${id}") { contact { name phone } commerce { orderCount totalValue } } }`
    const [one, other] = await Promise.all(twins.map(async (twin) => await twin.ask(as, query)))
    expect(other?.data).not.toEqual(one?.data)
  }
})

test('no question that anybody could ask tells them apart', async () => {
  await fc.assert(sameInBoth(), { numRuns: RUNS, endOnFailure: isLong })
  expect(answered).toBeGreaterThan(asked / 3)
})

/** Longer than a change takes to reach a stream. */
const HEARD_MS = 1_500

/** Another address, and then another plan: the first is told to one world only, and to none of these callers. */
async function goOn(): Promise<void> {
  const [allGiven] = inThese
  const somebody = allGiven && met.get(allGiven)
  if (!somebody) throw new Error('nobody')
  const { person, ordinal } = somebody
  const of = { subject: person, ordinal: ordinal * 2, country: 'DE' }
  const record = (traits: Readonly<Record<string, unknown>>) => ({
    ...recordOf(policy, of),
    recordKey: `later-${ordinal}`,
    observedAt: at(1),
    traits,
  })
  await twins[1].tell('crm', person, [record({ address: 'Calle Corta 1, Venezia' })])
  // An answer that is being made while the plan changes would tell of both.
  await sleep(HEARD_MS)
  for (const twin of twins) await twin.tell('crm', person, [record({ plan: 'plan two' })])
}

test('no subscription tells them apart, though one of them hears more meanwhile', async () => {
  const streams = callers.flatMap((caller) =>
    knownTo(caller).people.map(({ id }) => {
      const query = `subscription { profileChanged(id: "${id}") { profile { ${everythingOf('Profile')} } } }`
      const as = { token: home.key(caller.clientId), purpose: caller.purpose.key }
      return twins.map(({ origin }) => follow(origin, as, query))
    }),
  )
  const heard = () => streams.map((pair) => pair.map(({ events }) => events.map(withoutReceipt)))
  const isThrough = (world: number) => heard().some((pair) => (pair[world]?.length ?? 0) > 0)
  try {
    await sleep(HEARD_MS)
    await goOn()
    await until(() => isThrough(0) && isThrough(1))
    await sleep(HEARD_MS)
  } finally {
    for (const pair of streams) for (const stream of pair) stream.close()
  }
  for (const [one, other] of heard()) expect(other).toEqual(one)
})

const withoutReceipt = (event: unknown) =>
  JSON.stringify(event).replace(/"receipt":"[0-9a-f-]{36}"/, '')

describe('a planted leak is found', () => {
  test('a list that is ordered by what is hidden', async () => {
    const { list } = PostgresProfileStore.prototype
    PostgresProfileStore.prototype.list = async function (query, columns) {
      const permittedStates = [...(await this.consentStates()).keys()]
      return await list.call(
        this,
        { ...query, order: { ...query.order, permittedStates } },
        columns,
      )
    }
    try {
      expect(await isFound()).toBe(true)
    } finally {
      PostgresProfileStore.prototype.list = list
    }
  })

  test('withheld fields that tell whether there is somebody', async () => {
    const { profile } = QueryResolver.prototype
    QueryResolver.prototype.profile = async function (doors, id) {
      const subject = doors.desk.pseudonymsOf(doors.scope.grant.audience).open(id)
      const rows =
        subject && (await doors.desk.ports.profiles.load([subject], new Set(['commerce'])))
      const orders = rows ? rows.get(subject)?.commerce?.orderCount : null
      if (orders) doors.scope.noteWithheld([{ path: `profile.${orders}`, reason: 'ROLE' }], id)
      return await profile.call(this, doors, id)
    }
    try {
      expect(await isFound()).toBe(true)
    } finally {
      QueryResolver.prototype.profile = profile
    }
  })
})
