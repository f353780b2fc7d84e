import fc from 'fast-check'
import type { PolicyTables } from '../../../src/domain/privacy/policy.ts'
import { treatments } from '../../../src/domain/privacy/treatment.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { accessRequests, OwnPolicy } from './access-requests.ts'
import { CedarPolicy } from './cedar-policy.ts'

const tables = readPolicyTables('policy')
type Row = Record<string, string>

/** A request on which the gateway under one set of tables and Cedar under another disagree; null: there was none. */
function disagreement(own: PolicyTables, cedar: PolicyTables, numRuns: number, seed = Date.now()) {
  const [ours, theirs] = [new OwnPolicy(own), new CedarPolicy(cedar)]
  const agreed = { allow: 0, deny: 0 }
  const found = fc.sample(accessRequests(own), { numRuns, seed }).find((request) => {
    const allowed = theirs.allows(request)
    agreed[allowed ? 'allow' : 'deny']++
    return ours.allows(request) !== allowed
  })
  return { found: found ?? null, agreed }
}

const changed = (table: 'roles' | 'purposes' | 'jurisdictions', at: Row, change: Row) => ({
  ...tables,
  [table]: tables[table].map((row) =>
    Object.entries(at).every(([column, value]) => row[column] === value)
      ? { ...row, ...change }
      : row,
  ),
})

describe('the gateway and Cedar, told the same tables', () => {
  test('decide alike, whoever asks for whatever of whomever', () => {
    const { found, agreed } = disagreement(tables, tables, 2_000)
    expect(found).toBeNull()
    // Not because nearly everything is refused.
    expect(agreed.allow).toBeGreaterThan(200)
    expect(agreed.deny).toBeGreaterThan(200)
  })

  test('decide alike under other tables too', () => {
    fc.assert(
      fc.property(otherTables(), (other) => {
        expect(disagreement(other, other, 100).found).toBeNull()
      }),
      { numRuns: 4 },
    )
  })

  test.each([
    [
      'a cell of roles.csv',
      changed('roles', { category: 'user.consent' }, { compliance: 'WITHHELD' }),
    ],
    [
      'a form in roles.csv',
      changed('roles', { category: 'user.behavior.activity' }, { support: 'CLEAR' }),
    ],
    [
      'a category that a purpose covers',
      changed('purposes', { purpose: 'SERVICE' }, { categories: 'user.name' }),
    ],
    [
      'a role that may declare it',
      changed('purposes', { purpose: 'SECURITY' }, { roles: 'admin' }),
    ],
    ['a signal', changed('purposes', { purpose: 'MARKETING' }, { signals: '' })],
    ['a mechanism', changed('purposes', { purpose: 'ANALYTICS' }, { mechanism_us: 'opt_in' })],
    ['a legal basis', changed('purposes', { purpose: 'PROFILING' }, { legal_basis: 'contract' })],
    ['a country', changed('jurisdictions', { country: 'US' }, { mechanism: 'eu' })],
  ])('are found to differ where they were told different ones: %s', (_what, other) => {
    expect(disagreement(tables, other, 1_000, 3).found).not.toBeNull()
  })
})

/** The shipped tables with some rows gone, some cells and mechanisms drawn anew. */
function otherTables(): fc.Arbitrary<PolicyTables> {
  const treatment = fc.constantFrom(...treatments)
  const roles = fc
    .subarray([...tables.roles], { minLength: 8 })
    .chain((rows) =>
      fc.tuple(
        ...rows.map(({ category = '', ...cells }) =>
          fc
            .record(Object.fromEntries(Object.keys(cells).map((role) => [role, treatment])))
            .map((drawn) => ({ category, ...drawn })),
        ),
      ),
    )
  const mechanism = fc.constantFrom('opt_in', 'opt_out', 'notice_only', 'none')
  const basis = fc.constantFrom('consent', 'consent', 'contract', 'legal_obligation')
  const purposes = fc.tuple(
    ...tables.purposes.map((row) =>
      fc
        .record({ mechanism_eu: mechanism, mechanism_us: mechanism, legal_basis: basis })
        .map((drawn): Row => ({ ...row, ...drawn })),
    ),
  )
  return fc.record({ roles, purposes }).map((drawn) => ({ ...tables, ...drawn }))
}
