import { readFileSync } from 'node:fs'
import { load, slope } from './load.mjs'
import { idLists, workloads } from './workloads.mjs'

/** Resident memory may rise by less than this, in MiB a minute, once the second minute has passed. */
const TARGET = 2
const SAMPLE_EVERY_MS = 2_000

export async function memory({ databaseUrl, people, contenders, minutes }) {
  const [contender] = contenders
  const server = await contender.start(databaseUrl)
  const started = Date.now()
  const samples = []
  const timer = setInterval(
    () => samples.push([(Date.now() - started) / 60_000, residentMiB(server.pid)]),
    SAMPLE_EVERY_MS,
  )
  try {
    const requests = idLists(workloads.list.rows, 200, people).map((ids) =>
      contender.ask(workloads.list, ids),
    )
    await load({ url: server.url, headers: contender.headers }, requests, { seconds: minutes * 60 })
  } finally {
    clearInterval(timer)
    await server.stop()
  }
  const settled = samples.filter(([minute]) => minute >= Math.min(2, minutes / 2))
  const risePerMinute = Math.round(slope(settled) * 100) / 100
  const met = risePerMinute < TARGET
  console.log(
    `${met ? 'met   ' : 'missed'} resident memory rises by ${risePerMinute} MiB a minute (target under ${TARGET})`,
  )
  const residentMiBByMinute = samples
    .filter((_, index) => index % 15 === 0)
    .map(([minute, size]) => [Math.round(minute * 10) / 10, size])
  return { risePerMinute, target: TARGET, met, residentMiBByMinute }
}

function residentMiB(pid) {
  const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Math.round(Number(kibibytes) / 1024)
}
