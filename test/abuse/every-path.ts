import 'reflect-metadata'
import type { Scope } from '../../src/domain/access/principal.ts'
import { compilePolicy } from '../../src/domain/privacy/policy.ts'
import { QueryResolver } from '../../src/inbound/graphql/query.resolver.ts'
import { NOBODY } from '../../src/kernel/ids.ts'
import { limits } from '../../src/kernel/limits.ts'
import { readPolicyTables } from '../../src/policy-files.ts'
import { type Caller, callersOf, READING } from '../callers.ts'
import { follow, until } from '../follow.ts'
import { TableOracle } from '../gateway/disclose/table-oracle.ts'
import { type Answered, policyUnderTest, RunningGateway } from '../running-gateway.ts'
import { personalFields } from '../schema-walk.ts'
import { type Situation, situations } from '../situations.ts'
import { itemInputs, type Met, recordOf, SmallWorld } from '../small-world.ts'
import { ExpectedProfile, MOVED, MOVERS } from './expected-profile.ts'
import { type Entrance, entrances, pathBelow } from './schema-paths.ts'
import {
  ARGUMENTS,
  differences,
  documentOf,
  hears,
  isRefused,
  reached,
  type Target,
  type Walk,
} from './walk.ts'

/**
 * Every way from a root of the schema to a personal field, walked by every role for each of its purposes, over HTTP: what
 * it shows and what it withholds is what the tables say, by whichever door it was reached.
 */
const tables = readPolicyTables(policyUnderTest)
const policy = compilePolicy(tables)
const read = { policy, oracle: new TableOracle(tables) }
const callers = callersOf(policy)
const isLong = expect.getState().testPath?.endsWith('.long.test.ts') ?? false
const inThese = situations.filter(({ name }) => isLong || ['all given', 'refused'].includes(name))
/** So that it is role, purpose and consent that decide, and no missing scope. */
const SCOPES: readonly Scope[] = [...READING, 'rights:write', 'audit:read']

let world: SmallWorld
const people = new Map<Situation, Met>()
const requests = new Map<string, string>()

beforeAll(async () => {
  world = await SmallWorld.over(await RunningGateway.start(), SCOPES)
  await world.running.take('shop', itemInputs())
  const rule = { field: 'plan', is: '=', value: MOVED }
  await world.running.gateway.segments.defineAsOperator({
    key: MOVERS,
    name: 'Movers',
    description: '',
    rule,
  })
  for (const situation of inThese) people.set(situation, await world.meet(situation))
  for (const { person } of people.values()) requests.set(person, await requestOf(person))
})
afterAll(async () => await world.running.stop())

async function requestOf(person: string): Promise<string> {
  const token = await world.running.tokenFor('subject', person as Met['person'])
  const asked = '{ requestAccess { id } }'
  const { data } = await world.running.ask(
    { token, purpose: 'SUBJECT_RIGHTS' },
    `mutation ${asked}`,
  )
  return data.requestAccess.id
}

const NO_RECORD = 'none'

async function targetOf(caller: Caller, situation: Situation): Promise<Target> {
  const { running } = world
  const met = people.get(situation)
  if (!met) throw new Error('nobody')
  const subject = world.subjectFor(caller, met)
  const names = running.gateway.audiences.of(caller.audience)
  const records = await running.gateway.stores.profiles.consentRecords([subject])
  const record = records.get(subject)?.[0]?.id
  return {
    met,
    situation,
    id: names.of(subject),
    email: `maria.rossi.${met.ordinal * 2 + Number(subject === met.visitor)}@example.com`,
    request: requests.get(met.person) ?? '',
    record: record ? running.gateway.audiences.consentsOf(names).of(record) : NO_RECORD,
  }
}

const WAYS = entrances()
const queries = WAYS.filter(({ operation }) => operation === 'query')
/** What is wrong with what a caller sees of somebody, by all of these ways; empty where all is as the tables have it. */
async function findingsOf(
  caller: Caller,
  situation: Situation,
  ways: readonly Entrance[] = queries,
): Promise<readonly string[]> {
  const target = await targetOf(caller, situation)
  const stranger = inThese.find((one) => one !== situation) as Situation
  const targets = [{ target, isOwn: true }]
  if (caller.isPersonal) targets.push({ target: await targetOf(caller, stranger), isOwn: false })
  const { as } = await world.approach(caller, target.met)
  const walks = ways
    .flatMap((entrance) => targets.map((one) => ({ entrance, ...one })))
    .map((walk, at) => ({ ...walk, alias: `w${at}` }))
  // Who has decided nothing has no receipt that could be told.
  const leadsNowhere = ({ entrance, target: one }: (typeof walks)[number]) =>
    entrance.root === 'consentReceipt' && one.record === NO_RECORD
  const open = walks.filter((walk) => !isRefused(walk.entrance, caller) && !leadsNowhere(walk))
  const findings: string[] = []
  for (let at = 0; at < open.length; at += limits.queryAliases) {
    const some = open.slice(at, at + limits.queryAliases)
    const answer = await world.running.ask(as, documentOf(some))
    if (answer.codes.length > 0) findings.push(`refused ${answer.codes} ${answer.messages}`)
    findings.push(...some.flatMap((walk) => differences(read, caller, walk, answer.data, answer)))
  }
  for (const walk of walks.filter(({ entrance, isOwn }) => isOwn && isRefused(entrance, caller))) {
    const { data, codes } = await world.running.ask(as, documentOf([walk]))
    if (data?.[walk.alias] || codes.join() !== 'FORBIDDEN')
      findings.push(`${walk.entrance.root}: not refused`)
  }
  return findings.map(
    (one) => `${caller.role} for ${caller.purpose.key}, ${situation.name}: ${one}`,
  )
}

