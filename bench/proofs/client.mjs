/** A client that asks again and again and keeps every byte it receives. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const LIST =
  'query ($after: String) { searchProfiles(first: 100, after: $after) { edges { node { id } } } }'
const FIELDS =
  'id demographics { country ageBand } account { plan } activity { sessionCount lastSeenAt } segments { key }'
const SEVERAL = `query Several($ids: [ID!]!) { profiles(ids: $ids) { ${FIELDS} } }`
const OWN = `query Own { me { ${FIELDS} } }`
/** Before a gateway that does not answer is asked once more. */
const GONE_MS = 50
const OWN_ONLY = new Set(['frontend', 'subject'])

export class Client {
  #headers
  #agent = new Agent({ keepAlive: true })
  #ids = null
  #whole = []
  #torn = 0
  #refused = 0
  #oddities = []
  #sent = 0

  constructor(name, { token }) {
    this.name = name
    this.#headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  }

  /** Learns whom it may ask for, and under which name the trail knows it. */
  async meet(url) {
    const { data } = await this.json(url, { query: '{ viewer { client } }' })
    this.actor = data.viewer.client
    if (OWN_ONLY.has(this.name)) return
    const answer = await this.json(url, { query: LIST })
    this.#ids = answer.data.searchProfiles.edges.map(({ node }) => node.id)
    if (this.#ids.length === 0) throw new Error(`${this.name} sees nobody: nothing could be shown`)
  }

  /**
   * Asks until told to stop; a server that is gone is not an answer, then another one is asked.
   * @param urls of gateways, asked from this one's own on
   * @param pause milliseconds after each answer
   */
  async askUntil(signal, urls, random, own = 0, pause = 0) {
    let at = own
    while (!signal.aborted) {
      const { status, text, whole } = await this.post(
        urls[at % urls.length],
        this.#question(random),
      )
      if (!whole && text.length > 0) this.#torn++
      if (!whole) {
        at++
        // Many who knock at once would only slow down what is starting.
        await sleep(GONE_MS)
        continue
      }
      if (status !== 200) {
        this.#refuse(status, text)
        // Whoever is refused asks again, but not as fast as that can be said.
        await sleep(5)
        continue
      }
      const { data, extensions } = JSON.parse(text)
      const profiles = new Set(
        [data?.me, ...(data?.profiles ?? [])].filter(Boolean).map(({ id }) => id),
      )
      this.#whole.push({ receipt: extensions?.privacy?.receipt, profiles: profiles.size })
      if (pause > 0) await sleep(pause)
    }
  }

  get refused() {
    return this.#refused
  }

  /** How many requests were sent since the last call. */
  takeSent() {
    const sent = this.#sent
    this.#sent = 0
    return sent
  }

  /** What was refused in another way than by 503 without data, since the last call. */
  takeOddities() {
    return this.#oddities.splice(0)
  }

  #refuse(status, text) {
    this.#refused++
    const { data } = text === '' ? {} : JSON.parse(text)
    if (status !== 503)
      this.#oddities.push(`${this.name} was answered ${status}: ${text.slice(0, 200)}`)
    if (data != null)
      this.#oddities.push(`${this.name} was refused, and told something all the same`)
  }

  /** Receipts of whole answers since they were taken last. */
  get receipts() {
    return this.#whole.map(({ receipt }) => receipt)
  }

  /** Answers since the last call, each with its receipt and its number of profiles. */
  takeWhole() {
    return this.#whole.splice(0)
  }

  /** How many answers broke off since the last call. */
  takeTorn() {
    const torn = this.#torn
    this.#torn = 0
    return torn
  }

  /** How many requests were answered with a refusal since the last call: no data. */
  takeRefused() {
    const refused = this.#refused
    this.#refused = 0
    return refused
  }

  #question(random) {
    if (!this.#ids) return { query: OWN }
    const ids = Array.from({ length: 1 + random.below(20) }, () => random.pick(this.#ids))
    return { query: SEVERAL, variables: { ids: [...new Set(ids)] } }
  }

  async json(url, body) {
    const { status, text } = await this.post(url, body)
    if (status !== 200)
      throw new Error(`${this.name} was answered ${status}: ${text.slice(0, 300)}`)
    return JSON.parse(text)
  }

  close() {
    this.#agent.destroy()
  }

  /** `fetch` throws away what came before a connection broke; here that is what matters. */
  post(url, body) {
    this.#sent++
    return new Promise((resolve) => {
      let status = 0
      let text = ''
      const done = (whole) => resolve({ status, text, whole })
      const sent = request(
        `${url}/graphql`,
        { method: 'POST', headers: this.#headers, agent: this.#agent },
        (response) => {
          status = response.statusCode
          response.setEncoding('utf8')
          response.on('data', (chunk) => {
            text += chunk
          })
          response.on('end', () => done(response.complete))
          response.on('error', () => done(false))
        },
      )
      sent.on('error', () => done(false))
      sent.end(JSON.stringify(body))
    })
  }
}
