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
  '-1',
  'anonymous',
  'guest',
  'unknown',
  'test',
  'nan',
])

export function identifiesNobody({ kind, value }: { kind: string; value: string }): boolean {
  const bare = value.trim().toLowerCase()
  // Whoever numbers their own users may begin at 0. A device or an account elsewhere with that number has none.
  if (kind === 'userId' && bare === '0') return false
  return BLOCKED.has(bare) || /^[0-]+$/.test(bare)
}

/** Kinds that name a device or browser, not a person. */
const DEVICE_KINDS: ReadonlySet<string> = new Set(['anonymousId', 'deviceId'])

export function namesDevice(kind: IdentifierKind): boolean {
  return DEVICE_KINDS.has(kind)
}

export function isIdentifierKind(kind: string): kind is IdentifierKind {
  return (
    (identifierKinds as readonly string[]).includes(kind) ||
    /^partner:[a-z0-9_-]{1,64}$/i.test(kind)
  )
}

/** From what changes least in a person's life to what changes most: a record is filed under the first it has. */
const STRENGTH: readonly string[] = [
  'userId',
  'crmId',
  'providerSubject',
  'partner',
  'email',
  'phone',
  'anonymousId',
  'deviceId',
]

export function byStrength(one: Identifier, other: Identifier): number {
  const rank = (kind: string) => STRENGTH.indexOf(kind.startsWith('partner:') ? 'partner' : kind)
  return (
    rank(one.kind) - rank(other.kind) ||
    (one.kind === other.kind ? 0 : one.kind < other.kind ? -1 : 1)
  )
}

/**
 * The kind under which an identifier is filed. What a public write key says about a person (`unverified:email`) never
 * meets what was verified; a device is the same device whoever names it.
 */
export function filedKind(kind: IdentifierKind, verified: boolean): string {
  return verified || namesDevice(kind) ? kind : `unverified:${kind}`
}
