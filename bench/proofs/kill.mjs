import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { randomOf } from '../dataset.mjs'
import { startServer } from '../servers.mjs'
import { Client } from './client.mjs'
import { entriesSince } from './trail.mjs'

const main = new URL('../../dist/src/main.js', import.meta.url).pathname
const folder = new URL('../.data/proofs/kill/', import.meta.url)
const server = new URL(
  process.env.BAUTA_BENCH_DATABASE_URL ?? 'postgres://bauta:bauta@127.0.0.1:5432/bauta_bench',
)
const DATABASE = 'bauta_proof_kill'

/** How long clients are served before the server is killed, in milliseconds. */
const LIFE = [100, 1_600]
const CLIENTS_EACH = 2

/**
 * The server is killed without warning while clients query it. After each restart every answer that any client holds
 * must have its entry on the trail, with at least as many people as the answer had profiles, and the trail must have
 * no gap. Answers that broke off half-way count as received.
 */
export const kill = {
  name: 'kill',
  shows:
    'whatever a client received has its audit entry, however often the server is killed under load',
  full: 200,
  covers: ['src', 'migrations', 'policy'],

  async run({ size, seed, state, save, log }) {
    const done = state ?? { embedded: nothingYet(), real: nothingYet() }
    for (const [name, cycles] of [
      ['embedded', Math.floor(size / 2)],
      ['real', Math.ceil(size / 2)],
    ])
      await runVariant(name, cycles, seed, done, save, log)
    const findings = [...done.embedded.findings, ...done.real.findings]
    const { embedded, real } = done
    const profiles = embedded.profiles + real.profiles
    return {
      passed: findings.length === 0 && profiles > 0,
      embedded,
      real,
      versions: await versions(),
    }
  },
}

function nothingYet() {
  return {
    cycles: 0,
    answers: 0,
    tornAnswers: 0,
    profiles: 0,
    entries: 0,
    lastIndex: -1,
    findings: [],
  }
}

async function runVariant(name, cycles, seed, done, save, log) {
  const tally = done[name]
  if (tally.cycles >= cycles) return
  const data = new URL(`${name}/`, folder).pathname
  if (tally.cycles === 0) {
    rmSync(data, { recursive: true, force: true })
    if (name === 'real') await recreateDatabase()
  }
  const environment = {
    BAUTA_MODE: 'development',
    BAUTA_DATA_DIR: data,
    BAUTA_LOG_LEVEL: 'error',
    DATABASE_URL: name === 'real' ? databaseUrl() : '',
  }
  const start = () => startServer([main, 'serve'], environment, '/health/ready')
  let running = await start()
  const credentials = JSON.parse(readFileSync(`${data}/demo-credentials.json`, 'utf8'))
  const clients = principals.flatMap((principal) =>
    Array.from({ length: CLIENTS_EACH }, () => new Client(principal, credentials[principal])),
  )
  for (const client of clients) await client.meet(running.url)
  try {
    while (tally.cycles < cycles) {
      const random = randomOf(seed + tally.cycles)
      const stop = new AbortController()
      const serving = clients.map((client) => client.askUntil(stop.signal, running.url, random))
      await sleep(LIFE[0] + random.below(LIFE[1] - LIFE[0]))
      await running.stop('SIGKILL')
      stop.abort()
      await Promise.all(serving)
      running = await start()
      check(
        tally,
        clients,
        await entriesSince(running.url, credentials.compliance, tally.lastIndex),
      )
      tally.cycles++
      save(done)
      if (tally.cycles % 10 === 0 || tally.cycles === cycles)
        log(
          `${name}: ${tally.cycles} of ${cycles} kills, ${tally.profiles} profiles received, ${tally.findings.length} findings`,
        )
    }
  } finally {
    await running.stop()
  }
}

const principals = ['partnerAcme', 'partnerGlobex', 'marketer', 'support', 'frontend', 'subject']

function check(tally, clients, entries) {
  requireNoGap(tally, entries)
  const claimed = new Set()
  const byRequest = grouped(entries)
  for (const client of clients) checkWhole(tally, client, byRequest, claimed)
  for (const client of clients) checkTorn(tally, client, entries, claimed)
  tally.entries += entries.length
  tally.lastIndex = entries.at(-1)?.index ?? tally.lastIndex
}

function requireNoGap(tally, entries) {
  const odd = entries.find(({ index }, place) => index !== tally.lastIndex + 1 + place)
  if (odd) tally.findings.push(`the trail has a gap before entry ${odd.index}`)
}

function checkWhole(tally, client, byRequest, claimed) {
  for (const { receipt, profiles } of client.takeWhole()) {
    tally.answers++
    tally.profiles += profiles
    claimed.add(receipt)
    const told = (byRequest.get(receipt) ?? []).flatMap(({ subjects }) => subjects).length
    if (!byRequest.has(receipt)) tally.findings.push(`no entry for an answer to ${client.name}`)
    else if (told < profiles)
      tally.findings.push(`${profiles} profiles for ${client.name}, ${told} on the trail`)
  }
}

/** A torn answer carries no receipt: it needs an entry for the same caller that no whole answer claims. */
function checkTorn(tally, client, entries, claimed) {
  const torn = client.takeTorn()
  tally.tornAnswers += torn
  const free = entries.filter(
    ({ actor, requestId }) => actor === client.actor && !claimed.has(requestId),
  )
  for (const { requestId } of free.slice(0, torn)) claimed.add(requestId)
  if (free.length < torn) tally.findings.push(`no entry for a torn answer to ${client.name}`)
}

function grouped(entries) {
  const groups = new Map()
  for (const entry of entries)
    groups.set(entry.requestId, [...(groups.get(entry.requestId) ?? []), entry])
  return groups
}

function databaseUrl() {
  const url = new URL(server)
  url.pathname = `/${DATABASE}`
  return url.href
}

async function recreateDatabase() {
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  await client.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`)
  await client.query(`CREATE DATABASE ${DATABASE}`)
  await client.end()
}

async function versions() {
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  const { rows } = await client.query('SHOW server_version')
  await client.end()
  const manifest = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url)
  return {
    postgresql: rows[0].server_version.split(' ')[0],
    pglite: JSON.parse(readFileSync(manifest, 'utf8')).version,
  }
}
