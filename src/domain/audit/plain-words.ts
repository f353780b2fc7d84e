import type { Policy, Purpose } from '../privacy/policy.ts'
import type { Treatment } from '../privacy/treatment.ts'
import type { AuditEntry } from './entry.ts'

/** In which form something was shown, as one would say it. */
const FORMS: Readonly<Record<Treatment, string | null>> = {
  CLEAR: 'as it is',
  PSEUDONYM: 'as a pseudonym',
  GENERALISED: 'in coarse form',
  MASKED: 'partly hidden',
  NOISED: 'blurred',
  WITHHELD: null,
}

const BASES: Readonly<Record<string, string>> = {
  consent: 'consent was given',
  contract: 'the contract needs it',
  legal_obligation: 'the law asks for it',
  vital_interests: 'somebody’s life may depend on it',
  public_interest: 'it is in the public interest',
  legitimate_interest: 'there is a legitimate interest in it',
}

/** What entries say that name people by a list. */
const LISTED: Readonly<Record<string, string>> = {
  'fit-recommender': 'what was seen and bought, to work out which items go together',
}

/** `activity.lastSeenAt` -> `activity: last seen at`. */
export function fieldInWords(path: string): string {
  return path.replaceAll('.', ': ').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** `contact: email (partly hidden)`; null where it was withheld. */
export function disclosedInWords(path: string, treatment: Treatment): string | null {
  const form = FORMS[treatment]
  return form && `${fieldInWords(path)} (${form})`
}

/** Why, and what allowed it: `to tell you about offers, because consent was given`. */
export function reasonInWords(policy: Policy, entry: Pick<AuditEntry, 'purpose' | 'legalBasis'>) {
  const purpose: Purpose | undefined = policy.purposes.get(entry.purpose ?? '')
  const why = purpose?.inWords ?? 'for a reason that is not known any more'
  const basis = BASES[entry.legalBasis ?? purpose?.legalBasis ?? '']
  return basis ? `${why}, because ${basis}` : why
}

/** What a disclosure by list was about. */
export function listedInWords({ action }: Pick<AuditEntry, 'action'>): string {
  return LISTED[String(action?.action)] ?? 'data of many people at once'
}
