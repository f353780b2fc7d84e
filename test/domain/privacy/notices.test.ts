import {
  type ConsentRecord,
  compileConsent,
  consentAt,
} from '../../../src/domain/privacy/consent.ts'
import { compileNotices, noticeAt, renewalDue } from '../../../src/domain/privacy/notices.ts'
import { lapsingAtRenewal } from '../../../src/domain/privacy/renewal.ts'
import { PolicyError } from '../../../src/domain/privacy/table-rows.ts'

const row = (more: Record<string, string>) => ({
  notice: 'privacy',
  version: '1',
  language: 'en',
  purposes: 'MARKETING',
  jurisdiction: '',
  valid_from: '2026-01-01',
  renewal: 'none',
  text: 'words',
  ...more,
})
const known = { purposes: new Set(['MARKETING']), mechanisms: new Set(['eu', 'us']) }
const day = (text: string) => Date.parse(`${text}T00:00:00Z`)

const notices = compileNotices(
  [
    row({}),
    row({ language: 'de', text: 'Worte' }),
    row({ version: '2', valid_from: '2026-02-01' }),
    row({ version: '3', valid_from: '2026-03-01', renewal: 'required' }),
  ],
  known,
)

const given: ConsentRecord = {
  id: 'a',
  purpose: 'MARKETING',
  categories: null,
  recipient: null,
  state: 'ConsentGiven',
  jurisdiction: null,
  effectiveAt: day('2026-01-05'),
  expiresAt: null,
  recordedAt: day('2026-01-05'),
  source: 'record',
  notice: 'privacy',
  noticeVersion: '1',
}

describe('a notice', () => {
  test('is shown in the version of the day, each language with a hash of its own words', () => {
    const notice = notices.get('privacy')
    if (!notice) throw new Error('no notice')
    expect(noticeAt(notice, day('2026-02-15'))?.version).toBe('2')
    expect(noticeAt(notice, day('2025-12-31'))).toBeNull()
    const hashes = [...(notice.versions[0]?.texts.values() ?? [])].map(({ hash }) => hash)
    expect(new Set(hashes).size).toBe(2)
  })

  test('that requires renewal ends what was decided under older versions, the day it begins', () => {
    for (const state of ['ConsentGiven', 'RenewedConsentGiven', 'NoticeGiven'] as const) {
      const record = lapsingAtRenewal({ ...given, state }, notices)
      const compiled = compileConsent([[record]], 'DE', day('2026-02-15'))
      expect(compiled.until).toBe(day('2026-03-01'))
      expect(consentAt(compiled, day('2026-03-01') - 1)).toContain(`MARKETING=${state}`)
      expect(consentAt(compiled, day('2026-03-01'))).toContain('MARKETING=ConsentExpired')
    }
  })

  test('leaves alone what was decided under it, or ends earlier by itself', () => {
    expect(renewalDue(notices, 'privacy', '3')).toBeNull()
    expect(renewalDue(notices, 'privacy', 'unknown')).toBeNull()
    const short = { ...given, expiresAt: day('2026-01-20') }
    expect(lapsingAtRenewal(short, notices).expiresAt).toBe(day('2026-01-20'))
    expect(lapsingAtRenewal({ ...given, notice: null }, notices).expiresAt).toBeNull()
  })

  test.each([
    ['whose languages disagree', [row({}), row({ language: 'de', renewal: 'required' })]],
    ['that stands twice', [row({}), row({})]],
    ['with two versions of one day', [row({}), row({ version: '2' })]],
    ['of an unknown purpose', [row({ purposes: 'MARKETING SELLING' })]],
    ['of an unknown jurisdiction', [row({ jurisdiction: 'mars' })]],
    ['of no day', [row({ valid_from: 'soon' })]],
    ['without words', [row({ text: '' })]],
  ])('%s is refused', (_what, rows) => {
    expect(() => compileNotices(rows, known)).toThrow(PolicyError)
  })
})
