import type { KeyStore } from '../../domain/privacy/key-store.ts'
import { seal } from '../../domain/privacy/seal.ts'
import type { QuarantinedRow } from '../../domain/profiles/ingest-store.ts'
import type { IndexedIdentifier } from '../../domain/profiles/resolution.ts'
import { type Randomness, uuidV7 } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { IngestRow } from './read-row.ts'
import { namedIn, type ReadingContext } from './reading.ts'

/** The longest part of a rejected row that is kept: enough to repair it, not a place to fill. */
const PAYLOAD_CHARACTERS = 64 * 1024

/** A row that was not taken, sealed, with the reasons why. */
export function quarantinedRow(
  row: IngestRow,
  reasons: readonly string[],
  now: Instant,
  about: QuarantinedRow['about'],
  { keys, randomness }: { readonly keys: KeyStore; readonly randomness: Randomness },
): QuarantinedRow {
  const id = uuidV7(now, randomness)
  const text = textOf(row).slice(0, PAYLOAD_CHARACTERS)
  return {
    id,
    rowNumber: row.rowNumber,
    kind: kindOf(row),
    reasons,
    about,
    payload: seal(keys.installationKey('quarantine'), ['quarantine', id], text, randomness),
  }
}

/** Whom a refused row names, as far as it can be read: for the day on which one of them is erased. */
export function namedInRefused(
  row: IngestRow,
  context: ReadingContext,
): readonly IndexedIdentifier[] | null {
  if (!('input' in row) || typeof row.input !== 'object' || row.input === null) return null
  const { identifiers, traits } = row.input as { identifiers?: unknown; traits?: unknown }
  const contacts = typeof traits === 'object' && traits !== null ? Object.entries(traits) : []
  const named = Array.isArray(identifiers) ? identifiers.slice(0, MOST_IDENTIFIERS) : []
  return namedIn(
    [
      ...named.map((one) => [one?.kind, one?.value] as const),
      ...contacts.filter(([key]) => key === 'email' || key === 'phone'),
    ],
    context,
  )
}

/** As many as a row may have. */
const MOST_IDENTIFIERS = 32

/** The row as text. JSON can be nested more deeply than it can be written down: nothing of that is worth keeping. */
function textOf(row: IngestRow): string {
  if ('payload' in row) return row.payload
  try {
    return JSON.stringify(row.input) ?? ''
  } catch {
    return ''
  }
}

const TYPES: ReadonlySet<unknown> = new Set(['profile', 'event', 'consent', 'item'])

function kindOf(row: IngestRow): string {
  const type = 'input' in row ? (row.input as { type?: unknown } | null)?.type : null
  return TYPES.has(type) ? String(type) : 'unknown'
}
