import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { type Caller, callersOf } from '../../callers.ts'
import { type Answered, policyUnderTest, RunningGateway } from '../../running-gateway.ts'
import { type PersonalField, personalFields } from '../../schema-walk.ts'
import { type Situation, situations } from '../../situations.ts'
import { itemInputs, type Met, SmallWorld, valueOfTrait } from '../../small-world.ts'
import { type Forms, formsOf } from './forms.ts'
import { TableOracle } from './table-oracle.ts'

const tables = readPolicyTables(policyUnderTest)
const policy = compilePolicy(tables)
const oracle = new TableOracle(tables)
const callers = callersOf(policy)

/** Decided piece by piece, or from other inputs: they have suites of their own. */
const DERIVED = new Set([
  'Profile.timeline',
  'Profile.trait',
  'Profile.traits',
  'Profile.segments',
  'Profile.recommendations',
  'Profile.consents',
  'Trait.lineage',
])
const fields = personalFields().filter(({ coordinate }) => !DERIVED.has(coordinate))

let world: SmallWorld
const people = new Map<Situation, Met>()
beforeAll(async () => {
  world = await SmallWorld.over(await RunningGateway.start())
  await world.running.take('shop', itemInputs())
  for (const situation of situations) people.set(situation, await world.meet(situation))
})
afterAll(async () => await world.running.stop())

function metIn(situation: Situation): Met {
  const met = people.get(situation)
  if (!met) throw new Error('nobody')
  return met
}

function expectedForms(caller: Caller, situation: Situation): Readonly<Record<string, Forms>> {
  const met = metIn(situation)
  const isVisitor = caller.role === 'visitor'
  const { ordinal } = met
  const ids = isVisitor ? {} : { userId: `user-${ordinal}-4711`, crmId: `crm-${ordinal}-4711` }
  return formsOf({
    emailOrdinal: ordinal * 2 + Number(isVisitor),
    country: situation.country,
    ids: ids as Record<string, string>,
  })
}

const groupsOf = (selected: readonly PersonalField[]) => {
  const groups = new Map<string, string[]>()
  for (const { path, selection } of selected) {
    const [group = '', ...below] = path.split('.')
    groups.set(group, [...(groups.get(group) ?? []), ...(below.length > 0 ? [selection] : [])])
    if (below.length === 0) groups.set(selection, [])
  }
  for (const { path, selection } of selected)
    if (!path.includes('.') && selection !== path) groups.delete(path)
  return [...groups].map(([name, below]) =>
    below.length > 0 ? `${name} { ${below.join(' ')} }` : name,
  )
}
const SELECTION = groupsOf(fields).join(' ')

function formFor(caller: Caller, situation: Situation, field: PersonalField) {
  const treatment = oracle.treatment(caller, situation, field.category)
  if (field.coordinate === 'Profile.id') return { treatment, value: undefined, isTold: true }
  const forms = expectedForms(caller, situation)[field.coordinate] as unknown as
    | Record<string, unknown>
    | undefined
  if (!forms) throw new Error(`forms.ts says nothing of ${field.coordinate}`)
  const isTold = treatment !== 'WITHHELD' && treatment in forms
  return { treatment, value: isTold ? forms[treatment] : null, isTold }
}

const isKnown = (caller: Caller, situation: Situation) =>
  caller.isPersonal ||
  oracle.treatment(caller, situation, 'user.unique_id.pseudonym') !== 'WITHHELD'

const answers = new Map<string, Promise<Answered>>()

/** One request for both suites below: each is a line on the trail, and durable. */
function ask(caller: Caller, situation: Situation): Promise<Answered> {
  const key = `${caller.role} ${caller.purpose.key} ${situation.name}`
  const answer = answers.get(key) ?? askAfresh(caller, situation)
  answers.set(key, answer)
  return answer
}

async function askAfresh(caller: Caller, situation: Situation): Promise<Answered> {
  const { as, field } = await world.approach(caller, metIn(situation))
  const traits = 'traits { key value lineage { source rule } }'
  return await world.running.ask(as, `{ who: ${field} { ${SELECTION} ${traits} } }`)
}

const withheldPaths = (answer: Answered, ofTraits: boolean) =>
  answer.withheld
    .map(({ path }) => path)
    .filter((path) => path.startsWith('who.traits') === ofTraits)

const sorted = (value: unknown) =>
  Array.isArray(value) ? value.map((one) => JSON.stringify(sortKeys(one))).sort() : value
const sortKeys = (one: unknown) =>
  typeof one === 'object' && one !== null
    ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
    : one

describe('each cell of roles.csv', () => {
  const cells = tables.roles.flatMap(({ category = '', ...row }) =>
    Object.entries(row).map(([role, treatment]) => ({ role, category, treatment })),
  )

  test.each(cells)(
    '$role sees $category as $treatment, at most',
    ({ role, category, treatment }) => {
      const table = policy.roles.get(role)
      expect(table?.get(category)).toBe(treatment)
      expect(oracle.byRole(role, `${category}.below`)).toBe(oracle.byRole(role, category))
    },
  )
})

