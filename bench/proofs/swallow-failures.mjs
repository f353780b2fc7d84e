/** A planted fault, loaded before the gateway: an entry that can't be written is no reason not to answer. */
const { PostgresAuditLog } = await import(
  new URL('../../dist/src/outbound/postgres/audit-log.js', import.meta.url).href
)
const append = PostgresAuditLog.prototype.append
PostgresAuditLog.prototype.append = async function (leaves) {
  await append.call(this, leaves).catch(() => {})
}
