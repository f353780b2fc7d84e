import { grantOf } from '../../../src/domain/access/grant.ts'
import {
  clientAsCaller,
  purposesOf,
  roleAsCaller,
} from '../../../src/domain/access/known-caller.ts'
import { parseVector, standingKey } from '../../../src/domain/privacy/consent-vector.ts'
import { refusalOfPurpose } from '../../../src/domain/privacy/decide.ts'
import { compilePolicy, type Policy, roleTreatment } from '../../../src/domain/privacy/policy.ts'
import { type Explanation, explain } from '../../../src/gateway/disclose/explain.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { policyUnderTest } from '../../running-gateway.ts'

const tables = readPolicyTables(policyUnderTest)
const policy = compilePolicy(tables)

function callerOfRole(under: Policy, role: string) {
  const caller = roleAsCaller(under, `role:${role}`)
  if (!caller) throw new Error('a role was named')
  return caller
}

/** What the explanation says of each category and situation, and what the tables tell. */
function cellsOf(role: string, { situations, categories, purpose }: Explanation) {
  const definition = policy.purposes.get(purpose.key)
  if (!definition) throw new Error(purpose.key)
  const recipient = purpose.namesRecipient ? role : null
  return categories.flatMap(({ category, seen }) =>
    situations.map(({ state }, at) => {
      const form = roleTreatment(policy, role, category)
      const refused = refusalOfPurpose(policy, definition, parseVector(state), category, recipient)
      const reason = form === 'WITHHELD' ? 'ROLE' : refused
      const treatment = reason === null ? form : 'WITHHELD'
      return {
        said: { category, state, ...seen[at] },
        told: { category, state, treatment, reason },
      }
    }),
  )
}

describe('an explanation of the policy', () => {
  test('says of every role, purpose, situation and category what the tables say', () => {
    const cells = [...policy.roles.keys()].flatMap((role) => {
      const caller = callerOfRole(policy, role)
      return purposesOf(policy, caller).flatMap((key) =>
        cellsOf(role, explain(policy, caller, key)),
      )
    })
    expect(cells.map(({ said }) => said)).toEqual(cells.map(({ told }) => told))
    expect(cells.length).toBeGreaterThan(1_000)
  })

  test('begins with the situation in which the most is seen, and names those in which nothing is', () => {
    const { situations, categories } = explain(
      policy,
      callerOfRole(policy, 'partner'),
      'PARTNER_SHARING',
    )
    const shown = situations.map(({ name }, at) => [
      name,
      categories.filter(({ seen }) => seen[at]?.reason === null).length,
    ])
    const open = Object.fromEntries(shown)
    expect(shown[0]).toEqual(['ConsentGiven', Math.max(...Object.values(open).map(Number))])
    for (const name of ['ConsentRefused', 'ConsentWithdrawn', 'Objected', 'signal gpc'])
      expect([name, open[name]]).toEqual([name, 0])
  })

  test('names the row that decides, and changes with it', () => {
    const ruleOf = (under: Policy) =>
      explain(under, callerOfRole(under, 'partner'), 'PARTNER_SHARING').categories.find(
        ({ category }) => category === 'user.location.country',
      )
    expect(ruleOf(policy)).toMatchObject({
      form: 'CLEAR',
      rule: 'roles.csv: user.location.country, column partner; purposes.csv: PARTNER_SHARING covers user.location.country',
    })
    const stricter = compilePolicy({
      ...tables,
      roles: tables.roles.map((row) =>
        row.category === 'user.location.country' ? { ...row, partner: 'WITHHELD' } : row,
      ),
    })
    expect(ruleOf(stricter)).toMatchObject({
      form: 'WITHHELD',
      rule: 'roles.csv: user.location.country, column partner',
    })
  })

  test('shows the limits of a registration, and fields that its scopes close', () => {
    const support = {
      ...callerOfRole(policy, 'support'),
      scopes: new Set(['profile:read'] as const),
    }
    const limited = clientAsCaller('desk', {
      name: 'A desk',
      roles: ['support'],
      audience: 'desk',
      scopes: ['profile:read'],
      purposes: ['SERVICE'],
      categories: ['user.contact'],
      segments: null,
    })
    const of = (caller: typeof limited, category: string) =>
      explain(policy, caller, 'SERVICE').categories.find((one) => one.category === category)
    expect(of(support, 'user.contact.email')?.fields).toEqual([
      { field: 'Contact.email', decision: { treatment: 'WITHHELD', reason: 'SCOPE' } },
    ])
    expect(of(limited, 'user.name')).toMatchObject({
      form: 'WITHHELD',
      rule: 'registration: limited to user.contact',
    })
    expect(grantOf(limited, null).categories).toEqual(['user.contact'])
  })

  test('names the recipient whom consent must name', () => {
    const { situations, caller } = explain(
      policy,
      {
        ...callerOfRole(policy, 'partner'),
        client: { audience: 'acme', categories: null, segments: null },
      },
      'PARTNER_SHARING',
    )
    expect(caller.audience).toBe('acme')
    expect(situations[0]?.state).toContain(standingKey('PARTNER_SHARING', 'acme'))
  })

  test('refuses roles and purposes that do not exist, in words', () => {
    expect(() => roleAsCaller(policy, 'role:nobody')).toThrow('There is no role "nobody"')
    expect(() => explain(policy, callerOfRole(policy, 'partner'), 'FUN')).toThrow(
      'There is no purpose "FUN"; the policy knows SERVICE',
    )
  })

  test('shows that a caller sees nothing for a purpose that it may not declare, and what says so', () => {
    const partner = callerOfRole(policy, 'partner')
    const { purpose, situations, categories } = explain(policy, partner, 'MARKETING')
    expect(purpose.barrier).toBe('purposes.csv: MARKETING is not open to the role partner')
    expect(situations.map(({ name }) => name)).toEqual(['whatever was decided'])
    expect(categories.length).toBeGreaterThan(10)
    for (const { form, rule, seen, fields } of categories) {
      expect([form, rule]).toEqual(['WITHHELD', purpose.barrier])
      expect(seen).toEqual([{ treatment: 'WITHHELD', reason: 'PURPOSE' }])
      expect(fields.every(({ decision }) => decision.reason === 'PURPOSE')).toBe(true)
    }
    const registered = { ...partner, name: 'acme', purposes: new Set<string>() }
    expect(explain(policy, registered, 'PARTNER_SHARING').purpose.barrier).toBe(
      'registration: PARTNER_SHARING is not among the purposes of acme',
    )
    expect(explain(policy, partner, 'PARTNER_SHARING').purpose.barrier).toBeNull()
  })
})
