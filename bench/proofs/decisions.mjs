/** A person who changes their mind all the time: what they were told last must hold. */
import { setTimeout as sleep } from 'node:timers/promises'

const PURPOSE = 'MARKETING'
const STANDING = '{ me { consents { purpose recipient state } } }'
const EVERY_MS = 150
const change = (given) =>
  given
    ? `mutation { recordConsent(consent: { purpose: "${PURPOSE}", given: true }) { accepted } }`
    : `mutation { withdrawConsent(purpose: "${PURPOSE}") { accepted } }`

export class Decisions {
  #client
  /** What may hold: the last decision that was confirmed, and those behind it of which nothing was heard. */
  #possible = []
  count = 0

  /** @param client that acts for the person */
  constructor(client) {
    this.#client = client
  }

  async meet(url) {
    await this.#client.meet(url)
    this.#possible = [await this.#standing(url)]
  }

  async decideUntil(signal, urls) {
    for (let at = 0; !signal.aborted; at++) {
      const given = this.#possible.at(-1) !== true
      const { status, text, whole } = await this.#client.post(urls[at % urls.length], {
        query: change(given),
      })
      const confirmed = whole && status === 200 && !JSON.parse(text).errors
      if (confirmed) this.count++
      this.#possible = confirmed ? [given] : [...this.#possible, given]
      await sleep(EVERY_MS)
    }
  }

  /** @returns findings */
  async check(url) {
    const holds = await this.#standing(url)
    const expected = this.#possible
    this.#possible = [holds]
    return expected.includes(holds) ? [] : ['a decision that was confirmed does not hold']
  }

  async #standing(url) {
    const { data } = await this.#client.json(url, { query: STANDING })
    return data.me.consents.some(
      ({ purpose, state }) => purpose === PURPOSE && /Given$/.test(state),
    )
  }

  close() {
    this.#client.close()
  }
}
