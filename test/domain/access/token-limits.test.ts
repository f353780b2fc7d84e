import fc from 'fast-check'
import {
  detailsOf,
  emptyMember,
  readDetails,
} from '../../../src/domain/access/authorization-details.ts'
import { NO_LIMITS, type TokenLimits } from '../../../src/domain/access/principal.ts'
import {
  limitsOf,
  narrowed,
  scopesWithin,
  together,
} from '../../../src/domain/access/token-limits.ts'
import { coveredByAny } from '../../../src/domain/privacy/categories.ts'

const listOf = (...names: string[]) => fc.option(fc.subarray(names, { minLength: 0 }))
const CATEGORIES = ['user', 'user.account', 'user.account.plan', 'user.contact.email', 'user.name']
const PEOPLE = ['p1a', 'p1b', 'p1c']
const budget = fc.option(fc.nat(100))
const anyLimits: fc.Arbitrary<TokenLimits> = fc.record({
  purposes: listOf('SERVICE', 'MARKETING', 'ANALYTICS'),
  categories: listOf(...CATEGORIES),
  segments: listOf('vip', 'new', 'old'),
  subjects: listOf(...PEOPLE),
  requestsPerMinute: budget,
  costPerMinute: budget,
  lookupsPerDay: budget,
})
const clientLimits = anyLimits.map((limits) => ({ ...limits, subjects: null }))

/** Everything that limits say of one request: whether it is let in, by the meaning of each limit alone. */
function admits(limits: TokenLimits) {
  return (purpose: string, category: string, segments: readonly string[], subject: string) =>
    (limits.purposes?.includes(purpose) ?? true) &&
    (limits.categories === null || coveredByAny(limits.categories, category)) &&
    (limits.segments === null || limits.segments.some((one) => segments.includes(one))) &&
    (limits.subjects?.includes(subject) ?? true)
}

const request = fc.tuple(
  fc.constantFrom('SERVICE', 'MARKETING', 'ANALYTICS'),
  fc.constantFrom(...CATEGORIES, 'user.accounts', 'user.account.plan.old'),
  fc.subarray(['vip', 'new', 'old', 'other']),
  fc.constantFrom(...PEOPLE, 'p1d'),
)
const budgets = ['requestsPerMinute', 'costPerMinute', 'lookupsPerDay'] as const
const most = (value: number | null) => value ?? Number.POSITIVE_INFINITY

/** The last token of a chain of requests, and all limits that it was made within; what is refused changes nothing. */
function chained(client: TokenLimits, chain: readonly TokenLimits[]) {
  const held = [limitsOf(client)]
  let token = NO_LIMITS
  for (const asked of chain) {
    const answer = narrowed(client, token, asked)
    if ('beyond' in answer) continue
    held.push(asked)
    token = answer.limits
  }
  return { token, held }
}

