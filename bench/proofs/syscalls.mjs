import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf } from '../dataset.mjs'
import { answerPath } from './answer-path.mjs'
import { Client } from './client.mjs'
import { Installation, versions } from './installation.mjs'
import { ScratchCluster } from './scratch-cluster.mjs'
import { callsIn, traced } from './strace.mjs'

const principals = ['partnerAcme', 'marketer', 'support', 'frontend']
const CLIENTS_EACH = 2
/** Answers within which a fault that was planted must have been found. */
const PLANTED = 40
const WAL_PAGE = 8_192
const WAL_SEGMENT_PAGES = 2_048

/** Where an entry is made durable, and what is done so that it is not. */
const variants = {
  embedded: { share: 1 },
  plantedEarly: { imports: ['answer-early.mjs'] },
  plantedUnsynced: { imports: ['never-sync.mjs'] },
  postgresql: { settings: { synchronous_commit: 'on' }, share: 1 },
  /** The server's own default does not count: the statement that appends raises it. */
  asynchronous: { settings: { synchronous_commit: 'off' }, share: 0.25 },
  plantedNoFsync: { settings: { fsync: 'off' } },
}

/**
 * The gateway, and PostgreSQL with it, run under one tracer while clients query. For every answer that a client received:
 * the write that completes its entry, in the journal or (its commit) in the write-ahead log, has ended before an fdatasync of that file
 * began; that has returned 0 before the first byte of the answer was written to the socket.
 */
export const syscalls = {
  name: 'syscalls',
  shows:
    'for every answer: entry written, then synced with success, then the first byte to the socket',
  full: 2_000,
  covers: answerPath,
  needs: ['strace'],

  async run({ size, seed, state, save, log }) {
    const done = state ?? {}
    for (const onCluster of [false, true])
      await observeAll(onCluster, { size, seed, done, save, log })
    const passed = Object.entries(variants).every(([name, { share }]) => {
      const { answers, inOrder } = done[name]
      return share ? answers > 0 && inOrder === answers : inOrder < answers
    })
    return { passed, ...done, versions: await versions() }
  },
}

/** All variants on one installation: on the embedded server, or on a PostgreSQL server of its own. */
async function observeAll(onCluster, { size, seed, done, save, log }) {
  const left = Object.entries(variants).filter(
    ([name, { settings }]) => (settings !== undefined) === onCluster && !done[name],
  )
  if (left.length === 0) return
  const cluster = onCluster ? await ScratchCluster.create() : null
  try {
    await cluster?.start()
    const name = onCluster ? 'syscalls-postgresql' : 'syscalls-embedded'
    const installation = new Installation(name, cluster?.url ?? null)
    installation.clear()
    const credentials = await installation.prepare()
    await cluster?.stop()
    for (const [name, variant] of left) {
      const wanted = variant.share ? Math.max(PLANTED, Math.round(size * variant.share)) : PLANTED
      cluster?.set(variant.settings)
      done[name] = await observe(installation, cluster, variant, credentials, wanted, seed)
      save(done)
      log(`${name}: ${JSON.stringify(done[name])}`)
    }
  } finally {
    await cluster?.remove()
  }
}

async function observe(installation, cluster, { imports = [] }, credentials, wanted, seed) {
  const trace = `${installation.data}/trace`
  const gateway = await installation.gateway({
    imports: imports.map((module) => new URL(module, import.meta.url).href),
    wrap: (command) => traced(trace, cluster?.beside(command) ?? command),
  })
  await gateway.start()
  const receipts = await ask(gateway.url, credentials, wanted, randomOf(seed))
  if (cluster) process.kill(cluster.postmaster, 'SIGQUIT')
  // A tracer passes signals on to nobody.
  await gateway.end()
  const writes = cluster ? await WalWrites.of(cluster) : new JournalWrites(installation.data)
  const found = judge(receipts, await readTrace(trace, writes))
  rmSync(trace)
  return found
}

/** @returns receipts of so many answers with data */
async function ask(url, credentials, wanted, random) {
  const clients = principals.flatMap((principal) =>
    Array.from({ length: CLIENTS_EACH }, () => new Client(principal, credentials[principal])),
  )
  const stop = new AbortController()
  for (const client of clients) await client.meet(url)
  const asking = clients.map((client) => client.askUntil(stop.signal, [url], random))
  const received = () => clients.reduce((sum, { receipts }) => sum + receipts.length, 0)
  while (received() < wanted) await sleep(20)
  stop.abort()
  await Promise.all(asking)
  for (const client of clients) client.close()
  return clients.flatMap(({ receipts }) => receipts)
}

/** What the tracer saw: where entries were written, when files were synced, when answers began. By receipt, and by file. */
async function readTrace(file, writes) {
  const seen = { written: writes.of, synced: new Map(), answered: new Map() }
  const answers = new Answers(seen.answered)
  for await (const call of callsIn(file)) {
    if (/sync$/.test(call.name)) noteSync(seen.synced, call)
    else if (call.on.startsWith('TCP')) answers.take(call)
    else writes.take(call)
  }
  return seen
}

