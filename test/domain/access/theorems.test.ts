import fc from 'fast-check'
import { coveredByAny, covers } from '../../../src/domain/privacy/categories.ts'
import type { PolicyTables } from '../../../src/domain/privacy/policy.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { type AccessRequest, accessRequests, OwnPolicy } from './access-requests.ts'

// Theorems that are proved of Cedar (cedar-lean, Cedar/Thm/Authorization.lean), as properties of the gateway's decisions.

const tables = readPolicyTables('policy')
const ours = new OwnPolicy(tables)
const requests = accessRequests(tables)
const allowed = requests.filter((request) => ours.allows(request))
const words = (text = '') => text.split(' ').filter(Boolean)
const purposeOf = ({ purpose: key }: AccessRequest) =>
  tables.purposes.find(({ purpose }) => purpose === key) ?? {}

/** Each takes one thing away from what a request is allowed by, or puts one thing against it. */
const forbidding: Readonly<Record<string, (request: AccessRequest) => AccessRequest>> = {
  'a limit to other categories': (request) => ({
    ...request,
    caller: { ...request.caller, categories: [`${request.category}.other`] },
  }),
  'a limit to segments that the person is not in': (request) => ({
    ...request,
    caller: { ...request.caller, segments: ['nobody'] },
  }),
  'a registration without the purpose': (request) => ({
    ...request,
    caller: { ...request.caller, purposes: [] },
  }),
}

/** What people say against a use; a legal obligation goes before it. */
const refusing: Readonly<Record<string, (request: AccessRequest) => AccessRequest['person']>> = {
  'a restriction': ({ person }) => ({ ...person, restricted: true }),
  'an objection': ({ person, purpose }) => ({ ...person, objected: [purpose] }),
  'a refusal towards everybody, with no other word': ({ person }) => ({
    ...person,
    own: null,
    towardsAll: { state: 'ConsentRefused', categories: null },
  }),
  'a withdrawal': ({ person }) => ({
    ...person,
    own: { state: 'ConsentWithdrawn', categories: null },
    towardsAll: { state: 'ConsentWithdrawn', categories: null },
  }),
}

describe('forbid trumps permit:', () => {
  test.each(Object.entries(forbidding))('%s denies whatever was allowed', (_what, forbid) => {
    fc.assert(fc.property(allowed, (request) => !ours.allows(forbid(request))))
  })

  test.each(Object.entries(refusing))('%s denies what no law demands', (what, refuse) => {
    fc.assert(
      fc.property(allowed, (request) => {
        const basis = purposeOf(request).legal_basis
        const consented = what.startsWith('a refusal') || what === 'a withdrawal'
        fc.pre(consented ? basis === 'consent' : basis !== 'legal_obligation')
        return !ours.allows({ ...request, person: refuse(request) })
      }),
    )
  })

  test('a row that withholds denies beneath one that shows', () => {
    fc.assert(
      fc.property(allowed, (request) => {
        const category = `${request.category.replace(/\.below$/, '')}.below`
        const none = Object.fromEntries(
          Object.keys(tables.roles[0] ?? {}).map((r) => [r, 'WITHHELD']),
        )
        const stricter = new OwnPolicy({
          ...tables,
          roles: [...tables.roles, { ...none, category }],
        })
        return !stricter.allows({ ...request, category })
      }),
    )
  })
})

describe('allowed only if explicitly permitted:', () => {
  test('what is allowed stands in a cell, of a role that may declare the purpose, which covers it', () => {
    fc.assert(
      fc.property(allowed, (request) => {
        const { category, caller } = request
        const purpose = purposeOf(request)
        expect(coveredByAny(words(purpose.categories), category)).toBe(true)
        const cells = caller.roles
          .filter((role) => words(purpose.roles).includes(role))
          .flatMap((role) =>
            tables.roles
              .filter((row) => covers(row.category ?? '', category) && row[role] !== 'WITHHELD')
              .map((row) => row[role]),
          )
        expect(cells.length).toBeGreaterThan(0)
      }),
    )
  })

  test('without the cells that permit it, it is denied', () => {
    fc.assert(
      fc.property(allowed, (request) => {
        const closed = tables.roles.map((row) =>
          covers(row.category ?? '', request.category)
            ? { ...row, ...Object.fromEntries(request.caller.roles.map((r) => [r, 'WITHHELD'])) }
            : row,
        )
        return !new OwnPolicy({ ...tables, roles: closed }).allows(request)
      }),
      { numRuns: 50 },
    )
  })
})

describe('default deny:', () => {
  const header = Object.keys(tables.roles[0] ?? {})
  // The columns have to stand somewhere: in a row about a category that nobody asks for.
  const none = Object.fromEntries(header.map((role) => [role, 'WITHHELD']))
  const silent = new OwnPolicy({
    ...tables,
    categories: [
      ...tables.categories,
      { category: 'nothing', sensitivity: 'NORMAL', store: 'features' },
    ],
    roles: [{ ...none, category: 'nothing' }],
  })

  test('tables that say nothing of a category allow nothing of it', () => {
    fc.assert(fc.property(allowed, (request) => !silent.allows(request)))
  })

  test('a category that no table names is not seen', () => {
    fc.assert(
      fc.property(requests, (request) => !ours.allows({ ...request, category: 'elsewhere.name' })),
    )
  })
})

describe('independent of order and duplicates:', () => {
  const shuffled = <T>(items: readonly T[]) =>
    fc.shuffledSubarray([...items], { minLength: items.length })
  /** The same words in another order, some of them twice. */
  const again = (text = '') =>
    fc
      .tuple(shuffled(words(text)), fc.subarray(words(text)))
      .map(([all, some]) => [...all, ...some].join(' '))
  const purposes = fc
    .tuple(
      ...tables.purposes.map((row) =>
        fc
          .record({
            roles: again(row.roles),
            categories: again(row.categories),
            signals: again(row.signals),
          })
          .map((said) => ({ ...row, ...said })),
      ),
    )
    .chain((rows) => shuffled(rows))
  const others: fc.Arbitrary<PolicyTables> = fc
    .record({
      purposes,
      roles: shuffled(tables.roles),
      categories: shuffled(tables.categories),
      traits: shuffled(tables.traits),
      jurisdictions: shuffled(tables.jurisdictions),
    })
    .map((rows) => ({ ...tables, ...rows }))

  test('tables and callers decide alike, in whatever order and however often they say the same', () => {
    fc.assert(
      fc.property(others, fc.array(requests, { minLength: 20, maxLength: 20 }), (other, asked) => {
        const same = new OwnPolicy(other)
        for (const request of asked) {
          const { roles, purposes: declared, categories } = request.caller
          const caller = {
            ...request.caller,
            roles: [...roles.toReversed(), ...roles],
            purposes: [...declared, ...declared.toReversed()],
            categories: categories && [...categories.toReversed(), ...categories],
          }
          expect(same.allows({ ...request, caller })).toBe(ours.allows(request))
        }
      }),
      { numRuns: 20 },
    )
  })
})
