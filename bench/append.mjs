import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inScratchDatabase } from './scratch-database.mjs'
import { trailEntry } from './trail-entry.mjs'

const source = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)

/** Entries that became durable per second, all of them. */
const TARGET = 10_000
/** Requests that wait for their entry at once. */
const APPENDERS = 256
const WARM_SECONDS = 3
const SECONDS = 10
const LOOK_MS = 1_000

/**
 * Appends by many at once to the trail in a scratch database, as responses do it, while the sequencer signs and the
 * indexer indexes. Each entry is one of a list of profiles; making it is part of the work.
 */
export async function append({ databaseUrl }) {
  return await inScratchDatabase(databaseUrl, 'append', async ({ database }) => {
    const trail = await openTrail(database)
    try {
      await appending(trail.log, WARM_SECONDS)
      const before = trail.signed()
      const { count, took, latencies } = await appending(trail.log, SECONDS)
      const perSecond = Math.round(count / took)
      const caughtUp = performance.now()
      await trail.look()
      const behind = Math.round(performance.now() - caughtUp)
      const met = perSecond >= TARGET
      console.log(
        `${met ? 'met   ' : 'missed'} ${perSecond} entries/s became durable (target ${TARGET}); an append took ${latencies.p50} ms, p99 ${latencies.p99} ms; ${trail.signed() - before} were signed for, the last ${behind} ms after`,
      )
      return { perSecond, latencies, behind, target: TARGET, met }
    } finally {
      await trail.close()
    }
  })
}

async function openTrail(database) {
  const { PostgresAuditLog } = await source('outbound/postgres/audit-log')
  const { PostgresAuditTree } = await source('outbound/postgres/audit-tree')
  const { FileCheckpointSigner } = await source('outbound/keys/file-checkpoint-signer')
  const { Sequencer } = await source('gateway/attest/sequencer')
  const dir = mkdtempSync(join(tmpdir(), 'bauta-bench-'))
  const log = new PostgresAuditLog(database, null)
  await log.start()
  const seed = randomBytes(32)
  const signer = await FileCheckpointSigner.open({
    dir,
    seedOf: () => seed,
    origin: 'bench.example.com/audit',
    mayCreate: true,
  })
  const tree = new PostgresAuditTree(database)
  const sequencer = new Sequencer({ log, tree, signer, clock: { now: () => Date.now() } })
  let signed = 0
  let looking = Promise.resolve()
  const look = async () => {
    signed = (await sequencer.advance())?.size ?? signed
  }
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, LOOK_MS)
  return {
    log,
    look: async () => {
      await looking
      await look()
    },
    signed: () => signed,
    async close() {
      clearInterval(timer)
      await looking
      await log.close()
      rmSync(dir, { recursive: true })
    },
  }
}

async function appending(log, seconds) {
  const { leavesOf } = await source('domain/audit/leaf')
  const until = performance.now() + seconds * 1000
  const began = performance.now()
  const times = []
  const appender = async () => {
    while (performance.now() < until) {
      const started = performance.now()
      await log.append(leavesOf(entry(), randomUUID))
      times.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: APPENDERS }, appender))
  const took = (performance.now() - began) / 1000
  times.sort((a, b) => a - b)
  const at = (share) => Math.round(10 * times[Math.floor(share * times.length)]) / 10
  return { count: times.length, took, latencies: { p50: at(0.5), p99: at(0.99) } }
}

/** Of a request for one profile. */
function entry() {
  const field = (path, treatment) => ({ path, treatment })
  return trailEntry({
    id: randomUUID(),
    time: new Date().toISOString(),
    sets: [{ fields: [field('id', 'PSEUDONYM'), field('demographics.ageBand', 'GENERALISED')] }],
    subjects: [
      {
        ref: randomBytes(16).toString('base64url'),
        set: 0,
        consent: { recordId: randomUUID(), state: 'ConsentGiven', source: 'record' },
      },
    ],
  })
}
