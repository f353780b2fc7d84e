import { at } from '../../small-world.ts'

/** How a field of one of the small world's people looks in each treatment; a treatment without a form is withheld. */
export interface Forms {
  readonly CLEAR: unknown
  readonly GENERALISED?: unknown
  readonly MASKED?: unknown
}

const now = new Date()
const monthStart = (iso: string) => `${iso.slice(0, 7)}-01T00:00:00.000Z`
const AGE = now.getUTCFullYear() - 1985
const BAND = [...Array(7).keys()].map((n) => [0, 18, 25, 35, 45, 55, 65][n] ?? 0)
const ageBand = () => {
  const lower = BAND.findLast((edge) => edge <= AGE) ?? 0
  const above = BAND.find((edge) => edge > AGE)
  return above === undefined ? `${lower}+` : `${lower}-${above - 1}`
}

/** By schema coordinate, for one person (`ordinal` as in small-world.ts). */
export function formsOf(of: {
  readonly emailOrdinal: number
  readonly country: string | null
  readonly ids: Readonly<Record<string, string>>
}): Readonly<Record<string, Forms>> {
  const phone = `+493023125${String(of.emailOrdinal).padStart(3, '0')}`
  const verified = { provider: 'identityProvider one', verifiedAt: at(40) }
  const externalIds = Object.entries({ ...of.ids, externalId: 'external-4711' }).map(
    ([kind, value]) => ({ kind, value }),
  )
  const counted = (views: number, sessions: number) => [
    { name: 'Product Viewed', count: views },
    { name: 'Session Started', count: sessions },
  ]
  return {
    'Contact.name': { CLEAR: 'Maria Rossi', MASKED: 'M. R.' },
    'Contact.email': {
      CLEAR: `maria.rossi.${of.emailOrdinal}@example.com`,
      MASKED: 'm***@example.com',
    },
    'Contact.phone': { CLEAR: phone, MASKED: `***${phone.slice(-2)}` },
    'Contact.address': { CLEAR: 'Calle Larga 7, Venezia' },
    'Demographics.birthDate': { CLEAR: '1985-04-12', GENERALISED: '1985', MASKED: '1985-**-**' },
    'Demographics.ageBand': { CLEAR: ageBand() },
    'Demographics.gender': { CLEAR: 'gender one' },
    'Demographics.language': { CLEAR: 'it' },
    'Demographics.country': { CLEAR: of.country },
    'Demographics.city': { CLEAR: 'city one', GENERALISED: of.country },
    'Account.plan': { CLEAR: 'plan one' },
    'Account.lifecycleStage': { CLEAR: 'lifecycleStage one' },
    'Account.company': { CLEAR: 'company one' },
    'Account.customerSince': { CLEAR: '2019-03-04' },
    'Account.externalIds': {
      CLEAR: externalIds,
      MASKED: externalIds.map(({ kind }) => ({ kind, value: '***4711' })),
    },
    'Activity.sessionCount': { CLEAR: 3, GENERALISED: 3 },
    'Activity.firstSeenAt': { CLEAR: at(50), GENERALISED: monthStart(at(50)) },
    'Activity.lastSeenAt': { CLEAR: at(10), GENERALISED: monthStart(at(10)) },
    'Activity.onboardingStep': { CLEAR: 'onboardingStep one' },
    'Activity.eventCounts': { CLEAR: counted(3, 3), GENERALISED: counted(3, 3) },
    'Activity.device': { CLEAR: 'device one' },
    'Activity.browser': { CLEAR: 'browser one' },
    'Activity.operatingSystem': {
      CLEAR: 'operatingSystem one',
      GENERALISED: 'operatingSystem one',
    },
    'Commerce.orderCount': { CLEAR: 2, GENERALISED: 2 },
    'Commerce.totalValue': { CLEAR: 120, GENERALISED: 100 },
    'Commerce.lastOrderAt': { CLEAR: at(9.5), GENERALISED: monthStart(at(9.5)) },
    'Commerce.favouriteCategories': { CLEAR: ['shelf-1'] },
    'Commerce.recencyFrequencyValue': { CLEAR: { recency: 4, frequency: 2, value: 2 } },
    'Profile.identities': {
      CLEAR: [{ ...verified, subject: 'identitySubject one' }],
      GENERALISED: [{ ...verified, subject: null, verifiedAt: monthStart(at(40)) }],
    },
  }
}
