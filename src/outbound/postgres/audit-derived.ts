import { createHash } from 'node:crypto'
import { argumentLookUp, type HashedArgument } from '../../domain/audit/arguments.ts'
import { DAY, type Instant, isoInstant } from '../../kernel/time.ts'

/** What entries have in common: interned, because few distinct ones exist. */
export interface EntryKind {
  readonly clientId: string
  readonly audience: string
  readonly purpose: string | null
  readonly outcome: string
  readonly phase: string
  /** Name of what an administrative entry did, such as `fit-recommender`. */
  readonly action: string | null
  /** Paths that were disclosed in any form, each once, sorted. */
  readonly fields: readonly string[]
}

/** What the index holds of one leaf. */
export interface Derived {
  readonly kind: EntryKind
  readonly time: Instant
  /** UTC: `2026-01-31`. */
  readonly day: string
  readonly requestId: string
  /** Audit references of the people named, each once. */
  readonly refs: readonly string[]
  /** What the values of arguments are found by (`argumentLookUp`), each once. */
  readonly hmacs: readonly Buffer[]
  /** Id and number of people of an entry that names them by a list beside the log. */
  readonly listed: { readonly entryId: string; readonly members: number } | null
}

/** Phase of leaves that are no JSON object; they stay in the trail and are not found. */
export const UNREADABLE = 'unreadable'

/** The trail outlives the code that wrote it: whatever a leaf holds, something can be derived, or indexing would stop there. */
export function derive(leaf: Uint8Array | null): Derived {
  return derivedFrom(parse(leaf))
}

/** As `derive`, from what a leaf says; null: nothing that can be read. */
export function derivedFrom(entry: Readonly<Record<string, unknown>> | null): Derived {
  const actor = record(entry?.actor)
  const time = instant(entry?.time)
  const day = isoInstant(time).slice(0, DATE)
  return {
    kind: {
      clientId: text(actor.clientId) ?? '',
      audience: text(entry?.audience) ?? '',
      purpose: text(entry?.purpose),
      outcome: text(entry?.outcome) ?? '',
      phase: entry ? (text(entry.phase) ?? '') : UNREADABLE,
      action: text(record(entry?.action).action),
      fields: distinct(list(entry?.sets).flatMap((set) => disclosedIn(record(set)))).sort(),
    },
    time,
    day,
    requestId: text(entry?.requestId) ?? '',
    refs: distinct(list(entry?.subjects).flatMap((one) => text(record(one).ref) ?? [])),
    hmacs: [
      ...hashesIn(entry, 'hmacs').map((hmac) => argumentLookUp(hmac, day)),
      ...hashesIn(entry, 'identifiers').map((hmac) => argumentLookUp(hmac, null)),
    ],
    listed: listed(entry),
  }
}

/** A kind as text: two of the same text are one. */
export function textOf(kind: EntryKind): string {
  const { clientId, audience, purpose, outcome, phase, action, fields } = kind
  return JSON.stringify([clientId, audience, purpose, outcome, phase, action, fields])
}

/** Identifies a kind over all gateways. */
export function digestOf(kind: EntryKind): Buffer {
  return createHash('sha256').update(textOf(kind)).digest().subarray(0, DIGEST)
}

const DIGEST = 16
const DATE = 10
const LATEST = Date.UTC(9999, 11, 31) + DAY - 1
const HMAC = /^[A-Za-z0-9_-]{22}$/
const HALF_PAIR = /\p{Surrogate}/gu
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function parse(leaf: Uint8Array | null): Record<string, unknown> | null {
  if (leaf === null) return null
  try {
    const value: unknown = JSON.parse(viewOf(leaf).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** The same bytes, not a copy: each entry of the trail comes by here. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

/** PostgreSQL's text holds no zero character and no half of a surrogate pair. */
function text(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const whole = value.replace(HALF_PAIR, '\ufffd')
  return whole.includes('\0') ? whole.replaceAll('\0', '') : whole
}

function instant(value: unknown): Instant {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return parsed >= 0 && parsed <= LATEST ? parsed : 0
}

function hashesIn(entry: Record<string, unknown> | null, name: keyof HashedArgument): Buffer[] {
  return distinct(list(entry?.args).flatMap((one) => list(record(one)[name])))
    .filter((one): one is string => typeof one === 'string' && HMAC.test(one))
    .map((one) => Buffer.from(one, 'base64url'))
}

function disclosedIn(set: Record<string, unknown>): string[] {
  return list(set.fields)
    .map(record)
    .filter(({ treatment }) => treatment !== 'WITHHELD')
    .flatMap(({ path }) => text(path) ?? [])
}

function listed(entry: Readonly<Record<string, unknown>> | null): Derived['listed'] {
  const { membersSha256, members } = record(entry?.action)
  const entryId = text(entry?.entryId)
  if (typeof membersSha256 !== 'string' || entryId === null || !UUID.test(entryId)) return null
  return { entryId, members: typeof members === 'number' ? Math.max(0, Math.trunc(members)) : 0 }
}
