import fc from 'fast-check'
import type { Survivorship, TraitDefinition } from '../../../src/domain/privacy/policy.ts'
import { resolveTraits, type SourceRecord } from '../../../src/domain/profiles/survivorship.ts'

const rules: readonly Survivorship[] = ['priority', 'recent', 'complete', 'frequent']
const definition = (survivorship: Survivorship): TraitDefinition => ({
  key: survivorship,
  category: 'user.account',
  type: 'text',
  survivorship,
  sealed: false,
})
const policy = {
  traits: new Map(rules.map((rule) => [rule, definition(rule)])),
  sources: new Map([
    ['first', { priority: 1, verified: true }],
    ['second', { priority: 2, verified: true }],
    ['browser', { priority: 3, verified: false }],
  ]),
}
const said = (source: string, observedAt: number, value: string): SourceRecord => ({
  source,
  recordKey: `${source}-${observedAt}`,
  observedAt,
  receivedAt: observedAt,
  traits: Object.fromEntries(rules.map((rule) => [rule, value])),
})
const winner = (records: readonly SourceRecord[], rule: string) =>
  resolveTraits(records, policy).get(rule)

describe('survivorship', () => {
  const records = [
    said('first', 10, 'short'),
    said('second', 30, 'newest'),
    said('second', 20, 'the longest value'),
    said('unknown', 25, 'short'),
  ]
  test.each([
    ['priority', 'short'],
    ['recent', 'newest'],
    ['complete', 'the longest value'],
    ['frequent', 'short'],
  ])('by %s takes "%s"', (rule, value) => {
    expect(winner(records, rule)).toMatchObject({ value, lineage: { rule } })
  })

  test('names the only record that has a value, and leaves out traits that the policy does not know', () => {
    const only = { ...said('second', 5, 'x'), traits: { recent: 'x', stranger: 'y' } }
    const winners = resolveTraits([only], policy)
    expect([...winners.keys()]).toEqual(['recent'])
    expect(winners.get('recent')?.lineage).toEqual({
      source: 'second',
      recordKey: 'second-5',
      observedAt: 5,
      receivedAt: 5,
      rule: 'only',
    })
  })

  test.each([
    ['user.identity_verification', null],
    ['user.unique_id.external', null],
    ['user.behavior.activity', 'told by a browser'],
  ])('hears of %s from an unverified source: %p', (category, heard) => {
    const trait = { ...definition('recent'), category, sealed: true }
    const told = resolveTraits([said('browser', 99, 'told by a browser')], {
      ...policy,
      traits: new Map([['recent', trait]]),
    })
    expect(told.get('recent')?.value ?? null).toBe(heard)
    const vouched = resolveTraits([said('first', 1, 'vouched for'), said('browser', 99, 'newer')], {
      ...policy,
      traits: new Map([['recent', trait]]),
    })
    expect(vouched.get('recent')?.value).toBe(heard === null ? 'vouched for' : 'newer')
  })

  test('does not depend on the order of records, takes a value that somebody said, and the same one without the losers', () => {
    const record = fc.record({
      source: fc.constantFrom('first', 'second', 'unknown'),
      recordKey: fc.constantFrom('k1', 'k2', 'k3'),
      observedAt: fc.integer({ min: 0, max: 3 }),
      receivedAt: fc.integer({ min: 0, max: 3 }),
      traits: fc.dictionary(fc.constantFrom(...rules), fc.constantFrom('a', 'b', 'ccc')),
    })
    const distinct = fc.uniqueArray(record, {
      selector: (one) => `${one.source} ${one.recordKey}`,
      maxLength: 8,
    })
    fc.assert(
      fc.property(distinct, fc.nat(), (some, turn) => {
        const turned = [...some.slice(turn % 8), ...some.slice(0, turn % 8)].reverse()
        const winners = resolveTraits(some, policy)
        expect(resolveTraits(turned, policy)).toEqual(winners)
        for (const [key, { value, lineage }] of winners) {
          const from = some.filter(
            (one) => one.source === lineage.source && one.recordKey === lineage.recordKey,
          )
          expect(from.map(({ traits }) => traits[key])).toEqual([value])
          expect(resolveTraits(from, policy).get(key)?.value).toBe(value)
        }
      }),
    )
  })
})
