import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { eventCategory } from '../../../src/domain/privacy/event-category.ts'
import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import { describeRule } from '../../../src/domain/segments/describe-rule.ts'
import { parseRule } from '../../../src/domain/segments/parse-rule.ts'
import { categoriesOf, onlyOnBandEdges } from '../../../src/domain/segments/rule-categories.ts'
import { RuleError } from '../../../src/domain/segments/rule-error.ts'
import { ruleFields } from '../../../src/domain/segments/rule-fields.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const tables = readPolicyTables(fileURLToPath(new URL('../../../policy', import.meta.url)))
const policy = compilePolicy(tables)
const parse = (json: unknown) => parseRule(json, policy)
const condition = { field: 'sessionCount', is: '>', value: 3 }
const nested = (depth: number): unknown => {
  let rule: unknown = condition
  for (let level = 0; level < depth; level++) rule = { not: rule }
  return rule
}

describe('a rule', () => {
  test('of every kind of condition comes out as it went in', () => {
    const rule = {
      all: [
        { any: [condition, { not: { field: 'plan', is: 'in', value: ['pro', 'team'] } }] },
        { field: 'country', is: '!=', value: 'DE' },
        { field: 'city', is: 'known' },
        { field: 'lastSeenAt', is: 'olderThan', days: 7 },
        { field: 'customerSince', is: '<', value: '2024-02-29' },
        { field: 'favouriteCategories', is: '=', value: 'tea' },
        { field: 'loyaltyTier', is: '=', value: 'gold' },
        { event: 'Product Added', is: 'atMost', count: 0, withinDays: 30 },
        { event: 'Order Completed', is: 'atLeast', count: 2, withinDays: null },
      ],
    }
    expect(parse(rule)).toEqual(rule)
    expect(describeRule(parse(rule))).toBe(
      '(sessionCount > 3 or not plan in ("pro", "team")) and country != "DE" and city is known and ' +
        'lastSeenAt older than 7 days and customerSince < "2024-02-29" and favouriteCategories = "tea" and ' +
        'loyaltyTier = "gold" and "Product Added" at most 0 times within 30 days and "Order Completed" at least 2 times',
    )
  })
  test('may give instants as text', () => {
    expect(parse({ field: 'lastSeenAt', is: '>=', value: '2026-01-01T00:00:00Z' })).toEqual({
      field: 'lastSeenAt',
      is: '>=',
      value: Date.UTC(2026, 0, 1),
    })
    const rule = parse({ field: 'lastSeenAt', is: '>=', value: '2026-01-01' })
    expect(describeRule(rule)).toBe('lastSeenAt >= 2026-01-01T00:00:00.000Z')
  })
  test('without a window counts since ever', () => {
    expect(parse({ event: 'A', is: 'atLeast', count: 1 })).toMatchObject({ withinDays: null })
  })

  const refused: [unknown, string][] = [
    [null, 'rule: must be an object'],
    [[], 'rule: must be an object'],
    ['sessionCount > 3', 'rule: must be an object'],
    [{}, 'rule: needs one of all, any, not, event, field'],
    [{ all: [] }, 'rule.all: must be a list of at least one condition'],
    [{ any: condition }, 'rule.any: must be a list of at least one condition'],
    [{ all: [condition], any: [condition] }, 'rule: has both all and any'],
    [{ not: condition, note: 'x' }, 'rule: may only have not'],
    [
      { all: [condition, { not: { field: 'nope', is: '=', value: 1 } }] },
      'rule.all[1].not.field: no such field',
    ],
    [{ ...condition, extra: 1 }, 'rule: may only have field, is, value'],
    [
      { field: 'email', is: 'known' },
      'rule.field: this trait is kept in the vault; no rule may read it',
    ],
    [{ field: 'constructor', is: 'known' }, 'rule.field: no such field'],
    [{ field: 'plan', is: '<', value: 'x' }, 'rule.is: must be one of =, !=, in, known for plan'],
    [{ field: 'plan', is: '=', value: 3 }, 'rule.value: must be a text of 1 to 200 characters'],
    [
      { field: 'plan', is: '=', value: 'x'.repeat(201) },
      'rule.value: must be a text of 1 to 200 characters',
    ],
    [
      { field: 'plan', is: '=', value: 'a\0' },
      'rule.value: holds characters that no text can hold',
    ],
    [
      { field: 'plan', is: '=', value: '\ud800' },
      'rule.value: holds characters that no text can hold',
    ],
    [{ field: 'plan', is: 'in', value: 'pro' }, 'rule.value: must be a list of 1 to 100 values'],
    [
      { field: 'plan', is: 'in', value: ['pro', 1] },
      'rule.value[1]: must be a text of 1 to 200 characters',
    ],
    [{ field: 'sessionCount', is: '>', value: '3' }, 'rule.value: must be a number'],
    [{ field: 'sessionCount', is: '>', value: Number.NaN }, 'rule.value: must be a number'],
    [
      { field: 'customerSince', is: '<', value: '2025-02-30' },
      'rule.value: must be a date as YYYY-MM-DD',
    ],
    [
      { field: 'lastSeenAt', is: '<', value: 'yesterday' },
      'rule.value: must be an instant in ISO 8601 with its zone, or in milliseconds',
    ],
    [
      { field: 'lastSeenAt', is: 'olderThan', days: 0 },
      'rule.days: must be a number of days above 0, at most 36525',
    ],
    [
      { field: 'lastSeenAt', is: 'olderThan', days: 1, value: 2 },
      'rule: may only have field, is, days',
    ],
    [{ event: '', is: 'atLeast', count: 1 }, 'rule.event: must be a text of 1 to 200 characters'],
    [{ event: 'A', is: 'exactly', count: 1 }, 'rule.is: must be atLeast or atMost'],
    [
      { event: 'A', is: 'atLeast', count: 1.5 },
      'rule.count: must be a whole number from 0 to 1000000',
    ],
    [
      { event: 'A', is: 'atLeast', count: 1, withinDays: 'week' },
      'rule.withinDays: must be a number of days above 0, at most 36525',
    ],
  ]
  test.each(refused)('like %j is refused: %s', (json, message) => {
    expect(() => parse(json)).toThrow(
      new RuleError(message.split(': ')[0] ?? '', message.slice(message.indexOf(': ') + 2)),
    )
  })

  test('too deep or too large is refused, at the limit it is taken', () => {
    expect(() => parse(nested(9))).not.toThrow()
    expect(() => parse(nested(10))).toThrow('deeper than 10 levels')
    expect(() => parse({ all: Array(99).fill(condition) })).not.toThrow()
    expect(() => parse({ all: Array(100).fill(condition) })).toThrow('more than 100 conditions')
    expect(() => parse(nested(100_000))).toThrow(RuleError)
  })

  test('from any JSON is taken or refused with a place, never another error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          parse(json)
        } catch (error) {
          expect(error).toBeInstanceOf(RuleError)
          expect((error as RuleError).place).toMatch(/^rule/)
        }
      }),
    )
  })
})