describe.each(
  callers.map((caller) => ({ name: `${caller.role} for ${caller.purpose.key}`, caller })),
)('$name', ({ caller }) => {
  test.each(situations.map((situation) => ({ name: situation.name, situation })))(
    'sees of somebody ($name) each field in exactly the treatment of the tables',
    async ({ situation }) => {
      const answer = await ask(caller, situation)
      expect(answer.codes).toEqual([])
      if (!isKnown(caller, situation)) {
        expect(answer.data).toEqual({ who: null })
        expect(answer.withheld).toEqual([])
        return
      }
      const hidden: string[] = []
      for (const field of fields) {
        const { value, isTold } = formFor(caller, situation, field)
        const shown = at(answer.data.who, field.path)
        if (value !== undefined)
          expect([field.path, sorted(shown)]).toEqual([field.path, sorted(value)])
        if (!isTold) hidden.push(`who.${field.path}`)
      }
      expect(withheldPaths(answer, false)).toEqual(hidden.sort())
      if (caller.role === 'partner')
        expect([...new Set(answer.withheld.map(({ reason }) => reason))]).toEqual(
          answer.withheld.length > 0 ? ['NOT_PERMITTED'] : [],
        )
    },
  )

  test.each(situations.map((situation) => ({ name: situation.name, situation })))(
    'sees of somebody ($name) each registered trait in exactly the treatment of the tables',
    async ({ situation }) => {
      const answer = await ask(caller, situation)
      expect(answer.codes).toEqual([])
      if (!isKnown(caller, situation)) return expect(answer.data).toEqual({ who: null })
      const shown: readonly ShownTrait[] = answer.data.who.traits
      const lineage = oracle.treatment(caller, situation, 'user.lineage')
      const expected = [...policy.traits].map(([key, { category }]) => ({
        key,
        ...traitForm(caller, situation, key, category),
      }))
      expect(shown).toEqual(
        expected
          .filter(({ isTold, value }) => isTold && value !== null)
          .map(({ key, value }) => ({ key, value, lineage: LINEAGE[lineage] ?? null })),
      )
      const hidden = expected.filter(({ isTold }) => !isTold).map(({ key }) => `who.traits[${key}]`)
      if (lineage === 'WITHHELD') hidden.push('who.traits.lineage')
      expect(withheldPaths(answer, true)).toEqual(hidden.sort())
    },
  )
})

interface ShownTrait {
  readonly key: string
  readonly value: unknown
  readonly lineage: unknown
}
const LINEAGE: Readonly<Record<string, unknown>> = {
  CLEAR: { source: 'crm', rule: expect.any(String) },
  GENERALISED: { source: 'crm', rule: null },
}

function traitForm(caller: Caller, situation: Situation, key: string, category: string) {
  const treatment = oracle.treatment(caller, situation, category)
  const field = fields.find(({ coordinate }) => coordinate.endsWith(`.${key}`))
  const forms: Record<string, unknown> = {
    ...(field ? expectedForms(caller, situation)[field.coordinate] : {}),
    CLEAR: clearTrait(caller, situation, key),
  }
  const isTold = treatment !== 'WITHHELD' && treatment in forms
  return { isTold, value: isTold ? forms[treatment] : null }
}

function clearTrait(caller: Caller, situation: Situation, key: string): unknown {
  if (key === 'country') return situation.country
  return expectedForms(caller, situation)[`Contact.${key}`]?.CLEAR ?? valueOfTrait(policy, key)
}

// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
function at(value: any, path: string): unknown {
  return path.split('.').reduce((one, key) => one?.[key], value)
}

describe('roles without a purpose', () => {
  const idle = [...policy.roles.keys()].filter(
    (role) => role !== 'visitor' && !callers.some((caller) => caller.role === role),
  )

  test.each(idle)('%s may select no personal field', async (role) => {
    const answer = await world.running.ask(
      { token: world.key(role) },
      '{ profile(id: "p1aaaaaaaaaaaaaaaaaaaaaaaaaa") { id } }',
    )
    expect(answer.codes).toEqual(['PURPOSE_REQUIRED'])
    expect(answer.data).toBeUndefined()
  })
})

describe('each pair of a role and a purpose that is not its', () => {
  const strange = [...policy.roles.keys()].flatMap((role) =>
    [...policy.purposes.values()]
      .filter((purpose) => !purpose.roles.has(role) && role !== 'visitor')
      .map((purpose) => ({ role, purpose: purpose.key })),
  )

  test.each(strange)('$role may not declare $purpose', async ({ role, purpose }) => {
    const as = { token: world.key(role), purpose }
    const answer = await world.running.ask(as, '{ me { id } }')
    expect(answer.codes).toEqual(['FORBIDDEN'])
    expect(answer.data).toBeUndefined()
  })
})

describe('each source of sources.csv', () => {
  test.each([...policy.sources.keys()])(
    '%s can tell a trait, and its lineage names it',
    async (source) => {
      const [subject] = await world.running.take(source, [
        {
          type: 'profile',
          recordKey: `of-${source}`,
          identifiers: [{ kind: 'anonymousId', value: `device-of-${source}` }],
          traits: { plan: 'told' },
        },
      ])
      const caller =
        callers.find(
          (one) =>
            !one.isPersonal &&
            oracle.treatment(one, situations[0] as Situation, 'user') === 'CLEAR',
        ) ??
        callers.find(({ purpose, isPersonal }) => !isPersonal && purpose.key === 'SUBJECT_RIGHTS')
      if (!caller || !subject) throw new Error('nobody to ask')
      const id = world.running.pseudonym(caller.clientId, subject)
      const answer = await world.running.ask(
        { token: world.key(caller.clientId), purpose: caller.purpose.key },
        `{ profile(id: "${id}") { trait(key: "plan") { value lineage { source } } } }`,
      )
      expect(answer.data.profile.trait).toEqual({ value: 'told', lineage: { source } })
    },
  )
})
