import fc from 'fast-check'
import {
  type ConsentRecord,
  compileConsent,
  consentAt,
} from '../../../src/domain/privacy/consent.ts'
import {
  type ConsentStateName,
  parseVector,
  vectorText,
} from '../../../src/domain/privacy/consent-vector.ts'
import { refusalOfPurpose } from '../../../src/domain/privacy/decide.ts'
import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import { consentHistories } from '../../../src/domain/profiles/consent-histories.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const policy = compilePolicy(readPolicyTables('policy'))
const purposes = [...policy.purposes.values()]
const NOW = 1_000
const RECIPIENT = 'acme'
const CATEGORIES = [
  'user.unique_id.pseudonym',
  'user.account.plan',
  'user.behavior.activity',
  'user.name',
]

const positive: ConsentStateName[] = ['ConsentGiven', 'RenewedConsentGiven']
const restrictive: ConsentStateName[] = [
  'ConsentRefused',
  'ConsentWithdrawn',
  'ConsentRevoked',
  'ConsentInvalidated',
]
const others: ConsentStateName[] = [
  'ConsentRequested',
  'ConsentRequestDeferred',
  'NoticeGiven',
  'ConsentUnknown',
  'Objected',
  'ObjectionLifted',
]

/** Few enough that many happen at once. */
const instant = fc.constantFrom(0, 300, 600, 900, 1_000, 1_200, 1_700)
const inAnyOrder = <T>(all: readonly T[]) =>
  fc.shuffledSubarray([...all], { minLength: all.length, maxLength: all.length })
const ofState = (state: ConsentStateName) =>
  fc
    .record<ConsentRecord>({
      id: fc.uuid(),
      purpose: fc.constantFrom(...purposes.map(({ key }) => key)),
      categories: fc.option(fc.subarray(CATEGORIES), { nil: null }),
      recipient: fc.constantFrom(RECIPIENT, RECIPIENT, null),
      state: fc.constant(state),
      jurisdiction: fc.option(fc.constantFrom('DE', 'US', 'BR'), { nil: null }),
      effectiveAt: instant,
      expiresAt: fc.option(instant, { nil: null }),
      recordedAt: instant,
      source: fc.constant('record'),
    })
    .map((record) => ({
      ...record,
      recipient: policy.purposes.get(record.purpose)?.namesRecipient ? record.recipient : null,
    }))
const anyRecord = fc.constantFrom(...positive, ...restrictive, ...others).chain(ofState)
const whole = fc
  .constantFrom({ purpose: '*', state: 'Restricted' }, { purpose: 'signal:gpc', state: 'SignalOn' })
  .chain(({ purpose, state }) =>
    ofState(state as ConsentStateName).map((record) => ({
      ...record,
      purpose,
      recipient: null,
      jurisdiction: null,
    })),
  )
const history = fc.array(
  fc.oneof({ weight: 5, arbitrary: anyRecord }, { weight: 1, arbitrary: whole }),
  { maxLength: 6 },
)
const histories = fc.array(history, { minLength: 1, maxLength: 3 })

/** Every pair of a purpose and a category that the state lets through. */
function permitted(state: string): Set<string> {
  const vector = parseVector(state)
  return new Set(
    purposes.flatMap((purpose) =>
      CATEGORIES.filter(
        (category) => refusalOfPurpose(policy, purpose, vector, category, RECIPIENT) === null,
      ).map((category) => `${purpose.key} ${category}`),
    ),
  )
}
const isWithin = (some: Set<string>, all: Set<string>) => [...some].every((one) => all.has(one))