describe('narrowing', () => {
  test('by any chain of requests lets in only what client, token and every request let in', () => {
    let granted = 0
    fc.assert(
      fc.property(
        clientLimits,
        fc.array(anyLimits, { maxLength: 4 }),
        fc.array(request, { minLength: 5, maxLength: 5 }),
        (client, chain, requests) => {
          const { token, held } = chained(client, chain)
          granted += held.length - 1
          const effective = together(limitsOf(client), token)
          const letIn = requests.filter((one) => admits(effective)(...one))
          for (const limits of held)
            expect(letIn.filter((one) => admits(limits)(...one))).toEqual(letIn)
          for (const name of budgets)
            expect(most(effective[name])).toBe(Math.min(...held.map((one) => most(one[name]))))
        },
      ),
      { numRuns: 500 },
    )
    expect(granted).toBeGreaterThan(50)
  })

  test('grants exactly what was asked for, where all of it was held', () => {
    fc.assert(
      fc.property(anyLimits, anyLimits, request, (token, asked, one) => {
        const answer = narrowed(NO_LIMITS, token, asked)
        if ('beyond' in answer) return
        expect(admits(answer.limits)(...one)).toBe(admits(token)(...one) && admits(asked)(...one))
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['purposes', { purposes: ['SERVICE'] }, { purposes: ['SERVICE', 'MARKETING'] }],
    ['segments', { segments: ['vip'] }, { segments: ['vip', 'new'] }],
    ['subjects', { subjects: ['p1a'] }, { subjects: ['p1b'] }],
    ['categories', { categories: ['user.account.plan'] }, { categories: ['user.account'] }],
    ['categories', { categories: ['user.account'] }, { categories: ['user.accounts'] }],
  ])('names %s where more is asked for than there is', (name, token, asked) => {
    const answer = narrowed(NO_LIMITS, { ...NO_LIMITS, ...token }, { ...NO_LIMITS, ...asked })
    expect(answer).toEqual({ beyond: name })
  })

  test('tells the budget that counts, the smaller one, and never a larger one than the client has', () => {
    const client = { ...NO_LIMITS, purposes: [], requestsPerMinute: 60 }
    const asking = (requestsPerMinute: number) =>
      narrowed(client, NO_LIMITS, { ...NO_LIMITS, requestsPerMinute })
    expect(asking(100)).toMatchObject({ limits: { requestsPerMinute: 60 } })
    expect(asking(5)).toMatchObject({ limits: { requestsPerMinute: 5 } })
  })

  test('takes away what hands out more than was held', () => {
    const all = ['profile:read', 'clients:write', 'tokens:exchange', 'audit:read'] as const
    expect(scopesWithin(NO_LIMITS, all)).toEqual(all)
    const one = budgets.map((name) => ({ [name]: 1 }))
    for (const limited of [{ purposes: ['SERVICE'] }, { categories: ['user'] }, ...one])
      expect(scopesWithin({ ...NO_LIMITS, ...limited }, all)).toEqual([
        'profile:read',
        'audit:read',
      ])
    expect(scopesWithin({ ...NO_LIMITS, subjects: ['p1a'] }, all)).toEqual(['profile:read'])
  })
})

describe('authorization details', () => {
  test('name the member that would leave nothing, but for look-ups', () => {
    const member = (limits: Partial<TokenLimits>) => emptyMember({ ...NO_LIMITS, ...limits })
    expect(member({})).toBeNull()
    expect(member({ categories: ['user'], costPerMinute: 1, lookupsPerDay: 0 })).toBeNull()
    expect(member({ categories: [] })).toBe('datatypes')
    expect(member({ purposes: [] })).toBe('purposes')
    expect(member({ segments: [] })).toBe('segments')
    expect(member({ subjects: [] })).toBe('subjects')
    expect(member({ requestsPerMinute: 0 })).toBe('requests_per_minute')
    expect(member({ costPerMinute: 0 })).toBe('cost_per_minute')
  })

  test('say what was said, both ways', () => {
    fc.assert(
      fc.property(anyLimits, (limits) => {
        const wire = detailsOf(limits)
        expect(readDetails(wire && JSON.parse(JSON.stringify(wire)))).toEqual({ limits })
      }),
    )
  })

  test('have the form of RFC 9396', () => {
    const limits = { ...NO_LIMITS, purposes: ['SERVICE'], categories: ['user'], lookupsPerDay: 3 }
    expect(detailsOf(limits)).toEqual([
      {
        type: 'bauta',
        purposes: ['SERVICE'],
        datatypes: ['user'],
        budgets: { lookups_per_day: 3 },
      },
    ])
  })

  test.each([
    ['no list', { type: 'bauta' }],
    ['null', null],
    ['an empty list', []],
    ['two objects', [{ type: 'bauta' }, { type: 'bauta' }]],
    ['another type', [{ type: 'payment' }]],
    ['no type', [{ purposes: [] }]],
    ['an unknown member', [{ type: 'bauta', purpose: ['SERVICE'] }]],
    ['a member of every object', JSON.parse('[{"type":"bauta","__proto__":[]}]')],
    ['a member that objects inherit', [{ type: 'bauta', constructor: [] }]],
    ['a list that is none', [{ type: 'bauta', purposes: 'SERVICE' }]],
    ['a name that is none', [{ type: 'bauta', purposes: [1] }]],
    ['an empty name', [{ type: 'bauta', purposes: [''] }]],
    ['an e-mail address', [{ type: 'bauta', segments: ['ana@example.com'] }]],
    ['a name with a break', [{ type: 'bauta', segments: ['a\nb'] }]],
    ['too many names', [{ type: 'bauta', subjects: Array(101).fill('p') }]],
    ['a long name', [{ type: 'bauta', subjects: ['p'.repeat(101)] }]],
    ['null for a list', [{ type: 'bauta', segments: null }]],
    ['a budget that is none', [{ type: 'bauta', budgets: { lookups_per_day: '3' } }]],
    ['a negative budget', [{ type: 'bauta', budgets: { lookups_per_day: -1 } }]],
    ['an unknown budget', [{ type: 'bauta', budgets: { lookups: 1 } }]],
    ['budgets that are none', [{ type: 'bauta', budgets: [] }]],
  ])('are refused with %s', (_what, value) => {
    expect(readDetails(value)).toEqual({ problem: expect.any(String) })
  })
})
