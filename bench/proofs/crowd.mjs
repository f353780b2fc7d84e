/** Clients that keep asking while something breaks: what they were told, and whether the trail knows of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from './client.mjs'
import { entriesSince } from './trail.mjs'
import { Witness } from './witness.mjs'

const principals = ['partnerAcme', 'partnerGlobex', 'marketer', 'support', 'frontend', 'subject']

/** A fault may last for minutes: answers by the ten thousand would show no more and have to be compared with the trail. */
const PAUSE_MS = 20
/** What the worst machine may need until a fault is over. */
const PATIENCE_MS = 60_000

export class Crowd {
  #clients
  #officer
  #witness = new Witness()
  #lastIndex = -1
  #urls
  findings = []
  #answers = 0
  #profiles = 0
  #phases = {}

  static async meet(urls, credentials) {
    const crowd = new Crowd()
    crowd.#urls = urls
    crowd.#officer = credentials.compliance
    crowd.#clients = principals.map((principal) => new Client(principal, credentials[principal]))
    // What the demo has left on the trail is nobody's answer.
    await crowd.check()
    for (const client of crowd.#clients) await client.meet(urls[0])
    return crowd
  }

  /** Lets everybody ask until so many have been answered. */
  async mustBeAnswered(phase, random, count, urls = this.#urls) {
    await this.during(
      phase,
      random,
      async ({ answered }) => {
        if (!(await answered(count, PATIENCE_MS))) this.findings.push('nobody was answered')
      },
      urls,
    )
  }

  /** Lets everybody ask while `work` goes on. @returns what came of it in this time. */
  async during(phase, random, work, urls = this.#urls) {
    const stop = new AbortController()
    const before = this.#counts()
    const asking = this.#clients.map((client, n) =>
      client.askUntil(stop.signal, urls, random, n, PAUSE_MS),
    )
    try {
      await work({
        /** Waits until so many more have been answered with data, or refused; false when that takes too long. */
        answered: async (count, ms) => await this.#until('answers', count, ms),
        refused: async (count, ms) => await this.#until('refused', count, ms),
      })
    } finally {
      stop.abort()
      await Promise.all(asking)
    }
    const now = this.#counts()
    for (const client of this.#clients) this.findings.push(...client.takeOddities())
    const came = { answers: now.answers - before.answers, refused: now.refused - before.refused }
    this.#phases[phase] = came
    return came
  }

  /** Everything since the last look: no answer without its entry, no entry without its request, no gap, one tree. */
  async check() {
    const url = this.#urls[0]
    const entries = await this.#entriesSince(url)
    const odd = entries.find(({ index }, place) => index !== this.#lastIndex + 1 + place)
    if (odd) this.findings.push(`the trail has a gap before entry ${odd.index}`)
    this.#compareAnswers(entries)
    this.#lastIndex = entries.at(-1)?.index ?? this.#lastIndex
    const seen = await this.#witness.covering(url, this.#lastIndex + 1)
    if (seen) {
      const more = await this.#entriesSince(url)
      this.#witness.compare(seen, [...entries, ...more])
    }
    this.findings.push(...this.#witness.findings.splice(0))
  }

  /** A connection that broke with the database shows when it is used: then the officer asks again, as the answer says. */
  async #entriesSince(url) {
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(500))
      try {
        return await entriesSince(url, this.#officer, this.#lastIndex)
      } catch (error) {
        if (Date.now() > deadline || !error.message.includes('STORE_UNAVAILABLE')) throw error
      }
  }

  /** What there is to tell of all this. */
  tale() {
    return {
      answers: this.#answers,
      profiles: this.#profiles,
      phases: this.#phases,
      findings: this.findings,
    }
  }

  close() {
    for (const client of this.#clients) client.close()
  }

  #compareAnswers(entries) {
    const byRequest = new Map()
    for (const { requestId, subjects } of entries)
      byRequest.set(requestId, (byRequest.get(requestId) ?? 0) + subjects.length)
    if (new Set(entries.map(({ leafHash }) => leafHash)).size < entries.length)
      this.findings.push('the same entry stands twice on the trail')
    for (const client of this.#clients) {
      const answers = client.takeWhole()
      this.#answers += answers.length
      for (const { receipt, profiles } of answers) {
        this.#profiles += profiles
        if ((byRequest.get(receipt) ?? -1) < profiles)
          this.findings.push(`no entry, or too small a one, for an answer to ${client.name}`)
      }
      const own = entries.filter(({ actor }) => actor === client.actor).length
      if (own > client.takeSent())
        this.findings.push(`more entries of ${client.name} than it has asked`)
      client.takeRefused()
    }
  }

  #counts() {
    const sum = (of) => this.#clients.reduce((total, client) => total + of(client), 0)
    return { answers: sum((one) => one.receipts.length), refused: sum((one) => one.refused) }
  }

  async #until(what, count, ms) {
    const wanted = this.#counts()[what] + count
    for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(20))
      if (this.#counts()[what] >= wanted) return true
    return false
  }
}
