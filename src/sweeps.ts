import type { Gateway } from './compose.ts'
import { dataRetentionOf } from './data-retention.ts'
import { Archiver } from './gateway/attest/archiver.ts'
import { destroyOldDayKeys } from './gateway/attest/day-key-sweep.ts'
import { Retention } from './gateway/attest/retention.ts'
import { DAY, HOUR, MINUTE, SECOND } from './kernel/time.ts'
import { keyRotationsOf } from './key-desk.ts'
import type { Sweep } from './sweep-totals.ts'

/** A round may move 65,536 entries: as many as a gateway under full load appends in that time. */
const ARCHIVE_EVERY = 5 * SECOND
/** Subscribers hear of a change within a second; a day is for those who look into the table by hand. */
const CHANGES_KEPT = DAY
/** A witness may come back to any checkpoint; older ones are needed by nobody else. */
const CHECKPOINTS_KEPT = DAY
/** Long enough to ask what became of a message, or to replay what nobody took. */
const DELIVERIES_KEPT = 30 * DAY

/** Everything that keeps the stores from growing for ever. */
export function sweepsOf(gateway: Gateway): readonly Sweep[] {
  const { config, stores, recorder, erasure, certificates, requests, clock } = gateway
  const { archive, leaves, tree, dayKeys, feed } = stores
  const archiver = new Archiver({ archive, leaves, tree, clock }, config.auditArchiveDays)
  const retention = new Retention({ archive, leaves, recorder, clock }, stores.retention)
  const dataRetention = dataRetentionOf(gateway)
  const keyRotations = keyRotationsOf(gateway)
  return [
    { name: 'archived_entries', every: ARCHIVE_EVERY, run: () => archiver.run() },
    { name: 'discarded_entries', every: HOUR, run: () => retention.run() },
    { name: 'journal_files', every: HOUR, run: () => archive.dropCopies() },
    {
      name: 'checkpoints',
      every: HOUR,
      run: () => tree.discardCheckpointsBefore(clock.now() - CHECKPOINTS_KEPT),
    },
    {
      name: 'day_keys',
      every: HOUR,
      run: () => destroyOldDayKeys({ dayKeys, archive, recorder, clock }),
    },
    { name: 'wrapping_keys', every: HOUR, run: () => keyRotations.keepUp() },
    {
      name: 'deliveries',
      every: HOUR,
      run: () => stores.deliveryQueue.discardSettledBefore(clock.now() - DELIVERIES_KEPT),
    },
    { name: 'expired_data', every: HOUR, run: () => dataRetention.run() },
    // What a crash has left of an erasure; those that were not interrupted need none.
    { name: 'interrupted_erasures', every: MINUTE, run: () => erasure.resume() },
    {
      name: 'erasures',
      every: HOUR,
      run: () => certificates.sweep(config.rewriteAfterDays),
    },
    { name: 'subject_requests', every: MINUTE, run: () => requests.register.tidy() },
    { name: 'changes', every: HOUR, run: () => feed.discardBefore(clock.now() - CHANGES_KEPT) },
  ]
}
