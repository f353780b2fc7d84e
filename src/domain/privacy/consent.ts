import type { Instant } from '../../kernel/time.ts'
import { type Category, narrower } from './categories.ts'
import {
  CLOSING,
  type ConsentStanding,
  type ConsentStateName,
  type ConsentVector,
  standingKey,
  vectorText,
} from './consent-vector.ts'

/** The purpose of a record that concerns the person as a whole: restriction. */
export const EVERY_PURPOSE = '*'

/** One line of a person's consent history. Records are appended, never changed. */
export interface ConsentRecord {
  readonly id: string
  /** A purpose key; `*` with Restricted; `signal:gpc` and the like with SignalOn. */
  readonly purpose: string
  /** Null: all that the purpose covers. */
  readonly categories: readonly Category[] | null
  /** The audience named in the consent, for purposes that require one. */
  readonly recipient: string | null
  readonly state: ConsentStateName
  /** ISO country as the person declared it to the notice; null: not recorded. */
  readonly jurisdiction: string | null
  readonly effectiveAt: Instant
  readonly expiresAt: Instant | null
  readonly recordedAt: Instant
  /** Where the decision came from: record, gpc, tcf, gpp, segment. */
  readonly source: string
  /** The notice that was shown; null: not recorded. */
  readonly notice?: string | null
  readonly noticeVersion?: string | null
}

/**
 * Consent as reads use it: the state now as canonical text (few distinct ones exist, so decisions are
 * remembered by it), the instant at which time alone changes it, and what it then becomes.
 */
export interface CompiledConsent {
  readonly state: string
  readonly until: Instant | null
  /** Later states: from that instant on, that text. Ascending. */
  readonly later: readonly (readonly [Instant, string])[]
  /** By standing key, or `signal:gpc` and the like: the record that decided. */
  readonly records: Readonly<Record<string, readonly [recordId: string, source: string]>>
}

/** Negative before unknown before positive: where two histories are merged, the most restrictive wins. */
const RESTRICTIVENESS: readonly ConsentStateName[] = [
  'Restricted',
  'Objected',
  'SignalOn',
  'ConsentRefused',
  'ConsentWithdrawn',
  'ConsentRevoked',
  'ConsentInvalidated',
  'ConsentExpired',
  'ConsentRequestDeferred',
  'ConsentRequested',
  'NoticeGiven',
  'RenewedConsentGiven',
  'ConsentGiven',
  'ConsentUnknown',
  'RestrictionLifted',
  'ObjectionLifted',
  'SignalOff',
]
const GIVEN: ReadonlySet<ConsentStateName> = new Set(['ConsentGiven', 'RenewedConsentGiven'])
/** States that time can end. */
const LAPSING: ReadonlySet<ConsentStateName> = new Set([...GIVEN, 'NoticeGiven'])

/**
 * Compiles the histories of one person (one per subject that was merged into them) from `now` on.
 * @param country ISO country of the profile, where no record names a jurisdiction.
 */
export function compileConsent(
  told: readonly (readonly ConsentRecord[])[],
  country: string | null,
  now: Instant,
): CompiledConsent {
  const histories = towardsEach(told)
  const instants = new Set<Instant>()
  for (const record of histories.flat()) {
    if (!isInForce(record, now)) instants.add(record.effectiveAt)
    if (record.expiresAt !== null && record.expiresAt > now) instants.add(record.expiresAt)
  }
  const records: Record<string, readonly [string, string]> = {}
  const state = vectorText(vectorAt(histories, country, now, records))
  const later: [Instant, string][] = []
  let previous = state
  for (const instant of [...instants].sort((a, b) => a - b)) {
    const text = vectorText(vectorAt(histories, country, instant))
    if (text !== previous) later.push([instant, text])
    previous = text
  }
  return { state, until: later[0]?.[0] ?? null, later, records }
}

/** Refusals that name nobody, once more for each recipient that anything was ever said of: they take its place there. */
function towardsEach(
  histories: readonly (readonly ConsentRecord[])[],
): readonly (readonly ConsentRecord[])[] {
  const recipients = new Set(histories.flat().flatMap(({ recipient }) => recipient ?? []))
  if (recipients.size === 0) return histories
  return histories.map((history) =>
    history.flatMap((record) =>
      record.recipient === null && CLOSING.has(record.state)
        ? [record, ...[...recipients].map((recipient) => ({ ...record, recipient }))]
        : [record],
    ),
  )
}

/** What held when it was recorded is not undone by a clock that is behind; what was dated ahead waits for its time. */
const isInForce = ({ effectiveAt, recordedAt }: ConsentRecord, now: Instant): boolean =>
  effectiveAt <= now || effectiveAt <= recordedAt

