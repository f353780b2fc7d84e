import type { Instant } from '../../kernel/time.ts'
import type { ConsentStateName } from './consent-vector.ts'
import { type GppChoices, readGppString } from './gpp-string.ts'
import type { Policy } from './policy.ts'
import { readTcString, type TcChoices } from './tc-string.ts'

/** Signals about one person, as they arrive. */
export interface GivenSignals {
  readonly gpc?: boolean
  readonly tcString?: string
  readonly gppString?: string
  readonly categoryPreferences?: Readonly<Record<string, boolean>>
}

/** One line for the consent history: a signal that went on or off, or a consent that a signal gives. */
export interface SignalledDecision {
  /** `signal:gpc`, `signal:tcf:5` …, or a purpose. */
  readonly purpose: string
  readonly state: Extract<ConsentStateName, 'SignalOn' | 'SignalOff' | 'ConsentGiven'>
  /** gpc, tcf, gpp, segment. */
  readonly source: string
  /** When the signal itself says that it was last changed; null: it does not say. */
  readonly since: Instant | null
}

type Family = 'tcf' | 'gpp' | 'segment'

/**
 * What signals mean for the purposes of this policy. A refusal turns the signal on, and every purpose that names it is
 * closed, whatever else was decided. An agreement turns it off, which opens nothing; only where a TC string or Segment's
 * preferences agree to all that a purpose names of them, they also give the consent, as one word among several.
 * @throws SignalError naming what can't be relied on.
 */
export function decisionsOf(given: GivenSignals, policy: Policy): readonly SignalledDecision[] {
  const gpp = given.gppString === undefined ? null : readGppString(given.gppString)
  const strings = [given.tcString, gpp?.tcString].filter((one) => typeof one === 'string')
  const tc = strings.map((text) => readTcString(text, policy.controller?.tcfVendor ?? null))
  return strictest([
    ...gpcDecision(given.gpc, gpp),
    ...tc.flatMap((choices) => ofTcf(choices, policy)),
    ...(gpp ? ofGpp(gpp, policy) : []),
    ...(given.categoryPreferences ? ofSegment(given.categoryPreferences, policy) : []),
  ])
}

function gpcDecision(header: boolean | undefined, gpp: GppChoices | null): SignalledDecision[] {
  // A section without the signal says only that this string was made without it.
  const isOn = header === true || gpp?.gpc === true
  if (!isOn && header === undefined) return []
  return [
    { purpose: 'signal:gpc', state: isOn ? 'SignalOn' : 'SignalOff', source: 'gpc', since: null },
  ]
}

function ofTcf({ allowed, consented, lastUpdated }: TcChoices, policy: Policy) {
  return [
    ...signalsOf('tcf', (name) => allowed.get(Number(name)), policy, lastUpdated),
    ...grantsOf('tcf', (name) => consented.has(Number(name)), policy, lastUpdated),
  ]
}

function ofGpp({ optedOut }: GppChoices, policy: Policy) {
  const allowed = (name: string) => {
    const out = optedOut.get(name)
    return out === undefined ? undefined : !out
  }
  return signalsOf('gpp', allowed, policy, null)
}

function ofSegment(preferences: Readonly<Record<string, boolean>>, policy: Policy) {
  const allowed = (name: string) =>
    Object.hasOwn(preferences, name) ? preferences[name] : undefined
  return [
    ...signalsOf('segment', allowed, policy, null),
    ...grantsOf('segment', (name) => allowed(name) === true, policy, null),
  ]
}

/** Names that some purpose of the policy listens to, such as `5` of `tcf:5`. */
function namesOf(family: Family, signals: Iterable<string>): readonly string[] {
  const prefix = `${family}:`
  return [...signals].flatMap((one) => (one.startsWith(prefix) ? [one.slice(prefix.length)] : []))
}

function signalsOf(
  family: Family,
  allowed: (name: string) => boolean | undefined,
  { purposes }: Policy,
  since: Instant | null,
): SignalledDecision[] {
  const heard = new Set([...purposes.values()].flatMap(({ signals }) => namesOf(family, signals)))
  return [...heard].flatMap((name): SignalledDecision[] => {
    const isAllowed = allowed(name)
    if (isAllowed === undefined) return []
    const state = isAllowed ? 'SignalOff' : 'SignalOn'
    return [{ purpose: `signal:${family}:${name}`, state, source: family, since }]
  })
}

function grantsOf(
  family: Family,
  agreed: (name: string) => boolean,
  { purposes }: Policy,
  since: Instant | null,
): SignalledDecision[] {
  return [...purposes.values()].flatMap((purpose): SignalledDecision[] => {
    // No such string names the recipient that these purposes need.
    if (purpose.legalBasis !== 'consent' || purpose.namesRecipient) return []
    const names = namesOf(family, purpose.signals)
    if (names.length === 0 || !names.every(agreed)) return []
    return [{ purpose: purpose.key, state: 'ConsentGiven', source: family, since }]
  })
}

/** Of two words of one call about the same, on before off. */
function strictest(decisions: readonly SignalledDecision[]): readonly SignalledDecision[] {
  const kept = new Map<string, SignalledDecision>()
  for (const decision of decisions) {
    const other = kept.get(decision.purpose)
    if (!other || (other.state === 'SignalOff' && decision.state === 'SignalOn'))
      kept.set(decision.purpose, decision)
  }
  return [...kept.values()]
}
