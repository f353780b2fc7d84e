import type { Config } from './config.ts'
import type { PublishedProofs } from './domain/audit/published-proofs.ts'
import { Erasure } from './gateway/govern/erasure.ts'
import { ErasureCertificates } from './gateway/govern/erasure-certificates.ts'
import { TrailNotices } from './gateway/govern/recipient-notices.ts'
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
  {
    erasures: store,
    erasureRemains: remains,
    auditLog: log,
    trailSubjects: subjects,
    recipients,
    keys,
    policy,
  }: Stores,
  parts: {
    readonly ingest: Ingest
    readonly audiences: Audiences
    readonly recorder: Recorder
    readonly tree: PublishedProofs
    readonly config: Config
    readonly clock: Clock
    readonly randomness: Randomness
  },
) {
  const { ingest, audiences, recorder, tree, config, clock, randomness } = parts
  const { backupDays } = config
  const notices = new TrailNotices({ recipients, subjects, keys, audiences, randomness })
  return {
    erasure: new Erasure({ store, keys, audiences, recorder, clock, randomness }),
    certificates: new ErasureCertificates({
      store,
      remains,
      log,
      tree,
      recorder,
      clock,
      backupDays,
    }),
    processing: new Processing(ingest, audiences, notices, randomness),
    rectification: new Rectification(ingest, policy, audiences, notices, randomness),
  }
}
