import { type Category, longestPrefix } from '../../domain/privacy/categories.ts'
import { EVERY_PURPOSE } from '../../domain/privacy/consent.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { parseInstant } from '../../domain/profiles/instants.ts'
import { normalise } from '../../domain/profiles/normalise.ts'
import { textProblem } from '../../domain/profiles/plain-text.ts'
import { uuidFromBytes } from '../../kernel/ids.ts'
import { type ConsentEntry, Unacceptable } from './entry.ts'
import type { ConsentInput } from './ingest-input.ts'
import { indexed, keyedHash, type ReadingContext, readIdentifiers, readInstant } from './reading.ts'

// No character that the canonical text of a consent state is made of.
const RECIPIENT = /^[\w.:-]{1,120}$/
const CATEGORY = /^[a-z_]+(\.[a-z_]+)*$/
const SIGNAL = /^signal:[\w.:-]{1,60}$/

/** @throws Unacceptable */
export function readConsent(input: ConsentInput, context: ReadingContext): ConsentEntry {
  const reasons = problemsOf(input, context)
  const country = readJurisdiction(input.jurisdiction, reasons)
  const expiresAt = readExpiry(input.expiresAt, reasons)
  if (reasons.length > 0) throw new Unacceptable(reasons)
  const identifiers = indexed(readIdentifiers(input.identifiers, country, context), context)
  const effectiveAt = readInstant(input.effectiveAt, 'effectiveAt', context)
  const record = {
    purpose: input.purpose,
    categories: input.categories && input.categories.length > 0 ? input.categories : null,
    recipient: input.recipient ?? null,
    state: input.state,
    jurisdiction: country,
    effectiveAt,
    expiresAt,
  }
  // The same decision told twice has the same id, if it says when it was made.
  const anew = input.effectiveAt === undefined ? [context.telling] : []
  const told = JSON.stringify([context.source, context.subject ?? identifiers[0], record, ...anew])
  const id = consentId(context, told)
  const { method = null, collectionPoint = null, evidence } = input
  const shown = shownNotice(input, context.policy)
  return {
    type: 'consent',
    identifiers,
    records: [
      {
        id,
        ...record,
        recordedAt: context.now,
        source: sourceOf(input),
        notice: shown.notice,
        noticeVersion: shown.noticeVersion,
      },
    ],
    circumstances: {
      method,
      collectionPoint,
      ...shown,
      entity: entityOf(context),
      evidence: evidence ? { ...evidence } : null,
    },
  }
}

/** The same words told twice have the same id: a UUID of version 8 (RFC 9562 §5.8), keyed. */
export function consentId(context: ReadingContext, told: string): string {
  return uuidFromBytes(versioned(keyedHash(context, ['consent', told])))
}

export const entityOf = ({ entity, source }: ReadingContext): string => entity ?? source

function shownNotice(input: ConsentInput, { notices }: Policy) {
  const notice = input.notice ?? null
  const noticeVersion = input.noticeVersion ?? null
  const language = input.language ?? null
  const version = notices.get(notice ?? '')?.versions.find((one) => one.version === noticeVersion)
  const noticeHash = version?.texts.get(language ?? '')?.hash ?? null
  return { notice, noticeVersion, noticeHash, language }
}

function problemsOf(input: ConsentInput, { policy }: ReadingContext): string[] {
  const reasons: string[] = []
  const wrongPurpose = purposeProblem(input, policy)
  if (wrongPurpose) reasons.push(`purpose ${wrongPurpose}`)
  const wrongRecipient = recipientProblem(input, policy)
  if (wrongRecipient) reasons.push(`recipient ${wrongRecipient}`)
  const isKnown = (category: Category) =>
    CATEGORY.test(category) && longestPrefix(policy.categories, category) !== undefined
  if (input.categories && !input.categories.every(isKnown))
    reasons.push('categories names one that is not known')
  for (const key of ['method', 'collectionPoint', 'noticeVersion'] as const) {
    const wrong = input[key] === undefined ? null : textProblem(input[key])
    if (wrong) reasons.push(`${key} ${wrong}`)
  }
  if (input.notice !== undefined) reasons.push(...noticeProblems(input, policy))
  return reasons
}

/** A record that names a notice must name words that existed, for this purpose. */
function noticeProblems(
  { notice = '', noticeVersion, language, purpose }: ConsentInput,
  { notices }: Policy,
): string[] {
  const known = notices.get(notice)
  if (!known) return ['notice is not known']
  const version = known.versions.find((one) => one.version === noticeVersion)
  if (!version) return ['noticeVersion is not a version of this notice']
  if (language === undefined || !version.texts.has(language))
    return ['language is not one of this notice']
  return version.purposes.has(purpose) ? [] : ['notice does not speak of this purpose']
}

function purposeProblem({ purpose, state }: ConsentInput, policy: Policy): string | null {
  if (state === 'Restricted' || state === 'RestrictionLifted')
    return purpose === EVERY_PURPOSE ? null : `of a restriction must be ${EVERY_PURPOSE}`
  if (state === 'SignalOn' || state === 'SignalOff')
    return SIGNAL.test(purpose) ? null : 'of a signal must be signal:<name>'
  return policy.purposes.has(purpose) ? null : 'is not known'
}

/** Nobody shall believe that a word holds which no decision asks for. A refusal may name nobody: it is one towards all. */
function recipientProblem(
  { purpose, recipient, state }: ConsentInput,
  policy: Policy,
): string | null {
  if (recipient !== undefined && !RECIPIENT.test(recipient)) return 'is not a name of an audience'
  const known = policy.purposes.get(purpose)
  if (!known) return null
  if (recipient !== undefined) return known.namesRecipient ? null : 'is not named for this purpose'
  const opens = state === 'ConsentGiven' || state === 'RenewedConsentGiven'
  return opens && known.namesRecipient ? 'must be named for this purpose' : null
}

function readJurisdiction(value: string | undefined, reasons: string[]): string | null {
  if (value === undefined) return null
  const read = normalise({ type: 'country' }, value, null)
  if ('value' in read) return String(read.value)
  reasons.push(`jurisdiction ${read.problem}`)
  return null
}

/** Unlike other times, an expiry lies ahead as a rule. */
function readExpiry(value: string | number | undefined, reasons: string[]): number | null {
  if (value === undefined) return null
  const at = parseInstant(value)
  if (at === null) reasons.push('expiresAt is not a point in time (ISO 8601)')
  return at
}

function sourceOf(input: ConsentInput): string {
  return input.purpose.startsWith('signal:') ? input.purpose.slice('signal:'.length) : 'record'
}

/** UUID version 8 (RFC 9562 §5.8): bits of our own choice. */
function versioned(hash: Buffer): Buffer {
  hash[6] = 0x80 | ((hash[6] ?? 0) & 0x0f)
  hash[8] = 0x80 | ((hash[8] ?? 0) & 0x3f)
  return hash
}
