/** Kinds of identifier. Partners' own ids have the kind `partner:<audience>`, one namespace each. */
export const identifierKinds = [
  'email',
  'phone',
  'userId',
  'anonymousId',
  'crmId',
  'deviceId',
  'providerSubject',
] as const
export type IdentifierKind = (typeof identifierKinds)[number] | `partner:${string}`

export interface Identifier {
  readonly kind: IdentifierKind
  /** Normalised: lower-case e-mail, E.164 phone, other values trimmed. */
  readonly value: string
}

/** Values that many people share because some system had nothing better to send: they identify nobody. */
const BLOCKED: ReadonlySet<string> = new Set([
  '',
  'null',
  'undefined',
  'none',
  'n/a',
  'na',
  '-',
  '-1',
  '0',
  'anonymous',
  'guest',
  'unknown',
  'test',
  'nan',
])

export function identifiesNobody(value: string): boolean {
  const bare = value.trim().toLowerCase()
  return BLOCKED.has(bare) || /^[0-]+$/.test(bare)
}
