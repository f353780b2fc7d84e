import type { ConsentStateName } from '../src/domain/privacy/consent-vector.ts'
import type { Policy, Purpose } from '../src/domain/privacy/policy.ts'
import type { IngestInput } from '../src/gateway/ingest/ingest-input.ts'
import { DAY } from '../src/kernel/time.ts'

/** What a person has decided, purpose by purpose, as far as the policy asks for decisions. */
export interface Situation {
  readonly name: string
  readonly country: string | null
  /** Records about one purpose that rests on consent. */
  readonly about: (purpose: Purpose) => readonly Partial<ConsentInput>[]
  /** Records about the person as a whole. */
  readonly whole?: readonly (Partial<ConsentInput> & { purpose: string })[]
}
type ConsentInput = Extract<IngestInput, { type: 'consent' }>

const AGO = new Date(Date.now() - 30 * DAY).toISOString()
const LATER = new Date(Date.now() - 20 * DAY).toISOString()
const stands = (state: ConsentStateName, more: Partial<ConsentInput> = {}) => [
  { state, effectiveAt: AGO, ...more },
]

export const situations: readonly Situation[] = [
  { name: 'all given', country: 'DE', about: () => stands('ConsentGiven') },
  { name: 'renewed', country: 'DE', about: () => stands('RenewedConsentGiven') },
  { name: 'never asked, opt-in country', country: 'DE', about: () => [] },
  { name: 'never asked, opt-out country', country: 'US', about: () => [] },
  { name: 'never asked, country without a row', country: 'BR', about: () => [] },
  { name: 'never asked, country unknown', country: null, about: () => [] },
  { name: 'refused', country: 'US', about: () => stands('ConsentRefused') },
  {
    name: 'withdrawn',
    country: 'DE',
    about: () => [...stands('ConsentGiven'), ...stands('ConsentWithdrawn', { effectiveAt: LATER })],
  },
  {
    name: 'expired',
    country: 'DE',
    about: () => stands('ConsentGiven', { expiresAt: LATER }),
  },
  { name: 'notice only', country: 'DE', about: () => stands('NoticeGiven') },
  {
    name: 'narrowed to the first category of the purpose beyond the pseudonym',
    country: 'DE',
    about: (purpose) => stands('ConsentGiven', { categories: narrowed(purpose) }),
  },
  {
    name: 'objected to everything',
    country: 'US',
    about: () => [...stands('ConsentGiven'), ...stands('Objected')],
  },
  {
    name: 'restricted',
    country: 'US',
    about: () => stands('ConsentGiven'),
    whole: [{ purpose: '*', state: 'Restricted', effectiveAt: AGO }],
  },
  {
    name: 'opted out by signal',
    country: 'US',
    about: () => stands('ConsentGiven'),
    whole: [{ purpose: 'signal:gpc', state: 'SignalOn', effectiveAt: AGO }],
  },
]

/** The id, and one more category: a narrower consent than the purpose asks for. */
export function narrowed(purpose: Purpose): string[] {
  const [first, ...more] = purpose.categories
  return first === 'user.unique_id.pseudonym' ? [first, ...more.slice(0, 1)] : [first ?? 'user']
}

/** The records of one situation; where a purpose names its recipient, all of `recipients` are named. */
export function consentInputs(
  policy: Policy,
  situation: Situation,
  recipients: readonly string[],
): readonly IngestInput[] {
  const record = (purpose: string, more: Partial<ConsentInput>): IngestInput => ({
    type: 'consent',
    identifiers: [],
    purpose,
    state: 'ConsentGiven',
    ...more,
  })
  const purposes = [...policy.purposes.values()]
  const decided = purposes.flatMap((purpose) => {
    const objections = situation.about(purpose).filter(({ state }) => state === 'Objected')
    if (purpose.legalBasis !== 'consent') return objections.map((more) => record(purpose.key, more))
    const named = purpose.namesRecipient ? recipients : [null]
    return named.flatMap((recipient) =>
      situation
        .about(purpose)
        .map((more) =>
          record(purpose.key, { ...more, ...(recipient === null ? {} : { recipient }) }),
        ),
    )
  })
  return [...decided, ...(situation.whole ?? []).map((one) => record(one.purpose, one))]
}
