import { join } from 'node:path'
import { Sequencer } from '../../src/gateway/attest/sequencer.ts'
import { TrailWatch } from '../../src/gateway/attest/trail-watch.ts'
import { TrailAlarm, type TrailDoubt } from '../../src/gateway/scope/trail-alarm.ts'
import { TrustedLog } from '../../src/gateway/scope/trusted-log.ts'
import { FileCheckpointSigner } from '../../src/outbound/keys/file-checkpoint-signer.ts'
import { AuditJournal } from '../../src/outbound/postgres/audit-journal.ts'
import { PostgresAuditLog } from '../../src/outbound/postgres/audit-log.ts'
import { PostgresAuditTree } from '../../src/outbound/postgres/audit-tree.ts'
import type { OpenDatabase } from '../../src/outbound/postgres/connect.ts'
import { SetClock } from '../clock-and-randomness.ts'

/** What one gateway has of the trail. */
export async function trailOf(db: OpenDatabase, keys: string, clock = new SetClock()) {
  const journal = db.embedded ? new AuditJournal(join(keys, 'journal')) : null
  const log = new PostgresAuditLog(db.database, journal)
  await log.start()
  const tree = new PostgresAuditTree(db.database)
  const signer = await FileCheckpointSigner.open({
    dir: keys,
    seedOf: (epoch) => Buffer.alloc(32, epoch),
    origin: 'gateway.example.com/audit',
    mayCreate: true,
  })
  const sequencer = new Sequencer({ log, tree, signer, clock })
  const told: (TrailDoubt | null)[] = []
  const failures: unknown[] = []
  const alarm = new TrailAlarm(clock, (doubt) => told.push(doubt))
  const watch = new TrailWatch(sequencer, signer, alarm, (error) => failures.push(error))
  const trusted = new TrustedLog(log, alarm)
  return { log, tree, signer, sequencer, clock, told, failures, alarm, watch, trusted }
}
export type Trail = Awaited<ReturnType<typeof trailOf>>
