/** A planted fault, loaded before the gateway: a row that was read is taken for the row for a while, consent and all. */
const { PostgresProfileStore } = await import(
  new URL('../../dist/src/outbound/postgres/profile-store.js', import.meta.url).href
)
const KEPT_MS = 3_000
const load = PostgresProfileStore.prototype.load
const kept = new Map()
PostgresProfileStore.prototype.load = async function (ids, columns) {
  const now = performance.now()
  const nameOf = (id) => `${id} ${[...columns].sort().join()}`
  const isKept = (id) => now - (kept.get(nameOf(id))?.at ?? Number.NEGATIVE_INFINITY) < KEPT_MS
  const fresh = await load.call(
    this,
    ids.filter((id) => !isKept(id)),
    columns,
  )
  for (const [id, row] of fresh) kept.set(nameOf(id), { row, at: now })
  return new Map(
    ids.flatMap((id) => (kept.has(nameOf(id)) ? [[id, kept.get(nameOf(id)).row]] : [])),
  )
}
