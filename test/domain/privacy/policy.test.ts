import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { bandEdge, bands, monthOf } from '../../../src/domain/privacy/generalise.ts'
import {
  maskDate,
  maskEmail,
  maskId,
  maskName,
  maskPhone,
} from '../../../src/domain/privacy/mask.ts'
import {
  compilePolicy,
  PolicyError,
  type PolicyTables,
  roleTreatment,
} from '../../../src/domain/privacy/policy.ts'
import { treatments } from '../../../src/domain/privacy/treatment.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const tables = readPolicyTables('policy')
type Row = Record<string, string>

const changed = (table: keyof PolicyTables, change: (rows: Row[]) => Row[]): PolicyTables => ({
  ...tables,
  [table]: change((tables[table] ?? []).map((row) => ({ ...row }))),
})
const first = (change: Row) => (rows: Row[]) => [{ ...rows[0], ...change }, ...rows.slice(1)]
const twice = (rows: Row[]) => [...rows, ...rows.slice(0, 1)]

describe('a policy', () => {
  const bad: readonly [string, PolicyTables, RegExp][] = [
    [
      'a treatment that does not exist',
      changed('roles', first({ partner: 'SHOWN' })),
      /roles.csv line 2: partner is "SHOWN"/,
    ],
    [
      'a category twice in roles.csv',
      changed('roles', twice),
      /roles.csv line \d+: .* stands twice/,
    ],
    [
      "a role's category that is not defined",
      changed('roles', first({ category: 'unknown.thing' })),
      /not in categories.csv/,
    ],
    [
      'an empty cell',
      changed('roles', first({ partner: '' })),
      /column "partner" is missing or empty/,
    ],
    [
      'a purpose twice',
      changed('purposes', twice),
      /purposes.csv line \d+: "SERVICE" stands twice/,
    ],
    [
      'a legal basis that does not exist',
      changed('purposes', first({ legal_basis: 'wish' })),
      /legal_basis is "wish"/,
    ],
    [
      'a mechanism that does not exist',
      changed('purposes', first({ mechanism_eu: 'maybe' })),
      /mechanism_eu is "maybe"/,
    ],
    [
      'a purpose without categories',
      changed('purposes', first({ categories: '' })),
      /must name the categories/,
    ],
    [
      'a purpose over a category that is not defined',
      changed('purposes', first({ categories: 'other.thing' })),
      /not in categories.csv/,
    ],
    [
      'a purpose for a role without a column',
      changed('purposes', first({ roles: 'nobody' })),
      /role "nobody" has no column/,
    ],
    ['a trait twice', changed('traits', twice), /traits.csv line \d+: .* stands twice/],
    [
      'a trait of a type that does not exist',
      changed('traits', first({ type: 'blob' })),
      /type is "blob"/,
    ],
    [
      'a trait of a category that is not defined',
      changed('traits', first({ category: 'other' })),
      /not in categories.csv/,
    ],
    [
      'a survivorship that does not exist',
      changed('traits', first({ survivorship: 'luck' })),
      /survivorship is "luck"/,
    ],
    [
      'a store that does not exist',
      changed('categories', first({ store: 'cloud' })),
      /store is "cloud"/,
    ],
    [
      'a source without a number for its priority',
      changed('sources', first({ priority: 'high' })),
      /priority must be a whole number/,
    ],
    [
      'a source that is neither verified nor not',
      changed('sources', first({ verified: 'perhaps' })),
      /verified is "perhaps"/,
    ],
    [
      'a country with a mechanism that no purpose has',
      changed('jurisdictions', first({ mechanism: 'mars' })),
      /mechanism is "mars"/,
    ],
    [
      'a pattern for a category',
      changed('roles', first({ category: 'user.*' })),
      /roles.csv line 2: category "user.\*" is none; write dotted words/,
    ],
    [
      'a pattern among the categories themselves',
      changed('categories', first({ category: 'user.*' })),
      /categories.csv line 2: category "user.\*" is none/,
    ],
    [
      'a signal that nothing turns on',
      changed('purposes', first({ signals: 'gpc gcp' })),
      /purposes.csv line 2: signals has "gcp"; write gpc, /,
    ],
    [
      'a misspelt column',
      changed('purposes', (rows) =>
        rows.map(({ signals = '', ...row }) => ({ ...row, signal: signals })),
      ),
      /purposes.csv line 2: there is no column "signal"; the columns are purpose, .*signals/,
    ],
    [
      'a column that is missing, though its cells may be empty',
      changed('purposes', (rows) => rows.map(({ signals, ...row }) => row)),
      /purposes.csv line 2: column "signals" is missing; add it/,
    ],
    [
      'a role whose name is two words',
      changed('roles', first({ 'call centre': 'CLEAR' })),
      /roles.csv line 2: there is no column "call centre"/,
    ],
    [
      'a misspelt column of notices.csv, whose notices would be for everywhere',
      changed('notices', first({ jurisdictions: 'eu' })),
      /notices.csv line 2: there is no column "jurisdictions"/,
    ],
    [
      'a country that is none',
      changed('jurisdictions', first({ country: 'Germany' })),
      /jurisdictions.csv line 2: country is "Germany"; write two letters/,
    ],
  ]

  test.each(bad)('with %s is refused by file, row and cause', (_name, policyTables, message) => {
    expect(() => compilePolicy(policyTables)).toThrow(PolicyError)
    expect(() => compilePolicy(policyTables)).toThrow(message)
  })

  test('names the line of the file, also below empty lines', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'bauta-policy-'))
    await cp('policy', dir, { recursive: true })
    const file = join(dir, 'roles.csv')
    const shipped = await readFile(file, 'utf8')
    const refusal = async (text: string) => {
      await writeFile(file, text)
      try {
        return void compilePolicy(readPolicyTables(dir))
      } catch (error) {
        return (error as Error).message
      }
    }
    const second = shipped.split('\n').findIndex((line) => line.startsWith('user.name')) + 1
    expect(await refusal(shipped)).toBeUndefined()
    expect(
      await refusal(shipped.replace('\n', '\n\n').replace(/user.name,\w+/, 'user.name,SHOWN')),
    ).toBe(
      `roles.csv line ${second + 1}: subject is "SHOWN", expected one of ${treatments.join(', ')}`,
    )
    expect(await refusal(shipped.replace(/user.name,\w+/, 'user.name'))).toMatch(
      new RegExp(`^roles.csv: Invalid Record Length.* on line ${second}$`),
    )
    expect(await refusal(shipped.replace(',partner', ',subject'))).toBe(
      'roles.csv: line 1: column "subject" stands twice; keep one',
    )
    expect(await refusal(shipped.replace(',partner', ','))).toBe(
      'roles.csv: line 1: column 5 has no name',
    )
    await rm(dir, { recursive: true })
  })

  test('has another version as soon as one cell differs', () => {
    const other = changed('roles', first({ support: 'CLEAR' }))
    expect(compilePolicy(other).version).not.toBe(compilePolicy(tables).version)
    expect(compilePolicy(tables).version).toBe(compilePolicy(readPolicyTables('policy')).version)
  })

  test('lets the longest prefix win, and withholds where there is no row', () => {
    const policy = compilePolicy(tables)
    expect(roleTreatment(policy, 'partner', 'user.account.plan')).toBe('CLEAR')
    expect(roleTreatment(policy, 'partner', 'user.account.plan.since')).toBe('CLEAR')
    expect(roleTreatment(policy, 'partner', 'user.account.planning')).toBe('WITHHELD')
    expect(roleTreatment(policy, 'partner', 'user.something')).toBe('WITHHELD')
    expect(roleTreatment(policy, 'stranger', 'user.account.plan')).toBe('WITHHELD')
  })
})

