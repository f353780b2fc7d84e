import { parseVector } from '../../../src/domain/privacy/consent-vector.ts'
import { mechanismFor, refusalOfPurpose } from '../../../src/domain/privacy/decide.ts'
import { compilePolicy, type Purpose } from '../../../src/domain/privacy/policy.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const policy = compilePolicy(readPolicyTables('policy'))
const purposes = [...policy.purposes.values()]
const RECIPIENT = 'acme'

const TABLE: readonly [state: string, opt_in: boolean, opt_out: boolean, notice_only: boolean][] = [
  ['ConsentGiven', true, true, true],
  ['RenewedConsentGiven', true, true, true],
  ['ConsentUnknown', false, true, false],
  ['NoticeGiven', false, true, true],
  ['ConsentRequested', false, true, false],
  ['ConsentExpired', false, true, false],
  ['ConsentRefused', false, false, false],
  ['ConsentWithdrawn', false, false, false],
  ['ConsentRevoked', false, false, false],
  ['ConsentInvalidated', false, false, false],
  ['SomethingNew', false, true, false],
]
const MECHANISMS = ['opt_in', 'opt_out', 'notice_only'] as const
const cases = TABLE.flatMap(([state, ...permits]) =>
  MECHANISMS.map((mechanism, index) => ({ state, mechanism, permits: permits[index] })),
)

describe('a purpose that rests on consent', () => {
  const marketing = policy.purposes.get('MARKETING') as Purpose

  test.each(cases)(
    'under $mechanism and $state is open: $permits',
    ({ state, mechanism, permits }) => {
      const purpose = { ...marketing, mechanisms: new Map([['eu', mechanism]]) }
      const vector = parseVector(`country=DE;MARKETING=${state}`)
      expect(refusalOfPurpose(policy, purpose, vector, 'user.name', null) === null).toBe(permits)
    },
  )

  test.each([null, 'BR', 'XX'])(
    'is opt-in in the country %p, for which there is no rule',
    (country) => {
      expect(mechanismFor(policy, marketing, country)).toBe('opt_in')
    },
  )

  test.each([
    ['restricted', 'RESTRICTED'],
    ['objected=MARKETING', 'OBJECTED'],
    ['signal=gpc', 'OPTED_OUT_BY_SIGNAL'],
  ])('is closed by %s whatever was given', (flag, reason) => {
    const vector = parseVector(`country=DE;${flag};MARKETING=ConsentGiven`)
    expect(refusalOfPurpose(policy, marketing, vector, 'user.name', null)).toBe(reason)
  })

  test('covers nothing beyond the categories of the consent, or of the purpose', () => {
    const vector = parseVector('country=DE;MARKETING=ConsentGiven[user.name]')
    expect(refusalOfPurpose(policy, marketing, vector, 'user.name', null)).toBeNull()
    expect(refusalOfPurpose(policy, marketing, vector, 'user.contact.email', null)).toBe(
      'CONSENT_NARROWER',
    )
    expect(refusalOfPurpose(policy, marketing, vector, 'user.device', null)).toBe('PURPOSE')
  })

  test('that names its recipient opens for no other', () => {
    const sharing = policy.purposes.get('PARTNER_SHARING') as Purpose
    const vector = parseVector('country=DE;PARTNER_SHARING@acme=ConsentGiven')
    expect(refusalOfPurpose(policy, sharing, vector, 'user.account.plan', 'acme')).toBeNull()
    for (const recipient of ['globex', null])
      expect(refusalOfPurpose(policy, sharing, vector, 'user.account.plan', recipient)).toBe(
        'CONSENT_UNKNOWN',
      )
  })
})

test('only a legal obligation stands above restriction and objection', () => {
  for (const purpose of purposes) {
    const vector = parseVector(`country=DE;restricted;objected=${purpose.key}`)
    const refused = refusalOfPurpose(
      policy,
      purpose,
      vector,
      purpose.categories[0] ?? '',
      RECIPIENT,
    )
    expect(refused === null).toBe(purpose.legalBasis === 'legal_obligation')
  }
})
