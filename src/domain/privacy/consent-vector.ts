import type { Category } from './categories.ts'

/**
 * States of one consent decision. The first group are DPV 2.3 terms; of these only given and renewed allow processing.
 * `NoticeGiven` records a notice (mechanism `notice_only`); `Objected` is Article 21 for one purpose;
 * `Restricted` is Article 18 for the whole person; `SignalOn` records an outside opt-out such as GPC.
 */
export const consentStates = [
  'ConsentGiven',
  'RenewedConsentGiven',
  'ConsentRequested',
  'ConsentRequestDeferred',
  'ConsentRefused',
  'ConsentWithdrawn',
  'ConsentRevoked',
  'ConsentExpired',
  'ConsentInvalidated',
  'ConsentUnknown',
  'NoticeGiven',
  'Objected',
  'ObjectionLifted',
  'Restricted',
  'RestrictionLifted',
  'SignalOn',
  'SignalOff',
] as const
export type ConsentStateName = (typeof consentStates)[number]

/** What stands for one purpose (and recipient) at one instant. */
export interface ConsentStanding {
  readonly state: ConsentStateName
  readonly categories: readonly Category[] | null
}

/** Everything that decisions about one person need, at one instant. */
export interface ConsentVector {
  readonly country: string | null
  readonly restricted: boolean
  readonly objected: ReadonlySet<string>
  readonly signals: ReadonlySet<string>
  /** By `PURPOSE` or `PURPOSE@recipient`. */
  readonly standings: ReadonlyMap<string, ConsentStanding>
}

/** Words that close, whatever the mechanism. */
export const CLOSING: ReadonlySet<ConsentStateName> = new Set([
  'ConsentRefused',
  'ConsentWithdrawn',
  'ConsentRevoked',
  'ConsentInvalidated',
])

export const standingKey = (purpose: string, recipient: string | null) =>
  recipient === null ? purpose : `${purpose}@${recipient}`

/**
 * What stands for a purpose and recipient, and under which key. A refusal that names nobody is one towards everybody of
 * whom the person has said nothing.
 */
export function standingOf(
  { standings }: Pick<ConsentVector, 'standings'>,
  purpose: string,
  recipient: string | null,
): { readonly key: string; readonly standing: ConsentStanding | null } {
  const key = standingKey(purpose, recipient)
  const own = standings.get(key)
  const towardsAll = standings.get(purpose)
  if (!own && towardsAll && CLOSING.has(towardsAll.state))
    return { key: purpose, standing: towardsAll }
  return { key, standing: own ?? null }
}

/** Canonical text of a vector: equal vectors have equal text. */
export function vectorText(vector: ConsentVector): string {
  const standings = [...vector.standings]
    .map(
      ([key, { state, categories }]) =>
        `${key}=${state}${categories ? `[${[...categories].sort().join(' ')}]` : ''}`,
    )
    .sort()
  const flags = [
    `country=${vector.country ?? ''}`,
    ...(vector.restricted ? ['restricted'] : []),
    ...[...vector.objected].sort().map((purpose) => `objected=${purpose}`),
    ...[...vector.signals].sort().map((signal) => `signal=${signal}`),
  ]
  return [...flags, ...standings].join(';')
}

/** The inverse of vectorText. */
export function parseVector(text: string): ConsentVector {
  const standings = new Map<string, ConsentStanding>()
  const objected = new Set<string>()
  const signals = new Set<string>()
  let country: string | null = null
  let restricted = false
  for (const part of text.split(';').filter(Boolean)) {
    const [name = '', value = ''] = splitAtFirst(part, '=')
    if (name === 'country') country = value || null
    else if (name === 'restricted') restricted = true
    else if (name === 'objected') objected.add(value)
    else if (name === 'signal') signals.add(value)
    else standings.set(name, parseStanding(value))
  }
  return { country, restricted, objected, signals, standings }
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function parseStanding(text: string): ConsentStanding {
  const bracket = text.indexOf('[')
  const name = bracket < 0 ? text : text.slice(0, bracket)
  // A word that this version does not know grants nothing.
  const state = consentStates.find((one) => one === name) ?? 'ConsentUnknown'
  const named = bracket < 0 ? null : text.slice(bracket + 1, -1)
  return { state, categories: named?.split(' ').filter(Boolean) ?? null }
}
