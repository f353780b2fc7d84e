import type { Gateway } from './compose.ts'
import { Metrics } from './inbound/http/metrics.ts'

/** The metrics of one gateway: of its server and, read when asked for, of what stands behind it. */
export function gatewayMetrics(gateway: Gateway): Metrics {
  const { stores, counters, reserve, trail, sweeps, forwarder, delivery, requests } = gateway
  const metrics = new Metrics()
  const { auditLog } = stores
  const { database } = stores.opened
  metrics.watch(
    'audit_queue_entries',
    'Entries that wait for the batch under way to become durable.',
    () => auditLog.waiting,
  )
  metrics.watch(
    'audit_alarm',
    '1: the audit trail is in doubt, and nothing is disclosed until that is settled.',
    () => (trail.alarm.doubt === null ? 0 : 1),
  )
  metrics.watch(
    'audit_signed_entries',
    'Entries that are known to be covered by a signed checkpoint.',
    () => trail.watch.signed,
  )
  if (forwarder) {
    metrics.watch(
      'audit_sink_waiting_entries',
      'Entries that were not sent on yet, as the gateway that sends them knows.',
      () => forwarder.lag,
    )
    metrics.watch(
      'audit_sink_failures',
      'Batches of entries that could not be sent on at once.',
      () => forwarder.failures,
    )
  }
  metrics.watch(
    'deliveries_waiting',
    'Messages to others that are still to be delivered, as of the last look.',
    () => delivery.deliver.counts.get('waiting') ?? 0,
  )
  metrics.watch(
    'deliveries_dead',
    'Messages that nobody took within three days or that nobody takes; they can be replayed.',
    () => delivery.deliver.counts.get('dead') ?? 0,
  )
  metrics.watch(
    'subject_requests_open',
    'Requests of people about their own data that are open, as of the last look.',
    () => requests.register.counts.open,
  )
  metrics.watch(
    'subject_requests_overdue',
    'Open requests of people whose deadline has passed.',
    () => requests.register.counts.overdue,
  )
  metrics.watch(
    'audit_append_failures',
    'Batches of entries that could not be made durable since the start; their answers were refused.',
    () => auditLog.failures,
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
  metrics.watchCounts(
    'swept',
    'Rows, files and keys that were moved or removed because they are old.',
    'what',
    () => sweeps.done,
  )
  metrics.watchCounts(
    'sweep_failures',
    'Rounds of sweeps that failed.',
    'what',
    () => sweeps.failed,
  )
  return metrics
}
