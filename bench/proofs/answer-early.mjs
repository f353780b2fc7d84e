/**
 * A planted fault, loaded before the gateway: answers leave before their entries are durable. A proof that does not find
 * it would prove nothing.
 */
const { PostgresAuditLog } = await import(
  new URL('../../dist/src/outbound/postgres/audit-log.js', import.meta.url).href
)
const LATE_MS = 40
const append = PostgresAuditLog.prototype.append
PostgresAuditLog.prototype.append = function (leaves) {
  setTimeout(() => append.call(this, leaves).catch(() => {}), LATE_MS)
  return Promise.resolve()
}
