import { clientAsCaller, type KnownCaller } from '../../../src/domain/access/known-caller.ts'
import { compilePolicy } from '../../../src/domain/privacy/policy.ts'
import { readCases, tryCase } from '../../../src/gateway/disclose/policy-cases.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const policy = compilePolicy(readPolicyTables('policy'))
const partner = {
  name: 'Acme',
  roles: ['partner'],
  audience: 'acme',
  scopes: ['profile:read'],
  purposes: ['PARTNER_SHARING'],
  categories: null,
  segments: null,
} as const

function outcome(
  client: Partial<Parameters<typeof clientAsCaller>[1]>,
  row: Record<string, string>,
) {
  const caller: KnownCaller = clientAsCaller('acme', { ...partner, ...client })
  const usual = {
    as: 'acme',
    purpose: 'PARTNER_SHARING',
    consent: 'ConsentGiven',
    expected: 'CLEAR',
  }
  const [one] = readCases('cases.csv', [{ ...usual, ...row }])
  if (!one) throw new Error('no case was read')
  const { decision, rules, holds } = tryCase(policy, caller, one)
  return { seen: decision.treatment, reason: decision.reason, rules, holds }
}

describe('a case about a registered client', () => {
  test('knows whom it sees: members of the segments that it is limited to', () => {
    const limited = { segments: ['vip'] }
    const data = 'user.location.country'
    expect(outcome(limited, { data, segments: 'new vip' })).toMatchObject({
      seen: 'CLEAR',
      holds: true,
    })
    for (const segments of ['new', ''])
      expect(outcome(limited, { data, segments })).toEqual({
        seen: 'WITHHELD',
        reason: 'NOT_PERMITTED',
        rules: ['registration: limited to members of vip'],
        holds: false,
      })
    expect(outcome({ segments: [] }, { data, segments: 'vip' }).seen).toBe('WITHHELD')
  })

  test('knows categories and purposes that it is limited to, and its scopes', () => {
    expect(
      outcome(
        { categories: ['user.unique_id', 'user.account'] },
        { data: 'user.location.country' },
      ),
    ).toMatchObject({
      seen: 'WITHHELD',
      reason: 'ROLE',
      rules: ['registration: limited to user.unique_id user.account'],
    })
    expect(outcome({ purposes: [] }, { data: 'user.location.country' })).toMatchObject({
      reason: 'PURPOSE',
      rules: ['registration: PARTNER_SHARING is not among the purposes of acme'],
    })
    expect(outcome({}, { data: 'Profile.segments' })).toMatchObject({
      reason: 'SCOPE',
      rules: ['registration: acme has not the scope for Profile.segments'],
    })
    expect(
      outcome({ scopes: ['profile:read', 'segments:read'] }, { data: 'Profile.segments' }).seen,
    ).toBe('CLEAR')
  })

  test('sees nothing of whom it may not know of, whatever else was agreed to', () => {
    expect(
      outcome({}, { data: 'user.location.country', consent_for: 'user.location' }),
    ).toMatchObject({
      seen: 'WITHHELD',
      reason: 'CONSENT_NARROWER',
    })
    expect(
      outcome({}, { data: 'user.location.country', consent_for: 'user.location user.unique_id' })
        .seen,
    ).toBe('CLEAR')
  })
})
