import type { Batch, IngestCounts } from '../../domain/profiles/batch.ts'
import type { IngestTransaction } from '../../domain/profiles/ingest-store.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Fate } from './chunk.ts'

/** Where the batch stands. A chunk behind rows that never came would make them be passed over for ever. */
export async function openPosition(
  tx: IngestTransaction,
  batch: Batch,
  first: number,
): Promise<number> {
  const { state, position } = await tx.lockBatch(batch.id)
  if (state !== 'running') throw new Refusal('CONFLICT', `Batch ${batch.id} is ${state}.`)
  if (first > position + 1)
    throw new Refusal('CONFLICT', `Batch ${batch.id} stands at row ${position}: rows are missing.`)
  return position
}

/** What became of the rows of one call: whatever is neither taken nor set aside nor known was suppressed. */
export function countsOf(
  received: number,
  quarantined: number,
  fates: readonly Fate[],
): IngestCounts {
  const duplicates = fates.filter((fate) => fate === 'duplicate').length
  const accepted = fates.filter((fate) => typeof fate === 'object' || fate === 'item').length
  const suppressed = received - accepted - quarantined - duplicates
  return { received, accepted, quarantined, duplicates, suppressed }
}
