import fc from 'fast-check'
import { type ConsentRecord, compileConsent } from '../../../src/domain/privacy/consent.ts'
import { parseVector } from '../../../src/domain/privacy/consent-vector.ts'
import { refusalOfPurpose } from '../../../src/domain/privacy/decide.ts'
import { readGppString } from '../../../src/domain/privacy/gpp-string.ts'
import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import { SignalError } from '../../../src/domain/privacy/signal-error.ts'
import { decisionsOf, type GivenSignals } from '../../../src/domain/privacy/signals.ts'
import { readTcString } from '../../../src/domain/privacy/tc-string.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'
import { tcString } from './tc-strings.ts'

const policy = compilePolicy(readPolicyTables('policy'))

/** IAB TCF "Consent string and vendor list formats v2", example strings; decoded with @iabtcf/core 1.5.6. */
const POLICY_2 = 'CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA.YAAAAAAAAAAA'
const WITHOUT_DISCLOSED = 'CO5dPi4O5dPx2B7DvCENA2CgAAAAAAAAAAAAGewAAM8gAAAA.YAAAAAAAAAAA'
/** IAB GPP examples; decoded with @iabgpp/cmpapi 3.2.0. */
const US_PRIVACY_AND_TCF = 'DBACNY~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN'
const US_NATIONAL = 'DBABLA~BVQqAAAAAgA.QA'

/** A TC string that names vendors 1 to 65,535 in as many ranges as fit. */
function hostileTcString(): string {
  const core = tcString().split('.')[0] ?? ''
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const bits = [...core].map((c) => alphabet.indexOf(c).toString(2).padStart(6, '0')).join('')
  const range = `1${(1).toString(2).padStart(16, '0')}${(65_535).toString(2)}`
  const ranges = `${(65_535).toString(2)}1${(600).toString(2).padStart(12, '0')}${range.repeat(600)}`
  const whole = bits.slice(0, 213) + ranges + '0'.repeat(60)
  return `${(whole.match(/.{6}/g) ?? []).map((six) => alphabet[Number.parseInt(six, 2)]).join('')}.IDKQA4AAgAKAGQAygAAA`
}

describe('a TC string', () => {
  test('allows what was consented to, and legitimate interest only where the framework knows it', () => {
    const { allowed, consented } = readTcString(
      tcString({ consents: [1, 5], interests: [2, 3, 4, 5, 6, 7] }),
      null,
    )
    expect([...consented]).toEqual([1, 5])
    expect([...allowed].filter(([, is]) => is).map(([purpose]) => purpose)).toEqual([1, 2, 5, 7])
  })

  test.each([
    ['of policy version 2', POLICY_2],
    ['of policy version 3', tcString({ policyVersion: 3 })],
    ['without the segment of disclosed vendors', WITHOUT_DISCLOSED],
    ['of version 1', 'BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA'],
    ['that names all vendors again and again', hostileTcString()],
    ['that is cut', tcString().slice(0, 20)],
    ['that is empty', ''],
  ])('%s is refused', (_what, text) => {
    expect(() => readTcString(text, null)).toThrow(SignalError)
  })

  test('counts for a vendor only where it is disclosed and consented to', () => {
    expect(() => readTcString(tcString({ disclosed: [1] }), 7)).toThrow(SignalError)
    expect(readTcString(tcString({ disclosed: [1, 7], consents: [5] }), 7).allowed.get(5)).toBe(
      false,
    )
  })
})

describe('a GPP string', () => {
  test('says of each opt-out whether it was made', () => {
    expect([...readGppString(US_NATIONAL).optedOut]).toEqual([
      ['SaleOptOut', false],
      ['SharingOptOut', false],
      ['TargetedAdvertisingOptOut', false],
    ])
    expect([...readGppString(US_PRIVACY_AND_TCF.replace('1YNN', '1YYN')).optedOut]).toEqual([
      ['SaleOptOut', true],
      ['SharingOptOut', true],
    ])
    expect(readGppString(US_PRIVACY_AND_TCF).tcString).toBe(US_PRIVACY_AND_TCF.split('~')[1])
  })

  test.each([
    '',
    'x',
    'DBABM',
    'DBABLA~!!!',
    'DBACNY~~',
    'DBABLA~BVQqAAAAAgA.QA~1YNN',
    'DB__________________~a',
  ])('%p is refused', (text) => {
    expect(() => readGppString(text)).toThrow(SignalError)
  })
})

const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~']
const bent = (text: string) =>
  fc
    .array(fc.tuple(fc.nat(text.length - 1), fc.constantFrom(...ALPHABET)), { maxLength: 4 })
    .map((changes) => {
      const letters = [...text]
      for (const [at, letter] of changes) letters[at] = letter
      return letters.join('')
    })
