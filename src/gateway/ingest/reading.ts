import { createHmac } from 'node:crypto'
import { blindIndex } from '../../domain/privacy/blind-index.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { lengthPrefixed } from '../../domain/privacy/pseudonym.ts'
import {
  byStrength,
  filedKind,
  type Identifier,
  identifiesNobody,
  isIdentifierKind,
  namesDevice,
} from '../../domain/profiles/identifier.ts'
import { liesInFuture, parseInstant } from '../../domain/profiles/instants.ts'
import { normaliseIdentifier } from '../../domain/profiles/normalise.ts'
import type { IndexedIdentifier } from '../../domain/profiles/resolution.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { Unacceptable } from './entry.ts'

/** What reading one row needs to know: the rules, whose words these are, and when they came. */
export interface ReadingContext {
  readonly policy: Policy
  readonly source: string
  /** Whether identifiers of this source (and key) may speak for people. */
  readonly verified: boolean
  /** The person or visitor whom the caller acts for: rows are theirs and need no identifier. */
  readonly subject: SubjectId | null
  /** The client that tells it; absent: the source itself. */
  readonly entity?: string
  readonly now: Instant
  /** Names this call, or chunk of a file: decisions without a date are made anew by each, whatever a clock says. */
  readonly telling: string
  /** Installation key `blind-index`. */
  readonly indexKey: Uint8Array
}

/** Identifiers that name somebody, each once, in normal form, strongest first (of unverified ones: devices first). */
export function readIdentifiers(
  given: readonly { readonly kind: string; readonly value: string }[],
  country: string | null,
  context: ReadingContext,
): readonly Identifier[] {
  const found = new Map<string, Identifier>()
  const reasons: string[] = []
  for (const [index, { kind, value }] of given.entries()) {
    if (identifiesNobody({ kind, value })) continue
    if (!isIdentifierKind(kind)) {
      reasons.push(`identifiers.${index} is of a kind that is not known`)
      continue
    }
    const read = normaliseIdentifier({ kind, value }, country)
    if ('problem' in read) reasons.push(`identifier ${kind} ${read.problem}`)
    else found.set(`${kind} ${read.value.value}`, read.value)
  }
  if (reasons.length > 0) throw new Unacceptable(reasons)
  const order = [...found.values()].sort(byStrength)
  if (context.verified) return order
  return [
    ...order.filter(({ kind }) => namesDevice(kind)),
    ...order.filter(({ kind }) => !namesDevice(kind)),
  ]
}

/** Blind indexes of identifiers; without any, nobody could say whose row it is. */
export function indexed(
  identifiers: readonly Identifier[],
  context: ReadingContext,
): readonly IndexedIdentifier[] {
  if (identifiers.length === 0 && context.subject === null)
    throw new Unacceptable(['no identifier that names somebody'])
  return identifiers.map((one) => asFiled(one, context))
}

function asFiled({ kind, value }: Identifier, context: ReadingContext): IndexedIdentifier {
  return {
    kind: filedKind(kind, context.verified),
    blindIndex: blindIndex(context.indexKey, kind, value).toString('hex'),
  }
}

/** Identifiers among these kinds and values, as they would be filed; what is none is passed over. */
export function namedIn(
  given: readonly (readonly [kind: unknown, value: unknown])[],
  context: ReadingContext,
): readonly IndexedIdentifier[] {
  return given.flatMap(([kind, value]) => {
    if (typeof kind !== 'string' || typeof value !== 'string' || !isIdentifierKind(kind)) return []
    if (identifiesNobody({ kind, value })) return []
    const read = normaliseIdentifier({ kind, value }, null)
    return 'problem' in read ? [] : [asFiled(read.value, context)]
  })
}

/** A time that a sender gave, or the time of arrival. */
export function readInstant(
  value: string | number | undefined,
  field: string,
  context: ReadingContext,
): Instant {
  if (value === undefined) return context.now
  const at = parseInstant(value)
  if (at === null) throw new Unacceptable([`${field} is not a point in time (ISO 8601)`])
  if (liesInFuture(at, context.now)) throw new Unacceptable([`${field} lies in the future`])
  return at
}

/** Keyed hash of texts: for keys and contents that must be recognised but not be readable. */
export function keyedHash(context: ReadingContext, parts: readonly string[]): Buffer {
  return createHmac('sha256', context.indexKey).update(lengthPrefixed(parts)).digest()
}