function noteSync(synced, call) {
  if (call.result !== 0) return
  const others = synced.get(call.on)
  if (others) others.push(call)
  else synced.set(call.on, [call])
}

function judge(receipts, { written, synced, answered }) {
  const faults = { unanswered: 0, unwritten: 0, unsynced: 0, early: 0 }
  for (const receipt of receipts) {
    const start = answered.get(receipt)
    const write = written(receipt)
    const sync = synced.get(write?.on)?.find((one) => one.start > write.end)
    if (start === undefined) faults.unanswered++
    else if (!write) faults.unwritten++
    else if (!sync) faults.unsynced++
    else if (sync.end > start) faults.early++
  }
  const wrong = Object.values(faults).reduce((sum, count) => sum + count, 0)
  return { answers: receipts.length, inOrder: receipts.length - wrong, ...faults }
}

/** Lines of the journal: the write that completes the line of an entry. */
class JournalWrites {
  #folder
  #rest = new Map()
  #written = new Map()

  constructor(dataDir) {
    this.#folder = `${dataDir}audit/`
  }

  get of() {
    return (receipt) => this.#written.get(receipt)
  }

  take(call) {
    const { on, text, result } = call
    if (!on.startsWith(this.#folder)) return
    const lines = ((this.#rest.get(on) ?? '') + text.slice(0, Math.max(0, result))).split('\n')
    this.#rest.set(on, lines.pop())
    for (const line of lines.filter(Boolean)) {
      const leaf = Buffer.from(JSON.parse(line).leaf, 'base64').toString('utf8')
      this.#written.set(JSON.parse(leaf).requestId, call)
    }
  }
}

/**
 * PostgreSQL's write-ahead log: the write that holds the commit of the transaction which stored an entry. Where that commit
 * lies is asked of pg_waldump; a page is written again and again as it fills, so its bytes are looked at.
 */
class WalWrites {
  #folder
  #transactionOf
  /** By page of the log: commits that end in it. */
  #commits
  #written = new Map()

  /** After a crash of the server: what was answered must be there. */
  static async of(cluster) {
    await cluster.start()
    const rows = await cluster.query('SELECT xmin::text AS transaction, leaf FROM audit_entry')
    await cluster.stop()
    const writes = new WalWrites()
    writes.#folder = `${cluster.data}/pg_wal/`
    writes.#transactionOf = new Map(
      rows.map(({ transaction, leaf }) => [
        JSON.parse(leaf.toString('utf8')).requestId,
        transaction,
      ]),
    )
    writes.#commits = byPage(await cluster.commits())
    return writes
  }

  get of() {
    return (receipt) => this.#written.get(this.#transactionOf.get(receipt))
  }

  take(call) {
    if (!call.on.startsWith(this.#folder) || call.name !== 'pwrite64') return
    const offset = Number(/(\d+)\s*$/.exec(call.rest)?.[1])
    const first = segmentOf(call.on) * WAL_SEGMENT_PAGES + offset / WAL_PAGE
    for (let at = 0; at * WAL_PAGE < call.result; at++)
      for (const commit of this.#commits.get(first + at) ?? [])
        if (!this.#written.has(commit.transaction) && holds(call.text, at, commit))
          this.#written.set(commit.transaction, call)
  }
}

/** Whether the page at this place of what was written holds the commit: its number, or the rest of it from the page before. */
function holds(text, at, { transaction, start, end }) {
  const page = text.slice(at * WAL_PAGE, (at + 1) * WAL_PAGE)
  if (Math.floor(start / WAL_PAGE) !== Math.floor(end / WAL_PAGE)) return true
  // Behind the length of a record stands the number of its transaction, four bytes each (xlogrecord.h).
  const number = Buffer.from(page.slice((start % WAL_PAGE) + 4, (start % WAL_PAGE) + 8), 'latin1')
  return number.readUInt32LE(0) === Number(transaction)
}

function byPage(commits) {
  const pages = new Map()
  for (const commit of commits) {
    const page = Math.floor(commit.end / WAL_PAGE)
    pages.set(page, [...(pages.get(page) ?? []), commit])
  }
  return pages
}

function segmentOf(path) {
  const name = path.slice(-16)
  return Number.parseInt(name.slice(0, 8), 16) * 256 + Number.parseInt(name.slice(8), 16)
}

/** Bytes that go to clients: where the answer with a receipt began. */
class Answers {
  #open = new Map()
  #answered

  constructor(answered) {
    this.#answered = answered
  }

  take({ on, text, start }) {
    const begins = text.startsWith('HTTP/1.1 ')
    const open = begins ? { text: '', start } : this.#open.get(on)
    if (!open) return
    open.text += text
    this.#open.set(on, open)
    const [, receipt] = /"receipt":"([0-9a-f-]{36})"/.exec(open.text) ?? []
    if (!receipt) return
    this.#open.delete(on)
    this.#answered.set(receipt, open.start)
  }
}
