import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { ConfigError } from '../src/config.ts'
import { foreignAlgorithms } from '../src/domain/access/identity-provider.ts'
import { identityProvidersOf, readIdentityProviders } from '../src/identity-provider-file.ts'

const roles = new Map(
  ['support', 'compliance', 'admin', 'subject', 'frontend', 'visitor', 'partner'].map((role) => [
    role,
    {},
  ]),
)
const rules = { mode: 'production', roles } as const
const CUSTOMERS = {
  issuer: 'https://id.example.com',
  audience: 'https://gateway.example.com',
  jwks: 'https://id.example.com/jwks',
  algorithms: ['ES256'],
  type: 'at+jwt',
  client: 'shop',
  person: { claim: 'sub', identifier: 'providerSubject' },
}
const { person: _, ...WITHOUT } = CUSTOMERS
const STAFF = {
  ...WITHOUT,
  audience: 'staff',
  client: 'desk',
  clockToleranceSeconds: 60,
  roles: { claim: 'groups', values: { agents: 'support', dpo: 'compliance' } },
}

describe('a file of identity providers', () => {
  test('says for whom the tokens of each speak', () => {
    const [customers, staff] = identityProvidersOf([CUSTOMERS, STAFF], rules)
    expect(customers).toMatchObject({
      clientId: 'shop',
      clockTolerance: 0,
      people: { person: { claim: 'sub', kind: 'providerSubject' } },
    })
    expect(staff).toMatchObject({ audience: 'staff', clientId: 'desk', clockTolerance: 60_000 })
    expect(staff?.people).toEqual({
      roles: {
        claim: 'groups',
        roleOf: new Map([
          ['agents', 'support'],
          ['dpo', 'compliance'],
        ]),
      },
    })
  })

  const wrong: readonly [string, Record<string, unknown>, RegExp][] = [
    ['an issuer missing', { issuer: undefined }, /issuer/],
    ['a setting mistyped', { audiences: ['x'] }, /audiences/],
    ['no algorithm', { algorithms: [] }, /algorithms/],
    ['the algorithm none', { algorithms: ['none'] }, /algorithms/],
    ['a shared secret', { algorithms: ['ES256', 'HS256'] }, /algorithms/],
    ['a kind of token that is none', { type: 'logout+jwt' }, /type/],
    ['keys over plain http', { jwks: 'http://id.example.com/jwks' }, /https/],
    ['keys on this machine, in production', { jwks: 'http://127.0.0.1/jwks' }, /https/],
    ['keys in a file', { jwks: 'file:///etc/keys' }, /https/],
    ['a clock an hour off', { clockToleranceSeconds: 3_600 }, /clockTolerance/],
    ['a device as a person', { person: { claim: 'sub', identifier: 'deviceId' } }, /identifier/],
    ['neither people nor staff', { person: undefined }, /either/],
    ['both people and staff', { roles: STAFF.roles }, /either/],
  ]
  test.each(wrong)('with %s is refused', (_what, changes, message) => {
    const json = JSON.parse(JSON.stringify([{ ...CUSTOMERS, ...changes }]))
    const read = () => identityProvidersOf(json, rules)
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(message)
  })

  test.each(['king', 'subject', 'frontend', 'visitor', 'partner'])(
    'gives nobody of the staff the role %s',
    (role) => {
      const staff = { ...STAFF, roles: { claim: 'groups', values: { agents: role } } }
      expect(() => identityProvidersOf([staff], rules)).toThrow(/no role that staff can have/)
    },
  )

  test('names nobody twice, and no second issuer whose subjects could be those of the first', () => {
    expect(() => identityProvidersOf([CUSTOMERS, CUSTOMERS], rules)).toThrow(/another one/)
    const second = { ...CUSTOMERS, issuer: 'https://other.example.com' }
    expect(() => identityProvidersOf([CUSTOMERS, second], rules)).toThrow(/second issuer/)
    const byEmail = { ...second, person: { claim: 'email', identifier: 'email' } }
    expect(identityProvidersOf([CUSTOMERS, byEmail], rules)).toHaveLength(2)
  })

  test('may name keys on this machine in development', () => {
    const local = { ...CUSTOMERS, jwks: 'http://localhost:3000/jwks' }
    expect(identityProvidersOf([local], { ...rules, mode: 'development' })).toHaveLength(1)
    const elsewhere = { ...CUSTOMERS, jwks: 'http://127.0.0.1.example.com/jwks' }
    expect(() => identityProvidersOf([elsewhere], { ...rules, mode: 'development' })).toThrow()
  })

  test('of whatever content gives providers with safe settings or is refused', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('ES256', 'HS256', 'none', 60, 61, -1, 0.5),
    )
    const changed = fc.dictionary(
      fc.constantFrom(...Object.keys({ ...CUSTOMERS, ...STAFF })),
      value,
    )
    fc.assert(
      fc.property(changed, fc.array(value), (changes, algorithms) => {
        try {
          for (const one of identityProvidersOf(
            [{ ...CUSTOMERS, algorithms, ...changes }],
            rules,
          )) {
            expect(one.algorithms.length).toBeGreaterThan(0)
            expect(foreignAlgorithms).toEqual(expect.arrayContaining([...one.algorithms]))
            expect(one.jwks.protocol).toBe('https:')
            expect(one.clockTolerance).toBeLessThanOrEqual(60_000)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
        }
      }),
    )
  })

  test('is read as JSON, and is refused where it is not there or none', () => {
    const path = join(tmpdir(), `bauta-providers-${process.pid}.json`)
    writeFileSync(path, JSON.stringify([STAFF]))
    expect(readIdentityProviders(path, rules)).toHaveLength(1)
    writeFileSync(path, 'issuer: none')
    expect(() => readIdentityProviders(path, rules)).toThrow(/can not be read as JSON/)
    expect(() => readIdentityProviders(`${path}.gone`, rules)).toThrow(ConfigError)
  })
})
