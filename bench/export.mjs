import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayProcess, main } from './proofs/gateway-process.mjs'
import { inScratchDatabase } from './scratch-database.mjs'
import { entryOfThreeFields } from './trail-entry.mjs'

const source = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)

/** Entries a second, from the command's start to the whole folder on disk. */
const TARGET = 30_000
const MOST_ENTRIES = 500_000
const RUNS = 3
const STEP = 1_000

/** How fast `bauta audit export` writes a trail that lies in PostgreSQL, signed by a gateway. */
export async function exportTrail({ databaseUrl, entries: asked }) {
  const entries = Math.min(asked, MOST_ENTRIES)
  const work = await mkdtemp(join(tmpdir(), 'bauta-export-'))
  try {
    return await inScratchDatabase(databaseUrl, 'export', async ({ database }, url) => {
      const environment = { BAUTA_DATA_DIR: join(work, 'data'), DATABASE_URL: url }
      await signed(environment, async () => await fill(database, entries))
      const speeds = []
      for (let run = 0; run < RUNS; run++)
        speeds.push(entries / secondsOf(environment, join(work, `export-${run}`)))
      const perSecond = Math.round(speeds.toSorted((one, other) => one - other)[RUNS >> 1])
      const met = perSecond >= TARGET
      console.log(
        `${met ? 'met   ' : 'missed'} ${perSecond} entries/s exported (target ${TARGET}), of ${entries}`,
      )
      return { entries, perSecond, target: TARGET, met }
    })
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Does `work` while a gateway runs, until it has signed for all entries. */
async function signed(environment, work) {
  const gateway = await GatewayProcess.at({ ...environment, BAUTA_DEMO: 'off' })
  await gateway.start()
  const least = await work()
  const size = async () =>
    Number((await (await fetch(`${gateway.url}/audit/checkpoint`)).text()).split('\n')[1])
  while ((await size()) < least) await sleep(500)
  await gateway.stop()
}

/** @returns how many entries the trail has at least. */
async function fill(database, entries) {
  const { appendBatch } = await source('outbound/postgres/audit-batch')
  const { leavesOf } = await source('domain/audit/leaf')
  console.log(`filling a scratch database with ${entries} entries`)
  let size = 0
  for (let made = 0; made < entries; made += STEP) {
    const leaves = Array.from({ length: Math.min(STEP, entries - made) }, () =>
      leavesOf(entry(), randomUUID),
    ).flat()
    size = (await appendBatch(database, leaves)) + leaves.length
  }
  return size
}

const entry = () => entryOfThreeFields({ id: randomUUID(), time: new Date().toISOString() })

function secondsOf(environment, out) {
  const began = performance.now()
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, 'audit', 'export', '--out', out],
    { env: { ...process.env, ...environment }, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`${stdout}${stderr}`)
  return (performance.now() - began) / 1_000
}
