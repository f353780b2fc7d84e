import type { Gateway } from './compose.ts'
import { Metrics } from './inbound/http/metrics.ts'

/** The metrics of one gateway: of its server and, read when asked for, of what stands behind it. */
export function gatewayMetrics({ stores, counters, reserve }: Gateway): Metrics {
  const metrics = new Metrics()
  const { auditLog } = stores
  const { database } = stores.opened
  metrics.watch(
    'audit_queue_entries',
    'Entries that wait for the batch under way to become durable.',
    () => auditLog.waiting,
  )
  metrics.watch(
    'database_connections',
    'Connections to PostgreSQL.',
    () => database.load.connections,
  )
  metrics.watch(
    'database_waiting',
    'Statements that wait for a connection.',
    () => database.load.waiting,
  )
  metrics.watch(
    'storage_free_bytes',
    'What can still be stored; -1: not known.',
    () => reserve.free ?? -1,
  )
  metrics.watch(
    'storage_reserved',
    '1: only withdrawals, revocations and exports are answered, the disk is down to its reserve.',
    () => (reserve.room === 'reserved' ? 1 : 0),
  )
  metrics.watchCounts(
    'security_events',
    'What leaves no entry on the audit trail, because nobody vouches for who did it.',
    'event',
    () => counters.totals(),
  )
  return metrics
}