test('every way of the schema to a personal field is known here, and each leads to every field of a profile', () => {
  expect(WAYS.map(({ root }) => root).sort()).toEqual(Object.keys(ARGUMENTS).sort())
  const below = personalFields()
    .map(({ coordinate, path }) => `${path} ${coordinate}`)
    .sort()
  for (const { paths } of WAYS.filter(({ paths: [only] }) => only && pathBelow(only) !== ''))
    expect(paths.map((path) => `${pathBelow(path)} ${path.coordinate}`).sort()).toEqual(below)
})

const cases = callers.map((caller) => ({
  name: `${caller.role} for ${caller.purpose.key}`,
  caller,
}))

test.each(cases)('$name sees by every way what the tables say', async ({ caller }) => {
  for (const situation of inThese) expect(await findingsOf(caller, situation)).toEqual([])
})

if (isLong)
  test.each(cases)('$name sees no more by any way walked alone', async ({ caller }) => {
    const [allGiven] = inThese
    if (!allGiven) throw new Error('no situation')
    for (const way of queries)
      for (const path of way.paths) {
        const id = way.paths.filter((one) => pathBelow(one) === 'id')
        const alone = { ...way, paths: [...new Set([...id, path])] }
        expect(await findingsOf(caller, allGiven, [alone])).toEqual([])
      }
  })

/** Streams of everybody about one person, by every way. */
async function streams(situation: Situation) {
  const ways = WAYS.filter(({ operation }) => operation === 'subscription')
  const opened: { caller: Caller; walk: Walk; stream: ReturnType<typeof follow> }[] = []
  for (const caller of callers)
    for (const entrance of ways) {
      const target = await targetOf(caller, situation)
      const walk = { entrance, alias: 'watched', target, isOwn: true }
      const { as } = await world.approach(caller, target.met)
      const document = `subscription ${documentOf([walk])}`
      opened.push({ caller, walk, stream: follow(world.running.origin, as, document) })
    }
  return opened
}

test('everybody hears by every subscription what the tables say, and nothing of what is withheld', async () => {
  const [allGiven] = inThese
  const met = allGiven && people.get(allGiven)
  if (!met) throw new Error('nobody')
  const opened = await streams(allGiven)
  await allAreOpen()
  for (const subject of [met.person, met.visitor]) {
    const ordinal = met.ordinal * 2 + Number(subject === met.visitor)
    const record = recordOf(policy, { subject, ordinal, country: allGiven.country })
    const told = { ...record, traits: { ...record.traits, plan: MOVED } }
    await world.running.tell('crm', subject, [told], subject === met.person)
  }
  const findings: string[] = []
  for (const { caller, walk, stream } of opened) {
    const { entrance, target } = walk
    const expected = new ExpectedProfile(read, { caller, ...target }, MOVED)
    const isHeard = hears(entrance, expected) && !isRefused(entrance, caller)
    if (isHeard) await until(() => stream.events.length > 0).catch(() => {})
    const events = stream.events as readonly Event[]
    // Others may have become members meanwhile.
    const event =
      events.findLast(({ data }) => reached(data?.watched, entrance.to).length > 0) ?? events.at(-1)
    const { withheld } = event?.extensions?.privacy ?? { withheld: [] }
    const found = isHeard
      ? differences(read, caller, walk, event?.data, { withheld }, MOVED)
      : reached(event?.data?.watched, entrance.to).map(() => `${entrance.root}: heard of it`)
    findings.push(...found.map((one) => `${caller.role} for ${caller.purpose.key}: ${one}`))
  }
  for (const { stream } of opened) stream.close()
  expect(findings).toEqual([])
})

/** Each that is let in leaves entries, and each that is not: until there are no more of them. */
async function allAreOpen(): Promise<void> {
  const { auditLog } = world.running.gateway.stores
  let size = -1
  await until(async () => {
    const before = size
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    size = await auditLog.size()
    return size === before
  })
}

interface Event {
  readonly data?: Readonly<Record<string, unknown>>
  readonly extensions?: { readonly privacy: Pick<Answered, 'withheld'> }
}

test('a planted leak is found: a root field that reads somebody past the door', async () => {
  const { node } = QueryResolver.prototype
  QueryResolver.prototype.node = async function (doors, id) {
    const subject = world.running.gateway.audiences.of('partner').open(id)
    const rows = await world.running.gateway.stores.profiles.load(
      [subject ?? NOBODY],
      new Set(['account']),
    )
    const account = rows?.get(subject ?? NOBODY)?.account
    const view = await node.call(this, doors, id)
    return view && account ? ({ ...view, account } as never) : view
  }
  try {
    const partner = callers.find(({ role }) => role === 'partner') as Caller
    const [allGiven] = inThese
    const findings = await findingsOf(partner, allGiven as Situation)
    expect(findings.join('\n')).toMatch(/node account\.company: "company one", not null/)
  } finally {
    QueryResolver.prototype.node = node
  }
})
