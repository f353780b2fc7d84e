/** A planted fault, loaded before the gateway: somebody who is there, and may not be known, takes 20 µs longer than nobody. */
const { steps } = await import(
  new URL('../../dist/src/gateway/disclose/steps.js', import.meta.url).href
)
const LONGER_NS = 20_000n
steps.onEachRow.unshift(() => {
  const until = process.hrtime.bigint() + LONGER_NS
  while (process.hrtime.bigint() < until);
  return true
})
