import { createHmac } from 'node:crypto'
import { lengthPrefixed } from '../privacy/pseudonym.ts'
import { filedKind, type IdentifierKind, namesDevice } from './identifier.ts'
import type { IndexedIdentifier } from './resolution.ts'

/** Use of the installation key under which suppressions are hashed: with the blind indexes alone nobody finds them. */
export const SUPPRESSION = 'suppression'

const UNVERIFIED = 'unverified:'

/** HMAC-SHA256 of a filed identifier: what an erasure leaves of it. */
export function suppressionHash(key: Uint8Array, { kind, blindIndex }: IndexedIdentifier): Buffer {
  return createHmac('sha256', key)
    .update(lengthPrefixed([kind, blindIndex]))
    .digest()
}

/**
 * Under which identifiers somebody is suppressed who was erased. What was verified is theirs, whoever names it next. What
 * a browser typed is suppressed for browsers alone: otherwise anybody could have somebody else's records dropped.
 */
export function suppressedBy(identifiers: readonly IndexedIdentifier[]): IndexedIdentifier[] {
  return identifiers.flatMap((one) =>
    one.kind.startsWith(UNVERIFIED)
      ? [one]
      : [one, { ...one, kind: filedKind(one.kind as IdentifierKind, false) }],
  )
}

/**
 * What is left of the identifiers of a row: a suppressed device may be somebody else's by now, so the row stays theirs
 * without it. Null: the row is about somebody who was erased.
 */
export function withoutSuppressed(
  identifiers: readonly IndexedIdentifier[],
  isSuppressed: (one: IndexedIdentifier) => boolean,
  hasSubject: boolean,
): readonly IndexedIdentifier[] | null {
  const left = identifiers.filter((one) => !isSuppressed(one))
  if (left.length === identifiers.length) return identifiers
  const namesErased = identifiers.some(
    (one) => isSuppressed(one) && !namesDevice(one.kind as IdentifierKind),
  )
  return namesErased || (left.length === 0 && !hasSubject) ? null : left
}