describe('fields', () => {
  test('of the vault are none, under any policy: moving a category there takes its fields away', () => {
    expect([...ruleFields(policy).keys()]).not.toContain('birthDate')
    expect(ruleFields(policy).has('gender')).toBe(true)
    const hidden = compilePolicy({
      ...tables,
      categories: tables.categories.map((row) =>
        row.category === 'user.demographic.gender' ? { ...row, store: 'vault' } : row,
      ),
    })
    expect(ruleFields(hidden).has('gender')).toBe(false)
    expect(() => parseRule({ field: 'gender', is: 'known' }, hidden)).toThrow('kept in the vault')
  })
  test('take their category from the policy', () => {
    const moved = compilePolicy({
      ...tables,
      traits: tables.traits.map((row) =>
        row.key === 'city' ? { ...row, category: 'user.account' } : row,
      ),
    })
    expect(categoriesOf({ field: 'city', is: 'known' }, moved)).toEqual(['user.account'])
  })
})

test('the categories of a rule are those of everything it reads, however deep', () => {
  const rule = parse({
    any: [
      { not: { field: 'country', is: '=', value: 'DE' } },
      { all: [condition, { event: 'Order Completed', is: 'atLeast', count: 1 }] },
    ],
  })
  expect(categoriesOf(rule, policy)).toEqual([
    'user.behavior.activity',
    'user.behavior.purchase_history',
    'user.location.country',
  ])
})

test.each([
  ['Order Completed', 'purchase_history'],
  ['orderRefunded', 'purchase_history'],
  ['subscription_payment', 'purchase_history'],
  ['Purchase', 'purchase_history'],
  ['newOrder', 'purchase_history'],
  ['Product Viewed', 'activity'],
  ['Border Crossed', 'activity'],
])('the event %s is %s', (name, category) => {
  expect(eventCategory(name)).toBe(`user.behavior.${category}`)
})

describe('on the edges of the bands', () => {
  const ACTIVITY = 'user.behavior.activity'
  const PURCHASES = 'user.behavior.purchase_history'
  test.each([
    [{ field: 'sessionCount', is: '>=', value: 5 }, ACTIVITY, true],
    [{ field: 'sessionCount', is: '<', value: 10 }, ACTIVITY, true],
    [{ field: 'sessionCount', is: '>', value: 4 }, ACTIVITY, true],
    [{ field: 'sessionCount', is: '<=', value: 2 }, ACTIVITY, true],
    [{ field: 'sessionCount', is: '>', value: 3 }, ACTIVITY, false],
    [{ field: 'sessionCount', is: '=', value: 5 }, ACTIVITY, false],
    [{ field: 'sessionCount', is: '=', value: 0 }, ACTIVITY, true],
    [{ field: 'sessionCount', is: 'known' }, ACTIVITY, true],
    [{ field: 'orderCount', is: '=', value: 1 }, PURCHASES, true],
    [{ field: 'orderCount', is: 'in', value: [1, 2] }, PURCHASES, false],
    [{ field: 'totalValue', is: '>=', value: 100 }, PURCHASES, true],
    [{ field: 'totalValue', is: '>', value: 99 }, PURCHASES, false],
    [{ field: 'lastSeenAt', is: '>=', value: '2026-01-01' }, ACTIVITY, true],
    [{ field: 'lastSeenAt', is: '>=', value: '2026-01-02' }, ACTIVITY, false],
    [{ field: 'lastSeenAt', is: 'olderThan', days: 7 }, ACTIVITY, false],
    [{ field: 'onboardingStep', is: '=', value: 'done' }, ACTIVITY, false],
    [{ event: 'Page Viewed', is: 'atLeast', count: 1 }, ACTIVITY, false],
    [{ field: 'customerSince', is: '<', value: '2025-01-01' }, 'user.account', true],
    [{ field: 'customerSince', is: '<', value: '2025-01-02' }, 'user.account', false],
    [{ field: 'orderCount', is: '=', value: 7 }, ACTIVITY, true],
    [{ field: 'orderCount', is: '=', value: 7 }, 'user.behavior', false],
  ])('%j of %s: %s', (json, category, expected) => {
    expect(onlyOnBandEdges(parse(json), category, policy)).toBe(expected)
  })
  test('one condition between the edges is enough', () => {
    const rule = parse({ any: [{ field: 'sessionCount', is: '>=', value: 5 }, { not: condition }] })
    expect(onlyOnBandEdges(rule, ACTIVITY, policy)).toBe(false)
  })
})