const anyText = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.array(fc.constantFrom(...ALPHABET), { maxLength: 200 }).map((letters) => letters.join('')),
  bent(tcString({ consents: [1, 3, 5] })),
  bent(US_NATIONAL),
  bent(US_PRIVACY_AND_TCF),
)

test('whatever bytes arrive, they are read or refused as what they are', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const read of [() => readTcString(text, null), () => readGppString(text)])
        try {
          read()
        } catch (error) {
          expect(error).toBeInstanceOf(SignalError)
          if (text.length > 8) expect((error as Error).message).not.toContain(text)
        }
    }),
    { numRuns: 2_000 },
  )
})

const recordsOf = (given: GivenSignals, at: number): ConsentRecord[] =>
  decisionsOf(given, policy).map(({ since: _since, ...decision }, index) => ({
    ...decision,
    id: `${at} ${index}`,
    categories: null,
    recipient: null,
    jurisdiction: null,
    effectiveAt: at,
    expiresAt: null,
    recordedAt: at,
  }))

const own = (purpose: string, state: ConsentRecord['state'], at: number): ConsentRecord => ({
  id: `own ${purpose} ${at}`,
  purpose,
  state,
  categories: null,
  recipient: null,
  jurisdiction: null,
  effectiveAt: at,
  expiresAt: null,
  recordedAt: at,
  source: 'record',
})

/** Every purpose, category and recipient of the tables that the history opens. */
function opened(history: readonly ConsentRecord[], country: string): Set<string> {
  const vector = parseVector(compileConsent([history], country, 10_000).state)
  return new Set(
    [...policy.purposes.values()].flatMap((purpose) =>
      [...policy.categories.keys()]
        .filter((category) => refusalOfPurpose(policy, purpose, vector, category, 'acme') === null)
        .map((category) => `${purpose.key} ${category}`),
    ),
  )
}

describe('signals and decisions together', () => {
  const choices = fc.subarray([1, 3, 4, 5, 6, 8, 9])
  const optingIn = fc.record({
    tcf: fc.option(choices, { nil: null }),
    preferences: fc.dictionary(
      fc.constantFrom('Functional', 'Analytics', 'Advertising'),
      fc.boolean(),
    ),
  })
  const history = fc.array(
    fc.tuple(
      fc.constantFrom(...policy.purposes.keys()),
      fc.constantFrom('ConsentGiven' as const, 'ConsentWithdrawn' as const, 'NoticeGiven' as const),
      fc.nat(5_000),
    ),
    { maxLength: 6 },
  )
  const optOut = fc.oneof(
    fc.constant<GivenSignals>({ gpc: true }),
    fc.constant<GivenSignals>({
      gppString: US_PRIVACY_AND_TCF.replace('DBACNY~', 'DBABTA~').replace(/~C[\w-]+~1YNN/, '~1YYN'),
    }),
    fc
      .constantFrom('Functional', 'Analytics', 'Advertising')
      .map((one) => ({ categoryPreferences: { [one]: false } })),
    fc.constant<GivenSignals>({ tcString: tcString() }),
  )

  test('an opt-out never opens anything, whatever stood before', () => {
    fc.assert(
      fc.property(
        history,
        optingIn,
        optOut,
        fc.constantFrom('DE', 'US', 'BR'),
        (told, given, out, country) => {
          const before = [
            ...told.map(([purpose, state, at]) => own(purpose, state, at)),
            ...(given.tcf ? recordsOf({ tcString: tcString({ consents: given.tcf }) }, 6_000) : []),
            ...recordsOf({ categoryPreferences: given.preferences }, 6_001),
          ]
          const after = opened([...before, ...recordsOf(out, 7_000)], country)
          const open = opened(before, country)
          expect([...after].filter((one) => !open.has(one))).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a consent string gives consent where nothing else was said, and takes no refusal back', () => {
    const agreed = recordsOf({ tcString: tcString({ consents: [1, 3, 4, 5, 6] }) }, 6_000)
    const opens = (records: readonly ConsentRecord[]) =>
      opened(records, 'DE').has('PERSONALIZATION user.behavior.activity')
    expect(opens(agreed)).toBe(true)
    expect(opens([own('PERSONALIZATION', 'ConsentWithdrawn', 1_000), ...agreed])).toBe(false)
    expect(opens([own('PERSONALIZATION', 'ConsentGiven', 1_000)])).toBe(true)
    const refused = recordsOf({ tcString: tcString({ consents: [1, 5] }) }, 6_000)
    expect(opens([own('PERSONALIZATION', 'ConsentGiven', 8_000), ...refused])).toBe(false)
  })

  test('the signal that won is named', () => {
    const compiled = compileConsent(
      [[own('MARKETING', 'ConsentGiven', 1), ...recordsOf({ gpc: true }, 2)]],
      'DE',
      10_000,
    )
    expect(compiled.records['signal:gpc']).toEqual(['2 0', 'gpc'])
  })
})
