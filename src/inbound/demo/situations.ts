import type { ConsentInput } from '../../gateway/ingest/ingest-input.ts'
import { DAY, HOUR, type Instant } from '../../kernel/time.ts'

/** What somebody has decided; `daysAgo` counts from the day of the demo, `expires` likewise. */
interface Choice {
  readonly purposes: readonly string[]
  readonly state: ConsentInput['state']
  readonly recipient?: string
  readonly categories?: readonly string[]
  readonly daysAgo: number
  readonly expiresAfter?: number
}

/** A consent situation. */
export interface Situation {
  readonly name: string
  /** The country that the situation needs; null: any. */
  readonly country: string | null
  readonly choices: readonly Choice[]
}

const OWN = ['PERSONALIZATION', 'ANALYTICS', 'MARKETING', 'PROFILING']
const SHARING = ['PARTNER_SHARING']

const own = (state: Choice['state'], daysAgo: number, more: Partial<Choice> = {}): Choice => ({
  purposes: OWN,
  state,
  daysAgo,
  ...more,
})
const sharing = (recipient: string, state: Choice['state'], daysAgo: number): Choice => ({
  purposes: SHARING,
  state,
  recipient,
  daysAgo,
})
const GIVEN = own('ConsentGiven', 200)
const ACME = sharing('acme', 'ConsentGiven', 200)
const GLOBEX = sharing('globex', 'ConsentGiven', 200)

const situation = (
  name: string,
  choices: readonly Choice[],
  country: string | null = null,
): Situation => ({
  name,
  country,
  choices,
})

const everything = situation('everything given, both partners', [GIVEN, ACME, GLOBEX])
const sharingWithdrawn = situation('partner sharing withdrawn', [
  GIVEN,
  ACME,
  GLOBEX,
  sharing('acme', 'ConsentWithdrawn', 10),
  sharing('globex', 'ConsentWithdrawn', 10),
])
const refused = situation('refused', [
  own('ConsentRefused', 90),
  sharing('acme', 'ConsentRefused', 90),
  sharing('globex', 'ConsentRefused', 90),
])
const restricted = situation('restricted (GDPR Article 18)', [
  GIVEN,
  ACME,
  GLOBEX,
  { purposes: ['*'], state: 'Restricted', daysAgo: 5 },
])
const expired = situation('expired', [own('ConsentGiven', 400, { expiresAfter: 365 })])
const expiring = situation('expires within a day', [
  own('ConsentGiven', 364, { expiresAfter: 365 - 1 / 24 }),
  ACME,
])
const neverAsked = situation('never asked', [])
const signal = situation(
  'opted out by Global Privacy Control',
  [ACME, { purposes: ['signal:gpc'], state: 'SignalOn', daysAgo: 30 }],
  'US',
)
const objected = situation('objects to marketing', [
  GIVEN,
  ACME,
  GLOBEX,
  { purposes: ['MARKETING'], state: 'Objected', daysAgo: 20 },
])
const acmeOnly = situation('shares with acme only', [GIVEN, ACME])
const globexOnly = situation('shares with globex only', [GIVEN, GLOBEX])
const narrow = situation('personalization from activity only', [
  own('ConsentGiven', 100, {
    purposes: ['PERSONALIZATION'],
    categories: ['user.behavior.activity', 'user.derived.recommendation', 'user.unique_id'],
  }),
  own('ConsentRefused', 100, { purposes: ['ANALYTICS', 'MARKETING', 'PROFILING'] }),
])
const withdrawn = situation('everything withdrawn', [GIVEN, own('ConsentWithdrawn', 15)])

/**
 * Person 1, 2, 3 … of every demo. Their situation is fixed, so that documentation and tests may speak of them; all of
 * them are known to all three sources. Numbers 15 to 20 have given everything.
 */
const SHOWCASE: readonly Situation[] = [
  { ...everything, country: 'DE' }, // 1
  { ...sharingWithdrawn, country: 'DE' }, // 2
  { ...refused, country: 'FR' }, // 3
  { ...restricted, country: 'GB' }, // 4
  { ...expired, country: 'DE' }, // 5
  { ...expiring, country: 'FR' }, // 6
  { ...neverAsked, country: 'DE' }, // 7: asked nothing, so nothing is allowed
  { ...neverAsked, country: 'US' }, // 8: asked nothing, so what is opt-out there is allowed
  signal, // 9
  { ...objected, country: 'GB' }, // 10
  { ...acmeOnly, country: 'FR' }, // 11
  { ...globexOnly, country: 'BR' }, // 12
  { ...narrow, country: 'DE' }, // 13
  { ...withdrawn, country: 'CA' }, // 14
  ...Array.from({ length: 6 }, () => everything), // 15 to 20
]

/** Of a hundred others; the rest has given everything. */
const SHARES: readonly (readonly [Situation, number])[] = [
  [neverAsked, 13],
  [refused, 10],
  [acmeOnly, 13],
  [globexOnly, 9],
  [sharingWithdrawn, 6],
  [withdrawn, 5],
  [expired, 6],
  [expiring, 3],
  [signal, 4],
  [objected, 4],
  [restricted, 2],
  [narrow, 3],
]

/** @param percent draws 0 to 99. */
export function situationOf(number: number, percent: () => number): Situation {
  const fixed = SHOWCASE[number - 1]
  if (fixed) return fixed
  let rest = percent()
  for (const [one, share] of SHARES) {
    if (rest < share) return one
    rest -= share
  }
  return everything
}

/** The consent records of a situation, oldest first, one per purpose. */
export function consentsOf(
  { choices }: Situation,
  identifiers: ConsentInput['identifiers'],
  jurisdiction: string | null,
  now: Instant,
): readonly ConsentInput[] {
  return choices.flatMap(({ purposes, state, recipient, categories, daysAgo, expiresAfter }) =>
    purposes.map((purpose) => {
      const effectiveAt = now - daysAgo * DAY - HOUR
      return {
        type: 'consent' as const,
        identifiers,
        purpose,
        state,
        effectiveAt,
        method: state === 'SignalOn' ? 'browser signal' : 'preference centre',
        collectionPoint: 'web',
        noticeVersion: '2025-01',
        ...(recipient && { recipient }),
        ...(categories && { categories }),
        ...(jurisdiction && { jurisdiction }),
        ...(expiresAfter && { expiresAt: effectiveAt + expiresAfter * DAY }),
      }
    }),
  )
}
