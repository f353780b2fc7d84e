import { isWritable } from '../../domain/profiles/plain-text.ts'
import { type Entry, Unacceptable } from './entry.ts'
import type { IngestInput } from './ingest-input.ts'
import { validateInput } from './input-schema.ts'
import { readConsent } from './read-consent.ts'
import { readEvent } from './read-event.ts'
import { readItem } from './read-item.ts'
import { readProfile } from './read-profile.ts'
import { readSignals } from './read-signals.ts'
import type { ReadingContext } from './reading.ts'

/** One row of a batch: an IngestInput still to be validated, or what could not even be read. */
export type IngestRow =
  | { readonly rowNumber: number; readonly input: unknown }
  /** `malformed` says why, in words that repeat nothing of the row; `payload` is its text, perhaps cut. */
  | { readonly rowNumber: number; readonly malformed: string; readonly payload: string }

export interface ReadRow {
  readonly entry: Entry
}
export interface RefusedRow {
  readonly reasons: readonly string[]
}

/** Validates and normalises one row; nothing of it is believed before. */
export function readRow(row: IngestRow, context: ReadingContext): ReadRow | RefusedRow {
  if ('malformed' in row) return { reasons: [row.malformed] }
  const validated = validateInput(row.input)
  if ('reasons' in validated) return validated
  if (!isWritable(validated.input))
    return { reasons: ['contains characters or nesting that can not be kept'] }
  try {
    return { entry: readInput(validated.input, context) }
  } catch (error) {
    if (error instanceof Unacceptable) return { reasons: error.reasons }
    throw error
  }
}

function readInput(input: IngestInput, context: ReadingContext): Entry {
  if (input.type === 'profile') return readProfile(input, context)
  if (input.type === 'event') return readEvent(input, context)
  if (input.type === 'signals') return readSignals(input, context)
  return input.type === 'consent' ? readConsent(input, context) : readItem(input)
}