describe('compiled consent', () => {
  test('says at any later instant what compiling anew at that instant would say', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: NOW, max: 3_000 }), (given, later) => {
        const compiled = compileConsent(given, 'DE', NOW)
        expect(consentAt(compiled, later)).toBe(compileConsent(given, 'DE', later).state)
      }),
    )
  })

  test('names the first instant at which time alone changes it', () => {
    fc.assert(
      fc.property(histories, (given) => {
        const compiled = compileConsent(given, 'DE', NOW)
        if (compiled.until === null) return
        expect(consentAt(compiled, compiled.until - 1)).toBe(compiled.state)
        expect(consentAt(compiled, compiled.until)).not.toBe(compiled.state)
      }),
    )
  })

  test('survives its own text', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom('DE', 'US', null), (given, country) => {
        const { state } = compileConsent(given, country, NOW)
        expect(vectorText(parseVector(state))).toBe(state)
      }),
    )
  })

  test('is the same in whatever order records and merged people are listed', () => {
    const shuffled = histories.chain((given) =>
      fc.tuple(
        fc.constant(given),
        fc
          .tuple(...given.map((one) => inAnyOrder(one)))
          .chain((each) => inAnyOrder<readonly ConsentRecord[]>(each)),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([given, other]) => {
        expect(compileConsent(other, 'DE', NOW)).toEqual(compileConsent(given, 'DE', NOW))
      }),
      { numRuns: 1_000 },
    )
  })

  test('is the same in whatever order people were found to be one', () => {
    const [first, ...others] = ['a', 'b', 'c', 'd'] as const
    const linked = 5_000
    /** Each home is linked to one before it in some order of homes, at some time: any way to become one person. */
    const merging = fc
      .tuple(inAnyOrder([first, ...others]), fc.array(fc.nat(100), { minLength: 6, maxLength: 6 }))
      .map(([homes, numbers]) =>
        homes.slice(1).map((one, n) => ({
          one,
          other: homes[(numbers[n] ?? 0) % (n + 1)] ?? first,
          at: linked + (numbers[n + 3] ?? 0),
        })),
      )
    const filed = fc.array(
      fc.record({ home: fc.constantFrom(first, ...others), record: anyRecord }),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(
        filed.chain((records) => fc.tuple(inAnyOrder(records), inAnyOrder(records))),
        merging,
        merging,
        ([records, again], one, other) => {
          const compiled = compileConsent(consentHistories(records, one), 'DE', NOW)
          expect(compileConsent(consentHistories(again, other), 'DE', NOW)).toEqual(compiled)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('of merged people permits nothing that either of them had not permitted or left unsaid', () => {
    fc.assert(
      fc.property(history, history, (one, other) => {
        const merged = permitted(compileConsent([one, other], 'DE', NOW).state)
        const alone = [one, other].map((each) => permitted(compileConsent([each], 'DE', NOW).state))
        const either = new Set(alone.flatMap((each) => [...each]))
        expect(isWithin(merged, either)).toBe(true)
      }),
    )
  })

  test('of merged people is as narrow as one of them said, also where the other one’s consent has run out', () => {
    const said = {
      id: 'said',
      purpose: 'ANALYTICS',
      categories: [] as readonly string[],
      recipient: null,
      state: 'ConsentGiven' as ConsentStateName,
      jurisdiction: 'US',
      effectiveAt: 0,
      expiresAt: null,
      recordedAt: 0,
      source: 'record',
    }
    const lapsed = { ...said, id: 'lapsed', categories: null, jurisdiction: null, expiresAt: 0 }
    for (const told of [
      [[said], [lapsed]],
      [[lapsed], [said]],
    ] as const)
      expect([...permitted(compileConsent(told, 'DE', NOW).state)]).not.toContainEqual(
        expect.stringContaining('ANALYTICS'),
      )
  })

  test('a clock that is behind undoes no decision; one that was dated ahead waits for its time', () => {
    const decided = (state: ConsentStateName, effectiveAt: number, recordedAt: number) => ({
      id: `${state}-${effectiveAt}`,
      purpose: 'PERSONALIZATION',
      categories: null,
      recipient: null,
      state,
      jurisdiction: null,
      effectiveAt,
      expiresAt: null,
      recordedAt,
      source: 'record',
    })
    const given = decided('ConsentGiven', 500, 500)
    const withdrawn = decided('ConsentWithdrawn', 1_200, 1_200)
    const again = decided('ConsentGiven', 1_700, 1_200)
    const compiled = compileConsent([[given, withdrawn, again]], 'DE', NOW)
    for (const [now, state] of [
      [0, 'ConsentWithdrawn'],
      [NOW, 'ConsentWithdrawn'],
      [1_699, 'ConsentWithdrawn'],
      [1_700, 'ConsentGiven'],
    ] as const)
      expect(consentAt(compiled, now)).toContain(`PERSONALIZATION=${state}`)
  })

  test('permits no more after a refusal, a withdrawal, an objection, a restriction or an opt-out signal', () => {
    const closing = fc.oneof(
      fc.constantFrom(...restrictive, 'Objected' as const).chain(ofState),
      whole,
    )
    fc.assert(
      fc.property(history, closing, (given, last) => {
        const before = permitted(compileConsent([given], 'DE', NOW).state)
        // As the store places what is decided now: after all that stands there, whatever clock has dated it.
        const effectiveAt = Math.max(NOW, ...given.map((record) => record.effectiveAt)) + 1
        const now = { ...last, effectiveAt, recordedAt: 9_999, jurisdiction: null }
        expect(
          isWithin(permitted(compileConsent([[...given, now]], 'DE', NOW).state), before),
        ).toBe(true)
      }),
    )
  })
})
