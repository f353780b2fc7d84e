import fc from 'fast-check'
import { readConfig } from '../../../src/config.ts'
import type { Client } from '../../../src/domain/access/principal.ts'
import { coveredByAny } from '../../../src/domain/privacy/categories.ts'
import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import { type ClientDraft, registrationOf } from '../../../src/gateway/govern/client-draft.ts'
import { draftWithin, refuseBeyond } from '../../../src/gateway/govern/client-limits.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const policy = compilePolicy(readPolicyTables(readConfig({}).policyDir))

const some = (...names: string[]) => fc.option(fc.subarray(names))
const budget = fc.option(fc.integer({ min: 1, max: 5 }))
const limits = fc.record({
  categories: some('user', 'user.contact', 'user.contact.email', 'user.location'),
  segments: some('vip', 'pros', 'new'),
  lookupsPerDay: budget,
  requestsPerMinute: budget,
  costPerMinute: budget,
})
const registered = (id: string, role: string, more: Partial<ClientDraft>) =>
  registrationOf({ id, name: id, roles: [role], ...more }, policy, false)

/** Whether every request that one client may make the other may make too, as far as limits go. */
function isNoWider(one: Client, other: Client): boolean {
  const { categories, segments } = other
  const within = [
    !categories || one.categories?.every((category) => coveredByAny(categories, category)),
    !segments || one.segments?.every((segment) => segments.includes(segment)),
    ...(['lookupsPerDay', 'requestsPerMinute', 'costPerMinute'] as const).map(
      (name) => other[name] === null || (one[name] !== null && one[name] <= other[name]),
    ),
  ]
  return within.every(Boolean)
}

test('whoever is limited registers nobody who is less limited, whatever they ask for', () => {
  let made = 0
  fc.assert(
    fc.property(
      limits,
      limits,
      fc.constantFrom('partner', 'admin', 'support'),
      (has, asked, role) => {
        const boss = registered('boss', 'admin', has)
        const by = { client: boss, subjects: null }
        const draft = draftWithin({ id: 'new', name: 'New', roles: [role], ...asked }, by)
        const client = registrationOf(draft, policy, false)
        const refusal = refusalOf(() => refuseBeyond(client, by))
        expect(refusal === null).toBe(isNoWider(client, boss))
        expect(refusal?.code ?? 'FORBIDDEN').toBe('FORBIDDEN')
        if (refusal === null) made++
      },
    ),
    { numRuns: 1_000 },
  )
  expect(made).toBeGreaterThan(100)
})

test('a chain of registrations only ever narrows', () => {
  fc.assert(
    fc.property(fc.array(limits, { minLength: 2, maxLength: 5 }), (chain) => {
      const [first, ...rest] = chain
      const clients = [registered('a0', 'admin', first ?? {})]
      for (const [n, asked] of rest.entries()) {
        const by = { client: clients.at(-1) as Client, subjects: null }
        const draft = draftWithin({ id: `a${n + 1}`, name: 'A', roles: ['admin'], ...asked }, by)
        const client = registrationOf(draft, policy, false)
        if (refusalOf(() => refuseBeyond(client, by)) === null) clients.push(client)
      }
      for (const client of clients) expect(isNoWider(client, clients[0] as Client)).toBe(true)
    }),
  )
})

function refusalOf(work: () => void): Refusal | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
