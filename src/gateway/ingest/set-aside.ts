import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type {
  BatchOrigin,
  IngestTransaction,
  QuarantinedRow,
} from '../../domain/profiles/ingest-store.ts'
import { withoutSuppressed } from '../../domain/profiles/suppression.ts'
import type { Randomness } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import { quarantinedRow } from './quarantined-row.ts'
import type { IngestRow } from './read-row.ts'
import { suppressions } from './suppressed.ts'

/** A row that was not acceptable. */
export interface Refused {
  readonly row: IngestRow
  readonly reasons: readonly string[]
  readonly about: QuarantinedRow['about']
}

/**
 * Puts refused rows into quarantine, but for those about somebody who was erased: they are not kept either.
 * @returns how many are in quarantine.
 */
export async function setAside(
  tx: IngestTransaction,
  origin: BatchOrigin,
  refused: readonly Refused[],
  now: Instant,
  seals: { readonly keys: KeyStore; readonly randomness: Randomness },
): Promise<number> {
  const named = refused.flatMap(({ about }) => about ?? [])
  const isSuppressed = await suppressions(tx, named, seals.keys)
  const kept = refused.filter(
    ({ about }) => about === null || withoutSuppressed(about, isSuppressed, true) !== null,
  )
  const rows = kept.map(({ row, reasons, about }) =>
    quarantinedRow(row, reasons, now, about, seals),
  )
  await tx.saveQuarantine(origin, rows, now)
  return rows.length
}
