import fc from 'fast-check'
import { evaluate } from '../../../src/domain/segments/evaluate.ts'
import { eventNamesOf, eventsSince, factsOf } from '../../../src/domain/segments/facts.ts'
import type { Facts, SegmentRule } from '../../../src/domain/segments/rule.ts'
import { leavesOf } from '../../../src/domain/segments/rule-tree.ts'
import { DAY, HOUR } from '../../../src/kernel/time.ts'
import { events, groups, NOW, rule } from './arbitraries.ts'

const facts = (fields: Facts['fields'], happened: Facts['events'] = {}): Facts => ({
  fields,
  events: happened,
})
const member = (of: SegmentRule, given: Facts, now = NOW) => evaluate(of, given, now).member

describe('the rule of the documentation', () => {
  const sleeping: SegmentRule = {
    all: [
      { field: 'sessionCount', is: '>', value: 3 },
      { field: 'lastSeenAt', is: 'olderThan', days: 7 },
    ],
  }
  test('holds for somebody with four sessions who was last seen eight days ago, and for good', () => {
    const given = facts({ sessionCount: 4, lastSeenAt: NOW - 8 * DAY })
    expect(evaluate(sleeping, given, NOW)).toEqual({ member: true, until: null })
  })
  test('begins to hold seven days after the last visit, to the millisecond', () => {
    const given = facts({ sessionCount: 4, lastSeenAt: NOW - 6 * DAY })
    expect(evaluate(sleeping, given, NOW)).toEqual({ member: false, until: NOW + DAY })
    expect(member(sleeping, given, NOW + DAY - 1)).toBe(false)
    expect(member(sleeping, given, NOW + DAY)).toBe(true)
  })
  test('never holds by time alone for somebody with three sessions', () => {
    const given = facts({ sessionCount: 3, lastSeenAt: NOW - 6 * DAY })
    expect(evaluate(sleeping, given, NOW)).toEqual({ member: false, until: null })
  })
})

describe('unknown', () => {
  test('fields make every comparison false, also !=, and its negation true', () => {
    for (const is of ['=', '!=', '<', '>='] as const) {
      expect(member({ field: 'orderCount', is, value: 1 }, facts({}))).toBe(false)
      expect(member({ not: { field: 'orderCount', is, value: 1 } }, facts({}))).toBe(true)
    }
    expect(member({ field: 'lastSeenAt', is: 'newerThan', days: 1 }, facts({}))).toBe(false)
  })
  test('is what a value of another type is', () => {
    expect(member({ field: 'plan', is: '!=', value: 'pro' }, facts({ plan: 5 }))).toBe(false)
  })
})

test('an age band grows older with the calendar year', () => {
  const is = (value: string): SegmentRule => ({ field: 'ageBand', is: '=', value })
  const given = facts({ ageBand: '18-24', ageBandUntilYear: 2026 })
  const newYear = Date.UTC(2026, 0, 1)
  expect(evaluate(is('18-24'), given, NOW)).toEqual({ member: true, until: newYear })
  expect(evaluate(is('18-24'), given, newYear)).toEqual({
    member: false,
    until: Date.UTC(2036, 0, 1),
  })
  expect(member(is('25-34'), given, newYear)).toBe(true)
  expect(evaluate(is('65+'), given, Date.UTC(2070, 5, 1))).toEqual({ member: true, until: null })
})

describe('a list', () => {
  const given = facts({ favouriteCategories: ['books', 'tea'] })
  test('equals what it contains', () => {
    expect(member({ field: 'favouriteCategories', is: '=', value: 'tea' }, given)).toBe(true)
    expect(member({ field: 'favouriteCategories', is: '!=', value: 'tea' }, given)).toBe(false)
    expect(member({ field: 'favouriteCategories', is: '!=', value: 'toys' }, given)).toBe(true)
    expect(member({ field: 'favouriteCategories', is: 'in', value: ['toys', 'tea'] }, given)).toBe(
      true,
    )
  })
})

describe('an event window', () => {
  const twice: SegmentRule = { event: 'Page Viewed', is: 'atLeast', count: 2, withinDays: 7 }
  test('counts what fell into it and tells when enough of that will have left', () => {
    const given = facts(
      {},
      { 'Page Viewed': [NOW - HOUR, NOW - DAY, NOW - 6 * DAY, NOW - 9 * DAY] },
    )
    // Three are inside; the second to leave ends it.
    expect(evaluate(twice, given, NOW)).toEqual({ member: true, until: NOW + 6 * DAY })
  })
  test('does not count what is yet to come, and tells when it comes', () => {
    const given = facts({}, { 'Page Viewed': [NOW, NOW + DAY] })
    expect(evaluate(twice, given, NOW)).toEqual({ member: false, until: NOW + DAY })
  })
  test('without a name that happened counts zero', () => {
    expect(
      member({ event: 'constructor', is: 'atMost', count: 0, withinDays: null }, facts({})),
    ).toBe(true)
  })
})

test('nothing changes before `until`, and evaluating any time before it names the same change', () => {
  fc.assert(
    fc.property(
      rule,
      groups,
      events,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (of, g, e, part) => {
        const given = factsOf(g, e)
        const { member: before, until } = evaluate(of, given, NOW)
        const end = until ?? NOW + 400 * DAY
        expect(end).toBeGreaterThan(NOW)
        for (const at of [NOW + Math.floor((end - NOW) * part), end - 1])
          if (at < end) expect(member(of, given, at)).toBe(before)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('`until` of one condition is the very instant at which it turns', () => {
  fc.assert(
    fc.property(rule, groups, events, (of, g, e) => {
      const given = factsOf(g, e)
      for (const leaf of leavesOf(of)) {
        const { member: before, until } = evaluate(leaf, given, NOW)
        // A band that ends becomes the next one, which this condition may not be about.
        const isBand = 'field' in leaf && leaf.field === 'ageBand'
        if (until !== null && !isBand) expect(member(leaf, given, until)).toBe(!before)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('rules follow De Morgan', () => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), groups, events, (rules, g, e) => {
      const given = factsOf(g, e)
      expect(evaluate({ not: { all: rules } }, given, NOW)).toEqual(
        evaluate({ any: rules.map((not) => ({ not })) }, given, NOW),
      )
    }),
  )
})

test('events before `eventsSince` change nothing', () => {
  fc.assert(
    fc.property(rule, groups, events, (of, g, e) => {
      const names = eventNamesOf(of)
      const since = eventsSince([of], NOW)
      const recent = Object.fromEntries(
        names.map((name) => [
          name,
          (Object.hasOwn(e, name) ? (e[name] ?? []) : []).filter((at) => at >= since),
        ]),
      )
      expect(evaluate(of, factsOf(g, recent), NOW)).toEqual(evaluate(of, factsOf(g, e), NOW))
    }),
  )
})
