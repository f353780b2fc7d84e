import { Metrics } from './inbound/http/metrics.ts'
import type { Stores } from './stores.ts'

/** The metrics of one gateway: of its server and, read when asked for, of what stands behind it. */
export function gatewayMetrics({ auditLog, opened }: Pick<Stores, 'auditLog' | 'opened'>): Metrics {
  const metrics = new Metrics()
  const { database } = opened
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
  return metrics
}
