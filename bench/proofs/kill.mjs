import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf } from '../dataset.mjs'
import { answerPath } from './answer-path.mjs'
import { Client } from './client.mjs'
import { Decisions } from './decisions.mjs'
import { Installation, versions } from './installation.mjs'
import { JournalTail } from './journal-tail.mjs'
import { entriesSince } from './trail.mjs'
import { Witness } from './witness.mjs'

/** How long a gateway serves before it is killed, in milliseconds. */
const LIFE = [50, 1_250]
/** One kill in so many comes while the gateway is still starting: also what repairs must stand it. */
const IN_START = 6
const START = [0, 1_500]
/** Kills between two looks at the whole trail. */
const ROUND = 25
const CLIENTS_EACH = 2
/** Kills within which a gateway that answers too early must have been found out. */
const PLANTED = 60

const variants = {
  /** The embedded server belongs to one process. */
  embedded: { processes: 1, share: 0.25, open: () => Installation.embedded('kill-embedded') },
  postgresql: { processes: 3, share: 0.75, open: () => Installation.postgresql('kill-postgresql') },
}
const principals = ['partnerAcme', 'partnerGlobex', 'marketer', 'support', 'frontend', 'subject']

/**
 * Gateways are killed without warning while clients query them and somebody watches the checkpoints. After each round
 * every answer that any client holds must have its entry, with at least as many people as the answer had profiles; the
 * trail must have no gap; every checkpoint must extend the one published before and be that of the entries; the last
 * decision that a person was told of must hold. Answers that broke off half-way count as received.
 */
export const kill = {
  name: 'kill',
  shows:
    'whatever a client received has its audit entry and every checkpoint extends the last, however often gateways are killed under load',
  full: 1_000,
  covers: [
    ...answerPath,
    'src/gateway/govern',
    'src/gateway/ingest',
    ':(glob)src/outbound/postgres/ingest-*.ts',
  ],

  async run({ size, seed, state, save, log }) {
    const done = state ?? { embedded: nothingYet(), postgresql: nothingYet(), planted: null }
    for (const name of Object.keys(variants)) {
      const kills = Math.max(1, Math.round(size * variants[name].share))
      await runVariant(name, kills, seed, done, save, log)
    }
    done.planted ??= await plant(done.postgresql, seed, log)
    save(done)
    const { embedded, postgresql, planted } = done
    const findings = [...embedded.findings, ...postgresql.findings]
    return {
      passed:
        findings.length === 0 &&
        embedded.profiles > 0 &&
        postgresql.profiles > 0 &&
        planted.findings > 0,
      embedded: told(embedded),
      postgresql: told(postgresql),
      planted,
      versions: await versions(),
    }
  },
}

function nothingYet() {
  return {
    kills: 0,
    killsInStart: 0,
    answers: 0,
    tornAnswers: 0,
    refused: 0,
    profiles: 0,
    entries: 0,
    decisions: 0,
    tornLines: 0,
    seconds: 0,
    lastIndex: -1,
    witness: null,
    findings: [],
  }
}

const told = ({ lastIndex: _lastIndex, witness, ...tally }) => ({
  ...tally,
  checkpoints: witness?.checkpoints ?? 0,
})

async function runVariant(name, kills, seed, done, save, log) {
  const tally = done[name]
  if (tally.kills >= kills) return
  const { processes, open } = variants[name]
  const installation = open()
  if (tally.kills === 0) await installation.reset()
  const house = await House.open(installation, processes, tally)
  try {
    // What an interrupted round has left.
    await house.catchUp()
    while (tally.kills < kills) {
      const began = Date.now()
      await house.round(Math.min(ROUND, kills - tally.kills), seed)
      await house.check()
      tally.seconds += Math.round((Date.now() - began) / 1_000)
      save(done)
      log(
        `${name}: ${tally.kills} of ${kills} kills in ${tally.seconds} s, ${tally.answers} answers with ${tally.profiles} profiles, ${tally.entries} entries, ${house.witness.checkpoints} checkpoints, ${tally.findings.length} findings`,
      )
    }
  } finally {
    await house.close()
  }
}

/** The same once more, with gateways that answer before the entry is durable: they must be found out. */
async function plant({ lastIndex, witness }, seed, log) {
  const tally = { ...nothingYet(), lastIndex, witness }
  const installation = variants.postgresql.open()
  const house = await House.open(installation, 2, tally, [
    new URL('answer-early.mjs', import.meta.url).href,
  ])
  try {
    await house.catchUp()
    while (tally.kills < PLANTED && tally.findings.length === 0) {
      await house.round(10, seed)
      await house.check()
    }
  } finally {
    await house.close()
  }
  log(`planted fault: ${tally.findings.length} findings after ${tally.kills} kills`)
  return { kills: tally.kills, findings: tally.findings.length, first: tally.findings[0] ?? null }
}

