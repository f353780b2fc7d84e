import { type Category, coveredByAny } from './categories.ts'
import { type ConsentStateName, type ConsentVector, standingOf } from './consent-vector.ts'
import { type Mechanism, type Policy, type Purpose, purposeCovers } from './policy.ts'
import type { Reason } from './treatment.ts'

/**
 * May this category of this person be used for this purpose (by this recipient)? Null means yes.
 * Deny is the default; a restriction and an objection beat every basis but a legal obligation.
 */
export function refusalOfPurpose(
  policy: Policy,
  purpose: Purpose,
  vector: ConsentVector,
  category: Category,
  recipient: string | null,
): Reason | null {
  if (!purposeCovers(purpose, category)) return 'PURPOSE'
  if (purpose.legalBasis === 'legal_obligation') return null
  if (vector.restricted) return 'RESTRICTED'
  if (vector.objected.has(purpose.key)) return 'OBJECTED'
  for (const signal of vector.signals) if (purpose.signals.has(signal)) return 'OPTED_OUT_BY_SIGNAL'
  if (purpose.legalBasis !== 'consent') return null
  return refusalOfConsent(
    mechanismFor(policy, purpose, vector.country),
    purpose,
    vector,
    category,
    recipient,
  )
}

/** A country without a rule is treated as the strictest: opt-in. */
export function mechanismFor(policy: Policy, purpose: Purpose, country: string | null): Mechanism {
  const column = country === null ? undefined : policy.jurisdictions.get(country)
  return (column !== undefined && purpose.mechanisms.get(column)) || 'opt_in'
}

const NEGATIVE: Partial<Record<ConsentStateName, Reason>> = {
  ConsentRefused: 'CONSENT_REFUSED',
  ConsentWithdrawn: 'CONSENT_WITHDRAWN',
  ConsentRevoked: 'CONSENT_WITHDRAWN',
  ConsentInvalidated: 'CONSENT_WITHDRAWN',
}
const UNSETTLED: Partial<Record<ConsentStateName, Reason>> = { ConsentExpired: 'CONSENT_EXPIRED' }

function refusalOfConsent(
  mechanism: Mechanism,
  purpose: Purpose,
  vector: ConsentVector,
  category: Category,
  recipient: string | null,
): Reason | null {
  if (purpose.namesRecipient && recipient === null) return 'CONSENT_UNKNOWN'
  const { standing } = standingOf(vector, purpose.key, purpose.namesRecipient ? recipient : null)
  const state = standing?.state ?? 'ConsentUnknown'
  const negative = NEGATIVE[state]
  if (negative) return negative
  const named = standing?.categories ?? null
  const isNarrower = named !== null && !coveredByAny(named, category)
  if (isNarrower) return 'CONSENT_NARROWER'
  if (state === 'ConsentGiven' || state === 'RenewedConsentGiven') return null
  if (mechanism === 'opt_out') return null
  if (mechanism === 'notice_only' && state === 'NoticeGiven') return null
  return UNSETTLED[state] ?? 'CONSENT_UNKNOWN'
}
