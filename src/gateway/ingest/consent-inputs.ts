import type { ConsentStateName } from '../../domain/privacy/consent-vector.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Scope } from '../scope/scope.ts'
import type { ConsentInput, SignalsInput } from './ingest-input.ts'

/** What a person can be said to have done about a purpose. */
export const decisionStates = [
  'ConsentGiven',
  'RenewedConsentGiven',
  'ConsentRequested',
  'ConsentRequestDeferred',
  'ConsentRefused',
  'ConsentWithdrawn',
  'NoticeGiven',
  'Objected',
  'ObjectionLifted',
] as const satisfies readonly ConsentStateName[]

/** A decision as callers of the API tell it. */
export interface ConsentDecision {
  readonly purpose: string
  /** Short for `state`: given, or withdrawn. One of the two is told. */
  readonly given?: boolean | null
  readonly state?: (typeof decisionStates)[number] | null
  readonly recipient?: string | null
  readonly categories?: readonly string[] | null
  readonly expiresAt?: number | null
  readonly notice?: string | null
  readonly noticeVersion?: string | null
  readonly language?: string | null
  readonly jurisdiction?: string | null
  readonly method?: string | null
  readonly collectionPoint?: string | null
  readonly evidence?: { readonly screen?: string | null; readonly control?: string | null } | null
  /** Pseudonym of the person, for staff; absent: the person acted for. */
  readonly profile?: string | null
}

/** Signals as callers of the API tell them. */
export interface TakenSignals {
  readonly gpc?: boolean | null
  readonly tcString?: string | null
  readonly gppString?: string | null
  readonly categoryPreferences?: unknown
  readonly collectionPoint?: string | null
  readonly profile?: string | null
}

/** @throws Refusal BAD_USER_INPUT where neither or both of `given` and `state` are told. */
export function consentInputOf(decision: ConsentDecision, scope: Scope): ConsentInput {
  const { given, state, purpose, expiresAt, evidence, profile: _whose, ...rest } = decision
  if ((given == null) === (state == null))
    throw new Refusal('BAD_USER_INPUT', 'Tell either "given" or "state" of a decision.')
  return {
    type: 'consent',
    identifiers: [],
    method: 'api',
    collectionPoint: scope.principal.client.id,
    ...told(rest),
    purpose,
    state: state ?? (given ? 'ConsentGiven' : 'ConsentWithdrawn'),
    ...(expiresAt == null ? {} : { expiresAt: isoInstant(expiresAt) }),
    ...(evidence == null ? {} : { evidence: told(evidence) }),
  }
}

export function signalsInputOf(given: TakenSignals, scope: Scope): SignalsInput {
  const { gpc, categoryPreferences, profile: _whose, ...rest } = given
  return {
    type: 'signals',
    identifiers: [],
    collectionPoint: scope.principal.client.id,
    ...told(rest),
    ...(gpc == null ? {} : { gpc: gpc ? '1' : '0' }),
    // Its shape is judged where all inputs are.
    ...(categoryPreferences == null
      ? {}
      : { categoryPreferences: categoryPreferences as Readonly<Record<string, boolean>> }),
  }
}

/** As the entry of the audit trail calls it. */
export function actionOf(state: ConsentStateName): string {
  if (state === 'ConsentGiven' || state === 'RenewedConsentGiven') return 'consentGiven'
  return state === 'ConsentWithdrawn' ? 'consentWithdrawn' : 'consentDecided'
}

type Told<T> = { readonly [K in keyof T]?: Exclude<T[K], null | undefined> }

/** What was told, without what was left out. */
function told<T extends object>(given: T): Told<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) as Told<T>
}