describe('generalised forms', () => {
  test('show the edge below a number, the same for all numbers of a band', () => {
    const name = fc.constantFrom(...(Object.keys(bands) as (keyof typeof bands)[]))
    fc.assert(
      fc.property(name, fc.double({ min: 0, max: 1e6, noNaN: true }), (band, value) => {
        const edge = bandEdge(band, value)
        expect(bands[band] as readonly number[]).toContain(edge)
        expect(edge).toBeLessThanOrEqual(value)
        expect(bandEdge(band, edge)).toBe(edge)
      }),
    )
  })

  test('show the month of an instant, whatever the day', () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
        (date) => {
          const iso = new Date(monthOf(date.getTime())).toISOString()
          expect(iso).toBe(`${date.toISOString().slice(0, 7)}-01T00:00:00.000Z`)
        },
      ),
    )
  })
})

describe('masked forms', () => {
  test.each([
    ['an e-mail', maskEmail, 'maria.rossi@example.com', 'm***@example.com'],
    ['no e-mail', maskEmail, '@example.com', '***'],
    ['a phone number', maskPhone, '+4915112345678', '***78'],
    ['a name', maskName, ' Maria  de Rossi ', 'M. d. R.'],
    ['a date', maskDate, '1985-04-12', '1985-**-**'],
    ['a long id', maskId, 'customer-4711', '***4711'],
    ['a short id', maskId, '4711', '***'],
  ] as const)('of %s show no more than they say', (_name, mask, value, masked) => {
    expect(mask(value)).toBe(masked)
  })
})