/** The state at an instant not before the one it was compiled for. */
export function consentAt(
  compiled: Pick<CompiledConsent, 'state' | 'later'>,
  now: Instant,
): string {
  let state = compiled.state
  for (const [from, text] of compiled.later) {
    if (from > now) break
    state = text
  }
  return state
}

function vectorAt(
  histories: readonly (readonly ConsentRecord[])[],
  country: string | null,
  now: Instant,
  decidedBy?: Record<string, readonly [string, string]>,
): ConsentVector {
  const standings = new Map<string, ConsentStanding>()
  const objected = new Set<string>()
  const signals = new Set<string>()
  let restricted = false
  const decisions = histories.flatMap((history) => [...latestPerKey(history, now)])
  for (const [, record] of decisions.sort(strictestFirst(now))) {
    if (record.state === 'Objected') objected.add(record.purpose)
    else if (record.state === 'Restricted') restricted = true
    else if (record.state === 'SignalOn') addSignal(signals, record, decidedBy)
    else if (isStanding(record)) mergeStanding(standings, record, now, decidedBy)
  }
  const declared = lastDeclared(histories, now)
  return { country: declared ?? country, restricted, objected, signals, standings }
}

function addSignal(
  signals: Set<string>,
  { id, purpose, source }: ConsentRecord,
  decidedBy?: Record<string, readonly [string, string]>,
): void {
  const signal = purpose.replace(/^signal:/, '')
  if (decidedBy && !signals.has(signal)) decidedBy[`signal:${signal}`] = [id, source]
  signals.add(signal)
}

/** The jurisdiction that the person last declared to a notice. */
function lastDeclared(
  histories: readonly (readonly ConsentRecord[])[],
  now: Instant,
): string | null {
  const declared = histories
    .flat()
    .filter((record) => record.jurisdiction !== null && isInForce(record, now))
  return declared.sort(latestFirst)[0]?.jurisdiction ?? null
}

const FAMILY: Partial<Record<ConsentStateName, string>> = {
  Objected: 'objection:',
  ObjectionLifted: 'objection:',
  Restricted: 'restriction:',
  RestrictionLifted: 'restriction:',
  SignalOn: 'signal:',
  SignalOff: 'signal:',
}

function isStanding(record: ConsentRecord): boolean {
  return FAMILY[record.state] === undefined
}

/**
 * The last word of each who speaks. What a person decided here and what a consent string reports are two words about one
 * purpose: neither takes the other's place, the more restrictive holds.
 */
function latestPerKey(history: readonly ConsentRecord[], now: Instant): Map<string, ConsentRecord> {
  const latest = new Map<string, ConsentRecord>()
  for (const record of history) {
    if (!isInForce(record, now)) continue
    const family = FAMILY[record.state]
    const key = family
      ? `${family}${record.purpose}`
      : `${record.source} ${standingKey(record.purpose, record.recipient)}`
    const other = latest.get(key)
    if (!other || latestFirst(record, other) < 0) latest.set(key, record)
  }
  return latest
}

/**
 * The later decision holds; of two at the same instant the one recorded later, then the more restrictive. In the end the
 * id decides: with a total order it makes no difference who is listed first.
 */
function latestFirst(one: ConsentRecord, other: ConsentRecord): number {
  return (
    other.effectiveAt - one.effectiveAt ||
    other.recordedAt - one.recordedAt ||
    RESTRICTIVENESS.indexOf(one.state) - RESTRICTIVENESS.indexOf(other.state) ||
    (one.id < other.id ? -1 : 1)
  )
}

const strictestFirst = (now: Instant) => {
  const rank = (record: ConsentRecord) => RESTRICTIVENESS.indexOf(stateAt(record, now))
  return ([, one]: [string, ConsentRecord], [, other]: [string, ConsentRecord]) =>
    rank(one) - rank(other) || latestFirst(one, other)
}

/** A consent that has run out is none; neither is a notice that a later one replaced. */
function stateAt({ state, expiresAt }: ConsentRecord, now: Instant): ConsentStateName {
  return LAPSING.has(state) && expiresAt !== null && expiresAt <= now ? 'ConsentExpired' : state
}

/**
 * The strictest comes first and stands. To what categories somebody has limited a consent, all are limited: also where
 * another history's consent has run out, and a mechanism of opt-out would open the rest.
 */
function mergeStanding(
  standings: Map<string, ConsentStanding>,
  record: ConsentRecord,
  now: Instant,
  decidedBy?: Record<string, readonly [string, string]>,
): void {
  const key = standingKey(record.purpose, record.recipient)
  const first = standings.get(key)
  const named = GIVEN.has(record.state) ? record.categories : null
  if (first) {
    standings.set(key, { state: first.state, categories: narrower(first.categories, named) })
  } else {
    standings.set(key, { state: stateAt(record, now), categories: named })
    if (decidedBy) decidedBy[key] = [record.id, record.source]
  }
}
