import fc from 'fast-check'
import type { PlainGroups } from '../../../src/domain/profiles/read-model.ts'
import type { SegmentRule } from '../../../src/domain/segments/rule.ts'
import type { RuleLeaf } from '../../../src/domain/segments/rule-tree.ts'
import { DAY } from '../../../src/kernel/time.ts'

/** A little before the end of a year, so that age bands end within reach. */
export const NOW = Date.UTC(2025, 11, 20, 12)

// Few values, so that constants and facts meet; spaced so that windows of some days have them inside and outside.
const instant = fc.oneof(
  fc.integer({ min: -40, max: 4 }).map((days) => NOW + days * DAY),
  fc.integer({ min: -40 * DAY, max: 4 * DAY }).map((offset) => NOW + offset),
)
const days = fc.constantFrom(0.5, 1, 7, 30)
const count = fc.integer({ min: 0, max: 4 })
const word = fc.constantFrom('free', 'pro', 'É', 'a"b', "o'c", '50% _', '{x}')
const date = fc.constantFrom('2025-12-10', '2025-12-19', '2025-02-30', '2026-01-01', 'soon')
export const EVENTS = ['Order Completed', 'Page Viewed', 'constructor'] as const

const texts = ['plan', 'country', 'onboardingStep', 'loyaltyTier', 'favouriteCategories'] as const
const numbers = ['sessionCount', 'orderCount', 'totalValue', 'score'] as const
const instants = ['lastSeenAt', 'lastOrderAt', 'renewedAt'] as const
const dates = ['customerSince', 'signedOn'] as const
const any = fc.constantFrom(...texts, ...numbers, ...instants, ...dates, 'ageBand', 'trial')

const equality = fc.constantFrom('=', '!=')
const order = fc.constantFrom('=', '!=', '>', '>=', '<', '<=')
const relative = fc.constantFrom('olderThan', 'newerThan')

export const leaf: fc.Arbitrary<RuleLeaf> = fc.oneof(
  fc.record({ field: fc.constantFrom(...texts), is: equality, value: word }),
  fc.record({
    field: fc.constantFrom(...texts),
    is: fc.constant('in'),
    value: fc.array(word, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    field: fc.constantFrom(...numbers),
    is: order,
    value: fc.oneof(count, fc.constantFrom(0.1, 2.5)),
  }),
  fc.record({
    field: fc.constantFrom(...numbers),
    is: fc.constant('in'),
    value: fc.array(count, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ field: fc.constantFrom(...instants), is: order, value: instant }),
  fc.record({ field: fc.constantFrom(...dates), is: order, value: date }),
  fc.record({ field: fc.constantFrom(...instants, ...dates), is: relative, days }),
  fc.record({ field: fc.constant('trial'), is: equality, value: fc.boolean() }),
  fc.record({
    field: fc.constant('ageBand'),
    is: equality,
    value: fc.constantFrom('18-24', '25-34', '35-44'),
  }),
  fc.record({ field: any, is: fc.constant('known') }),
  fc.record({
    event: fc.constantFrom(...EVENTS),
    is: fc.constantFrom('atLeast', 'atMost'),
    count,
    withinDays: fc.oneof(fc.constant(null), days),
  }),
) as fc.Arbitrary<RuleLeaf>

export const rule: fc.Arbitrary<SegmentRule> = fc.letrec<{ rule: SegmentRule }>((tie) => ({
  rule: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({ all: fc.array(tie('rule'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('rule'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('rule') }),
  ) as fc.Arbitrary<SegmentRule>,
})).rule

// Sources send anything: a trait may hold a value of another type than its registry says.
const anything = fc.oneof(
  word,
  count,
  instant,
  date,
  fc.boolean(),
  fc.constant(null),
  fc.array(word),
)
const some = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: anything })
const partial = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(fields, { requiredKeys: [] })

export const groups = fc.record({
  demographics: partial({
    ageBand: fc.record({
      band: fc.constantFrom('0-17', '18-24', '25-34', '65+', 'old'),
      untilYear: fc.oneof(fc.constant(null), fc.integer({ min: 2010, max: 2027 })),
    }),
  }),
  location: partial({ country: word }),
  account: partial({ plan: some(word), customerSince: some(date) }),
  activity: partial({ sessionCount: some(count), lastSeenAt: some(instant), onboardingStep: word }),
  device: fc.constant({}),
  commerce: partial({
    orderCount: count,
    totalValue: fc.oneof(count, fc.constantFrom(0.1, 2.5)),
    lastOrderAt: instant,
    favouriteCategories: fc.array(word, { maxLength: 3 }),
  }),
  custom: partial({
    loyaltyTier: anything,
    score: some(count),
    renewedAt: some(instant),
    signedOn: some(date),
    trial: some(fc.boolean()),
  }),
}) as fc.Arbitrary<PlainGroups>

/** By event name; names without events are absent, as from a store. */
export const events = fc.dictionary(
  fc.constantFrom(...EVENTS),
  fc.array(instant, { minLength: 1, maxLength: 5 }),
  { noNullPrototype: true },
)
