import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import {
  discardedAction,
  discardedIn,
  MOST_DISCARDED,
} from '../../../src/domain/audit/retention.ts'
import { compileRetention, ruleFor } from '../../../src/domain/audit/retention-rules.ts'
import { limits } from '../../../src/kernel/limits.ts'

const indices = fc
  .uniqueArray(fc.integer({ min: 0, max: 10 ** 12 }), { minLength: 1, maxLength: 200 })
  .map((all) => all.sort((a, b) => a - b))

describe('what an entry says about discarded ones', () => {
  test('is read back number by number', () => {
    fc.assert(
      fc.property(indices, fc.integer({ min: 0, max: 30 }), (some, run) => {
        const all = [...some, ...Array.from({ length: run }, (_, n) => 10 ** 12 + 5 + n)]
        const action = discardedAction({ class: 'refusals', indices: all })
        expect(discardedIn({ action })).toEqual({ class: 'refusals', indices: all })
      }),
    )
  })

  test('is short where runs are discarded, and fits into a leaf where they alternate', () => {
    const of = (all: number[]) => discardedAction({ class: 'refusals', indices: all })
    expect(of([0, 1, 2, 9, 11, 12])).toEqual({
      action: 'audit.discarded',
      class: 'refusals',
      count: 6,
      indices: '0-2 9 11-12',
    })
    const alternating = Array.from({ length: 4_096 }, (_, n) => 9_000_000_000 + 2 * n)
    expect(JSON.stringify(of(alternating)).length).toBeLessThan(limits.auditLeafBytes - 2_000)
  })

  test.each([
    [{ action: 'audit.fork' }],
    [{ action: 'audit.discarded', class: 'a', count: 1, indices: '' }],
    [{ action: 'audit.discarded', class: 'a', count: 1, indices: 'x' }],
    [{ action: 'audit.discarded', class: 'a', count: 2, indices: '1' }],
    [{ action: 'audit.discarded', class: 'a', count: 2, indices: '2 1' }],
    [{ action: 'audit.discarded', class: 'a', count: 2, indices: '1 1' }],
    [{ action: 'audit.discarded', class: 'a', count: 0, indices: '3-2' }],
    [{ action: 'audit.discarded', class: 'a', count: 1, indices: '-1' }],
    [{ action: 'audit.discarded', class: 7, count: 1, indices: '1' }],
    [
      {
        action: 'audit.discarded',
        class: 'a',
        count: MOST_DISCARDED + 1,
        indices: `0-${MOST_DISCARDED}`,
      },
    ],
    [{ action: 'audit.discarded', class: 'a', count: 1e15, indices: '0-999999999999999' }],
    [undefined],
  ])('says nothing where it is no such entry or can not be: %j', (action) => {
    expect(discardedIn(action === undefined ? {} : { action })).toBeNull()
  })
})

describe('classes of entries', () => {
  const table = (text: string) =>
    compileRetention(parse(text, { columns: true, trim: true }) as Record<string, string>[])
  const shipped = table(readFileSync('policy/retention.csv', 'utf8'))
  const classOf = (phase: string, outcome: string, action?: string) =>
    ruleFor(shipped, {
      phase,
      outcome,
      ...(action ? { action: { action } } : {}),
    } as Parameters<typeof ruleFor>[1])?.class ?? null

  test('follow the first row that fits', () => {
    expect(classOf('decision', 'permit')).toBe('disclosures')
    expect(classOf('decision', 'permit', 'define-segment')).toBe('disclosures')
    expect(classOf('decision', 'deny')).toBe('refusals')
    expect(classOf('decision', 'error')).toBe('errors')
    expect(classOf('export', 'permit')).toBe('exports')
    expect(classOf('admin', 'permit', 'token.issue')).toBe('sign-ins')
    expect(classOf('admin', 'permit', 'client.create')).toBe('administration')
    expect(classOf('unheard-of', 'permit')).toBeNull()
    expect(ruleFor([], { phase: 'decision', outcome: 'permit' })).toBeNull()
  })

  test('do not hold what says that the trail itself was changed', () => {
    const all = table('class,phase,outcome,action,keep_days\nall,*,*,*,1')
    const admin = { phase: 'admin', outcome: 'permit' } as const
    expect(ruleFor(all, { ...admin, action: { action: 'client.create' } })?.days).toBe(1)
    expect(ruleFor(all, { ...admin, action: { action: 'audit.discarded' } })).toBeNull()
    expect(ruleFor(all, { ...admin, action: { action: 'audit.fork' } })).toBeNull()
  })

  test('that are kept long as shipped: disclosures for six years, administration for ever', () => {
    const days = Object.fromEntries(shipped.map((rule) => [rule.class, rule.days]))
    expect(days).toMatchObject({ disclosures: 2_192, exports: null, administration: null })
  })

  test.each([
    ['Refusals,decision,deny,*,400', 'class'],
    ['refusals,denial,deny,*,400', 'phase'],
    ['refusals,decision,no,*,400', 'outcome'],
    ['refusals,decision,deny,,400', 'action'],
    ['refusals,decision,deny,*,0', 'keep_days'],
    ['refusals,decision,deny,*,', 'keep_days'],
    ['refusals,decision,deny,*,4 years', 'keep_days'],
    ['refusals,decision,deny,*,4\nrefusals,*,*,*,4', 'stands twice'],
  ])('are refused where a row is wrong: %j', (rows, complaint) => {
    expect(() => table(`class,phase,outcome,action,keep_days\n${rows}`)).toThrow(complaint)
    expect(() => table(`class,phase,outcome,action,keep_days\n${rows}`)).toThrow(
      'retention.csv line',
    )
  })
})
