import type { Instant } from '../../kernel/time.ts'
import { type CompiledConsent, compileConsent } from '../privacy/consent.ts'
import type { Policy } from '../privacy/policy.ts'
import { lapsingAtRenewal } from '../privacy/renewal.ts'
import { consentHistories, type FiledConsent, type HomeLink } from './consent-histories.ts'
import { resolveTraits, type SourceRecord, type SurvivorshipPolicy } from './survivorship.ts'

/** What decides how one person stands to all purposes. */
export interface ConsentFacts {
  readonly records: readonly SourceRecord[]
  readonly consents: readonly FiledConsent[]
  /** Between the homes of the person. */
  readonly links: readonly HomeLink[]
}

/** Consent of one person from `now` on: what they decided, in the country that somebody vouches for. */
export function consentOfPerson(
  { records, consents, links }: ConsentFacts,
  policy: SurvivorshipPolicy & Pick<Policy, 'notices'>,
  now: Instant,
): CompiledConsent {
  const lapsing = consents.map((one) => ({
    ...one,
    record: lapsingAtRenewal(one.record, policy.notices),
  }))
  return compileConsent(consentHistories(lapsing, links), vouchedCountry(records, policy), now)
}

/**
 * The country that decides how consent works: only from sources whose word counts. Otherwise a browser could turn
 * opt-in into opt-out by naming another country.
 */
function vouchedCountry(
  records: readonly SourceRecord[],
  policy: SurvivorshipPolicy,
): string | null {
  const vouched = records.flatMap((record) => {
    const { country } = record.traits
    return policy.sources.get(record.source)?.verified && country !== undefined
      ? [{ ...record, traits: { country } }]
      : []
  })
  const country = resolveTraits(vouched, policy).get('country')?.value
  return country === undefined ? null : String(country)
}
