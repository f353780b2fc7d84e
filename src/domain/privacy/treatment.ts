/** In which form a value leaves. Ordered from most to least revealing. */
export const treatments = [
  'CLEAR',
  'GENERALISED',
  'MASKED',
  'NOISED',
  'PSEUDONYM',
  'WITHHELD',
] as const
export type Treatment = (typeof treatments)[number]

/** Why a field was withheld. Partners only ever see `NOT_PERMITTED`. */
export const reasons = [
  'NOT_PERMITTED',
  'ROLE',
  'SCOPE',
  'PURPOSE',
  'CONSENT_UNKNOWN',
  'CONSENT_REFUSED',
  'CONSENT_WITHDRAWN',
  'CONSENT_EXPIRED',
  'CONSENT_NARROWER',
  'OPTED_OUT_BY_SIGNAL',
  'OBJECTED',
  'RESTRICTED',
  'DERIVED_FROM_WITHHELD',
  'SOURCE_UNAVAILABLE',
] as const
export type Reason = (typeof reasons)[number]

/** The decision about one field of one person for one caller. */
export interface Decision {
  readonly treatment: Treatment
  /** Present exactly when the treatment is WITHHELD. */
  readonly reason: Reason | null
}

export const withheld = (reason: Reason): Decision => ({ treatment: 'WITHHELD', reason })
export const disclosed = (treatment: Treatment): Decision => ({ treatment, reason: null })

/** Where two roles of one caller differ, the more revealing treatment holds. */
export function mostRevealing(one: Treatment, other: Treatment): Treatment {
  return treatments.indexOf(one) <= treatments.indexOf(other) ? one : other
}
