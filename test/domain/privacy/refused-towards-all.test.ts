import fc from 'fast-check'
import { type ConsentRecord, compileConsent } from '../../../src/domain/privacy/consent.ts'
import {
  CLOSING,
  type ConsentStateName,
  parseVector,
  standingOf,
} from '../../../src/domain/privacy/consent-vector.ts'
import { refusalOfPurpose } from '../../../src/domain/privacy/decide.ts'
import { compilePolicy, type Purpose } from '../../../src/domain/privacy/policy.ts'
import { readPolicyTables } from '../../../src/policy-files.ts'

const policy = compilePolicy(readPolicyTables('policy'))
const sharing = policy.purposes.get('PARTNER_SHARING') as Purpose
/** Here nobody needs to have agreed before data is shared. */
const optOut = { ...sharing, mechanisms: new Map([['us', 'opt_out' as const]]) }

const said = (
  state: ConsentStateName,
  recipient: string | null,
  at: number,
  more: Partial<ConsentRecord> = {},
): ConsentRecord => ({
  id: `${state} ${recipient} ${at} ${more.source}`,
  purpose: sharing.key,
  categories: null,
  recipient,
  state,
  jurisdiction: null,
  effectiveAt: at,
  expiresAt: null,
  recordedAt: at,
  source: 'record',
  ...more,
})
const LATE = 1_000
const vectorOf = (histories: readonly (readonly ConsentRecord[])[]) =>
  parseVector(compileConsent(histories, 'US', LATE).state)
const isClosed = (histories: readonly (readonly ConsentRecord[])[], recipient: string) =>
  refusalOfPurpose(policy, optOut, vectorOf(histories), 'user.account.plan', recipient) !== null

const recipients = ['acme', 'globex', 'never-named']
const earlier = fc.array(
  fc
    .tuple(
      fc.constantFrom('ConsentGiven', 'RenewedConsentGiven', 'ConsentUnknown', 'ConsentRefused'),
      fc.constantFrom('acme', 'globex'),
      fc.nat({ max: 500 }),
      fc.constantFrom('record', 'segment'),
    )
    .map(([state, recipient, at, source]) =>
      said(state as ConsentStateName, recipient, at, { source }),
    ),
  { maxLength: 5 },
)
const refusal = fc.constantFrom(...CLOSING)

test('who refuses without naming anybody is closed to everybody, also to whom nothing was said of', () => {
  expect(isClosed([[]], 'never-named')).toBe(false)
  fc.assert(
    fc.property(earlier, earlier, refusal, (own, ofTwin, state) => {
      const histories = [[...own, said(state, null, 600)], ofTwin]
      for (const recipient of recipients) expect(isClosed(histories, recipient)).toBe(true)
    }),
  )
})

test('who agrees to one recipient afterwards opens that one alone', () => {
  fc.assert(
    fc.property(refusal, (state) => {
      const history = [
        said('ConsentGiven', 'globex', 100),
        said(state, null, 600),
        said('ConsentGiven', 'acme', 700),
      ]
      expect(recipients.map((recipient) => isClosed([history], recipient))).toEqual([
        false,
        true,
        true,
      ])
    }),
  )
})

test('the record that decided is the refusal, for those it closed', () => {
  const refused = said('ConsentWithdrawn', null, 600)
  const histories = [[said('ConsentGiven', 'acme', 100), refused]]
  const { records } = compileConsent(histories, 'US', LATE)
  for (const recipient of recipients) {
    const { key, standing } = standingOf(vectorOf(histories), sharing.key, recipient)
    expect([standing?.state, records[key]?.[0]]).toEqual(['ConsentWithdrawn', refused.id])
  }
})

test('a consent that names nobody opens nobody', () => {
  const strict = { ...sharing, mechanisms: new Map() }
  const vector = vectorOf([[said('ConsentGiven', null, 100)]])
  for (const recipient of recipients)
    expect(refusalOfPurpose(policy, strict, vector, 'user.account.plan', recipient)).toBe(
      'CONSENT_UNKNOWN',
    )
})
