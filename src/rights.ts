import { Erasure } from './gateway/govern/erasure.ts'
import type { Ingest } from './gateway/ingest/ingest.ts'
import { Processing } from './gateway/ingest/processing.ts'
import { Rectification } from './gateway/ingest/rectification.ts'
import type { Audiences } from './gateway/scope/audiences.ts'
import type { Recorder } from './gateway/scope/recorder.ts'
import type { Randomness } from './kernel/ids.ts'
import type { Clock } from './kernel/time.ts'
import type { Stores } from './stores.ts'

/** What people may demand for their data. */
export function rightsOf(
  { erasures: store, keys, policy }: Stores,
  parts: {
    readonly ingest: Ingest
    readonly audiences: Audiences
    readonly recorder: Recorder
    readonly clock: Clock
    readonly randomness: Randomness
  },
) {
  const { ingest, audiences, recorder, clock, randomness } = parts
  return {
    erasure: new Erasure({ store, keys, audiences, recorder, clock, randomness }),
    processing: new Processing(ingest, audiences),
    rectification: new Rectification(ingest, policy, audiences),
  }
}
