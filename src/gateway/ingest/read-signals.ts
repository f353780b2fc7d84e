import type { ConsentRecord } from '../../domain/privacy/consent.ts'
import { SignalError } from '../../domain/privacy/signal-error.ts'
import { decisionsOf, type SignalledDecision } from '../../domain/privacy/signals.ts'
import { liesInFuture } from '../../domain/profiles/instants.ts'
import { textProblem } from '../../domain/profiles/plain-text.ts'
import { type ConsentEntry, Unacceptable } from './entry.ts'
import type { SignalsInput } from './ingest-input.ts'
import { consentId, entityOf } from './read-consent.ts'
import { indexed, type ReadingContext, readIdentifiers, readInstant } from './reading.ts'

/** Outside signals of one row as records of the consent history, the raw ones being their evidence. @throws Unacceptable */
export function readSignals(input: SignalsInput, context: ReadingContext): ConsentEntry {
  const { gpc, tcString, gppString, categoryPreferences, collectionPoint = null } = input
  const wrong = collectionPoint === null ? null : textProblem(collectionPoint)
  if (wrong) throw new Unacceptable([`collectionPoint ${wrong}`])
  const decisions = decided(input, context)
  const identifiers = indexed(readIdentifiers(input.identifiers, null, context), context)
  const at = readInstant(input.effectiveAt, 'effectiveAt', context)
  const raw = { gpc, tcString, gppString, categoryPreferences }
  // A string that says when it was changed says the same whenever it is sent.
  const isDated = decisions.every(({ since }) => since !== null)
  const when = isDated ? null : input.effectiveAt === undefined ? context.telling : at
  const told = (index: number) =>
    JSON.stringify([context.source, context.subject ?? identifiers[0], raw, when, index])
  const record = ({ since, ...decision }: SignalledDecision, index: number): ConsentRecord => {
    if (since !== null && liesInFuture(since, context.now))
      throw new Unacceptable(['tcString was changed in the future'])
    return {
      ...decision,
      id: consentId(context, told(index)),
      categories: null,
      recipient: null,
      jurisdiction: null,
      effectiveAt: since ?? at,
      expiresAt: null,
      recordedAt: context.now,
    }
  }
  const [first, ...others] = decisions.map(record)
  if (!first) throw new Unacceptable(['no signal that a purpose of the policy listens to'])
  return {
    type: 'consent',
    identifiers,
    records: [first, ...others],
    circumstances: {
      method: 'signal',
      collectionPoint,
      notice: null,
      noticeVersion: null,
      noticeHash: null,
      language: null,
      entity: entityOf(context),
      evidence: raw,
    },
  }
}

function decided(
  { gpc, tcString, gppString, categoryPreferences }: SignalsInput,
  { policy }: ReadingContext,
): readonly SignalledDecision[] {
  try {
    return decisionsOf(
      {
        ...(gpc !== undefined && { gpc: gpc === '1' }),
        ...(tcString !== undefined && { tcString }),
        ...(gppString !== undefined && { gppString }),
        ...(categoryPreferences && { categoryPreferences }),
      },
      policy,
    )
  } catch (error) {
    if (error instanceof SignalError) throw new Unacceptable([`a consent string ${error.message}`])
    throw error
  }
}
