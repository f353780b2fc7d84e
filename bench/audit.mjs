import { setTimeout as sleep } from 'node:timers/promises'
import { load, median } from './load.mjs'
import { environment } from './seed-bauta.mjs'
import { startServer } from './servers.mjs'
import { idLists, workloads } from './workloads.mjs'

/** Share of the throughput without a trail that is left with one. */
const TARGET = 0.85
const COMPARED = ['list', 'contact', 'single']
const WARM_SECONDS = 10

/** The same gateway with its trail and with one that keeps nothing, in turn. */
export async function audit({ client, databaseUrl, people, contenders, rounds, seconds }) {
  const [bauta] = contenders
  const silent = [new URL('silent-audit-server.mjs', import.meta.url).pathname]
  const start = () => startServer(silent, environment(databaseUrl), '/health/ready')
  const sides = [
    { name: 'audit', server: await bauta.start(databaseUrl) },
    { name: 'silent', server: await start() },
  ]
  try {
    const left = {}
    for (const key of COMPARED) {
      const workload = workloads[key]
      const requests = idLists(workload.rows, 200, people).map((ids) => bauta.ask(workload, ids))
      const medians = await measure({ client, sides, bauta, requests, rounds, seconds })
      const reached = Math.round((medians.audit / medians.silent) * 100) / 100
      left[key] = { requestsPerSecond: medians, reached, target: TARGET, met: reached >= TARGET }
      console.log(
        `${reached >= TARGET ? 'met   ' : 'missed'} ${workload.title}: ${Math.round(medians.audit)} of ${Math.round(medians.silent)} requests/s, ${reached} of those without a trail (target at least ${TARGET})`,
      )
    }
    return { left }
  } finally {
    for (const { server } of sides) await server.stop()
  }
}

async function measure({ client, sides, bauta, requests, rounds, seconds }) {
  const samples = Object.fromEntries(sides.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++)
    for (const { name, server } of sides) {
      await settled(client)
      const { perSecond } = await load({ url: server.url, headers: bauta.headers }, requests, {
        seconds: round === 0 ? WARM_SECONDS : seconds,
      })
      if (round > 0) samples[name].push(perSecond)
    }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))
}

/** The trail's own work on entries of one side must not slow the other one down. */
async function settled(client) {
  const state = `SELECT size <= (SELECT coalesce(max(last_index), -1) + 1 FROM audit_span)
    AND size <= (SELECT next_index FROM audit_cursor WHERE name = 'tree') AS settled FROM audit_head`
  while (!(await client.query(state)).rows[0].settled) await sleep(100)
}
