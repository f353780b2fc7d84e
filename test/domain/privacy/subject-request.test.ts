import fc from 'fast-check'
import {
  dueAt,
  isOpen,
  mayBecome,
  monthsLater,
  subjectRequestStatuses,
} from '../../../src/domain/privacy/subject-request.ts'
import { DAY } from '../../../src/kernel/time.ts'

const at = (text: string) => Date.parse(text)

describe('the deadline of a request', () => {
  test.each([
    ['2026-03-10T08:00:00Z', '2026-04-10T08:00:00Z', '2026-06-10T08:00:00Z'],
    ['2026-01-31T23:59:59Z', '2026-02-28T23:59:59Z', '2026-04-30T23:59:59Z'],
    ['2028-01-31T00:00:00Z', '2028-02-29T00:00:00Z', '2028-04-30T00:00:00Z'],
    ['2026-12-05T12:00:00Z', '2027-01-05T12:00:00Z', '2027-03-05T12:00:00Z'],
  ])('of %s is %s, and %s where it was extended', (received, due, extended) => {
    expect(dueAt('gdpr', at(received), false)).toBe(at(due))
    expect(dueAt('gdpr', at(received), true)).toBe(at(extended))
  })

  test('is 45 calendar days under the CCPA, and 90 where it was extended', () => {
    expect(dueAt('ccpa', at('2026-01-31T12:00:00Z'), false)).toBe(at('2026-03-17T12:00:00Z'))
    expect(dueAt('ccpa', at('2026-01-31T12:00:00Z'), true)).toBe(at('2026-05-01T12:00:00Z'))
  })

  test('is never more than 31 days a month away, and never less than 28', () => {
    const received = fc.integer({ min: at('2020-01-01'), max: at('2100-01-01') })
    fc.assert(
      fc.property(received, fc.integer({ min: 1, max: 3 }), (instant, months) => {
        const days = (monthsLater(instant, months) - instant) / DAY
        expect(days).toBeGreaterThanOrEqual(28 * months)
        expect(days).toBeLessThanOrEqual(31 * months)
        expect(days).toBe(Math.round(days))
      }),
    )
  })
})

test('what is completed or cancelled stays so', () => {
  for (const from of subjectRequestStatuses)
    for (const to of subjectRequestStatuses) {
      if (!isOpen({ status: from })) expect(mayBecome(from, to)).toBe(false)
      if (to === 'pending') expect(mayBecome(from, to)).toBe(false)
    }
  expect(mayBecome('pending', 'in_progress')).toBe(true)
  expect(mayBecome('pending', 'completed')).toBe(false)
  expect(mayBecome('in_progress', 'completed')).toBe(true)
})