/** Gateways on one installation, those who ask them, and those who look whether all is right. */
class House {
  #gateways
  #clients
  #decisions
  #officer
  #journal
  #tally

  static async open(installation, processes, tally, imports = []) {
    const house = new House()
    house.#tally = tally
    const credentials = await installation.prepare()
    house.#gateways = await Promise.all(
      Array.from({ length: processes }, async () => await installation.gateway({ imports })),
    )
    await Promise.all(house.#gateways.map(async (gateway) => await gateway.start()))
    house.#officer = credentials.compliance
    house.#clients = principals.flatMap((principal) =>
      Array.from({ length: CLIENTS_EACH }, () => new Client(principal, credentials[principal])),
    )
    house.#decisions = new Decisions(new Client('subject', credentials.subject))
    for (const client of house.#clients) await client.meet(house.#urls[0])
    await house.#decisions.meet(house.#urls[0])
    house.#journal = installation.database === null ? new JournalTail(installation.data) : null
    house.witness = new Witness(tally.witness)
    return house
  }

  get #urls() {
    return this.#gateways.map(({ url }) => url)
  }

  async close() {
    for (const client of [...this.#clients, this.#decisions]) client.close()
    await Promise.all(this.#gateways.map(async (gateway) => await gateway.stop()))
  }

  /** Kills so many times, any gateway at any time, while everybody asks. */
  async round(kills, seed) {
    const tally = this.#tally
    const stop = new AbortController()
    const random = randomOf(seed + tally.kills)
    const asking = [
      ...this.#clients.map((client, n) => client.askUntil(stop.signal, this.#urls, random, n)),
      this.#decisions.decideUntil(stop.signal, this.#urls),
      this.witness.watchUntil(stop.signal, this.#urls),
    ]
    let left = kills
    const killing = async (gateway) => {
      while (left > 0) {
        left--
        await this.#killOnce(gateway, random)
      }
      await gateway.ready()
    }
    await Promise.all(this.#gateways.map(killing))
    // The last answers of this round are those of gateways that live.
    await sleep(LIFE[0])
    stop.abort()
    await Promise.all(asking)
  }

  async #killOnce(gateway, random) {
    const inStart = random.below(IN_START) === 0
    if (inStart) await sleep(START[0] + random.below(START[1]))
    else {
      await gateway.ready()
      await sleep(LIFE[0] + random.below(LIFE[1]))
    }
    await gateway.stop('SIGKILL')
    if (this.#journal) this.#checkJournal()
    gateway.spawn()
    this.#tally.kills++
    if (inStart) this.#tally.killsInStart++
  }

  /** Before anything can be repaired: what was answered has its line, and only the last line may be torn. */
  #checkJournal() {
    const journal = this.#journal
    journal.read()
    const answered = this.#clients.flatMap((client) => client.receipts)
    const missing = answered.filter((receipt) => !journal.whole.has(receipt))
    if (missing.length > 0)
      this.#tally.findings.push(`${missing.length} answers without a line in the journal`)
    this.#tally.findings.push(...journal.findings.splice(0))
    this.#tally.tornLines = journal.torn
  }

  /** Passes over what is on the trail already: of an interrupted run nobody knows any more what was answered. */
  async catchUp() {
    const entries = await entriesSince(this.#urls[0], this.#officer, this.#tally.lastIndex)
    await this.#compareTree(entries)
  }

  async check() {
    const tally = this.#tally
    const entries = await entriesSince(this.#urls[0], this.#officer, tally.lastIndex)
    requireNoGap(tally, entries)
    const claimed = new Set()
    const byRequest = grouped(entries)
    for (const client of this.#clients) checkWhole(tally, client, byRequest, claimed)
    for (const client of this.#clients) checkTorn(tally, client, entries, claimed)
    for (const client of this.#clients) tally.refused += client.takeRefused()
    tally.findings.push(...(await this.#decisions.check(this.#urls[0])))
    tally.decisions = this.#decisions.count
    tally.entries += entries.length
    await this.#compareTree(entries)
  }

  /** What was read, and what that reading has added, must be what the next checkpoint signs for. */
  async #compareTree(entries) {
    const tally = this.#tally
    const last = entries.at(-1)?.index ?? tally.lastIndex
    const seen = await this.witness.covering(this.#urls[0], last + 1)
    if (seen) {
      const more = await entriesSince(this.#urls[0], this.#officer, last)
      this.witness.compare(seen, [...entries, ...more])
    }
    tally.lastIndex = last
    tally.findings.push(...this.witness.findings.splice(0))
    tally.witness = this.witness.toJSON()
  }
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
