/**
 * A planted fault, loaded before the gateway: an answer about somebody who is there, and may not be known, takes 20 µs longer
 * than one about nobody. After all else, as what takes longer before is waited for with both.
 */
const dist = (path) =>
  import(new URL(`../../dist/src/gateway/disclose/${path}`, import.meta.url).href)
const { steps } = await dist('steps.js')
const { Reception } = await dist('reception.js')
const LONGER_NS = 20_000n
const there = new WeakSet()
steps.onEachRow.unshift(({ scope }) => {
  there.add(scope)
  return true
})
const { leave } = Reception.prototype
Reception.prototype.leave = async function (visit, ...outcome) {
  await leave.call(this, visit, ...outcome)
  if (!there.has(visit.scope)) return
  const until = process.hrtime.bigint() + LONGER_NS
  while (process.hrtime.bigint() < until);
}
