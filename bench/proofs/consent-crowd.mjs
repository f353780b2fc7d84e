/** People who give and withdraw, and a partner who reads them in every way there is. What they see goes to the history. */
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from './client.mjs'
import { SEGMENT } from './consent-house.mjs'

const RECIPIENT = 'acme'
const GIVE = `mutation { recordConsent(consent: { purpose: "PARTNER_SHARING", recipient: "${RECIPIENT}", given: true }) { accepted } }`
const WITHDRAW = `mutation { withdrawConsent(purpose: "PARTNER_SHARING", recipient: "${RECIPIENT}") { accepted } }`
const TOUCH = `mutation ($person: String!, $traits: JSON!) {
  identify(person: { identifiers: [{ kind: USER_ID, value: $person }], traits: $traits }) { accepted }
}`
const COUNTRIES = ['DE', 'FR', 'IT']
const FIELDS = 'id demographics { country } account { plan } segments { key }'
const QUERY = `query Several($ids: [ID!]!) { profiles(ids: $ids) { ${FIELDS} } }`
const LIST = (filter) => `query List($after: String) {
  searchProfiles(first: 3, after: $after${filter}) { edges { node { ${FIELDS} } } pageInfo { hasNextPage endCursor } }
}`
const LISTS = { list: LIST(''), segment: LIST(`, filter: { segment: "${SEGMENT}" }`) }
const WATCH = `subscription Watch($id: ID!) { profileChanged(id: $id) { profile { ${FIELDS} } } }`

/** The first so many decide seldom, and stay with it: long enough for what a subscription says late. */
const CALM = 4
const CALM_MS = [6_000, 6_000]
const LIVELY_MS = [100, 900]
/** An answer to a subscription says not when its reading began: at the latest so long before, if nothing stood still. */
const STREAM_LATE_MS = 4_000
/** A gateway that ended in an error may go on with what it was asked as long as requests may take. */
const UNKNOWN_MS = 2_000
const GONE_MS = 50

export class ConsentCrowd {
  #house
  #history
  #byId
  #partner
  #feed
  operations = 0
  refused = 0

  constructor(house, history) {
    this.#house = house
    this.#history = history
    this.#byId = new Map(house.people.map(({ id, number }) => [id, number]))
    this.#partner = new Client('partner', { token: house.partner })
    this.#feed = new Client('feed', { token: house.feed })
  }

  close() {
    this.#partner.close()
    this.#feed.close()
  }

  /** Everybody, until told to stop. @returns when all have stopped. */
  async goOn(signal, random) {
    const { people, gateways } = this.#house
    await Promise.all([
      ...people.map((person) => this.#decide(person, signal, random)),
      ...[0, 1, 2].map((number) => this.#ask(number, signal, random)),
      ...Object.keys(LISTS).map((kind, number) => this.#leaf(kind, number, signal, random)),
      ...gateways.flatMap((gateway) =>
        people.slice(0, CALM).map((person) => this.#watch(gateway, person, signal)),
      ),
    ])
  }

  async #decide(person, signal, random) {
    const calm = person.number < CALM
    const [least, more] = calm ? CALM_MS : LIVELY_MS
    let given = true
    for (let turn = 0; !signal.aborted; turn++) {
      given = !given
      const decision = this.#history.begin(person.number, given)
      const sent = await person.self.post(this.#url(random), { query: given ? GIVE : WITHDRAW })
      const confirmed = isRight(sent)
      if (!confirmed) {
        this.refused++
        await sleep(UNKNOWN_MS)
        await this.#house.settled()
      } else this.operations++
      this.#history.end(decision, confirmed)
      const pause = least + random.below(more)
      if (calm) await this.#touch(person, turn, pause, signal, random)
      else await pauseOf(pause, signal)
    }
  }

  /** Something else changes about them, so that those who watch them are told if they may be. */
  async #touch(person, turn, pause, signal, random) {
    for (const part of [0, 1, 2]) {
      await pauseOf(pause / 3, signal)
      if (signal.aborted) return
      const variables = {
        person: `person-${person.number}`,
        traits: { country: COUNTRIES[(turn + part) % 3] },
      }
      if (isRight(await this.#feed.post(this.#url(random), { query: TOUCH, variables })))
        this.operations++
    }
  }

  async #ask(number, signal, random) {
    const { people } = this.#house
    for (let at = number; !signal.aborted; at++) {
      const asked = people.filter(() => random.below(2) === 0)
      const variables = { ids: asked.map(({ id }) => id) }
      const data = await this.#read(at, 'query', { query: QUERY, variables }, asked)
      if (data === null) await sleep(GONE_MS)
    }
  }

  /** Page by page, with time between them: a cursor is older than what it leads to. */
  async #leaf(kind, number, signal, random) {
    let after = null
    for (let at = number; !signal.aborted; at++) {
      const name = after === null ? kind : `${kind} by cursor`
      const data = await this.#read(at, name, { query: LISTS[kind], variables: { after } }, null)
      after = data?.searchProfiles.pageInfo.hasNextPage
        ? data.searchProfiles.pageInfo.endCursor
        : null
      await pauseOf(random.below(60), signal)
    }
  }

  async #read(at, kind, body, asked) {
    const { gateways } = this.#house
    const start = performance.now()
    const sent = await this.#partner.post(gateways[at % gateways.length].url, body)
    const end = performance.now()
    if (!isRight(sent)) {
      this.refused++
      return null
    }
    const { data } = JSON.parse(sent.text)
    const found = data.profiles ?? data.searchProfiles.edges.map(({ node }) => node)
    this.operations++
    const seen = found.filter(Boolean).map(({ id }) => this.#byId.get(id))
    this.#history.read(kind, { start, end }, seen, asked?.map(({ number }) => number) ?? null)
    return data
  }

  /** Again and again, because gateways end. */
  async #watch(gateway, person, signal) {
    while (!signal.aborted) {
      await streamed(
        gateway.url,
        this.#house.partner,
        { query: WATCH, variables: { id: person.id } },
        signal,
        (event) => this.#hear(gateway, person, event),
      )
      await pauseOf(200, signal)
    }
  }

  #hear(gateway, person, { data }) {
    if (!data) return
    const end = performance.now()
    const start = end - STREAM_LATE_MS - this.#house.stoodStill(gateway, end)
    const seen = data.profileChanged.profile === null ? [] : [person.number]
    this.operations++
    this.#history.read('subscription', { start, end }, seen)
  }

  #url(random) {
    return random.pick(this.#house.gateways).url
  }
}

function isRight({ status, text, whole }) {
  return whole && status === 200 && !JSON.parse(text).errors
}

async function pauseOf(ms, signal) {
  await sleep(ms, undefined, { signal }).catch(() => {})
}

/** Resolves when the stream has ended, whoever ended it. */
function streamed(url, token, body, signal, onEvent) {
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
    }
    const sent = request(
      `${url}/graphql/stream`,
      { method: 'POST', headers, signal },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          const parts = (text + chunk).split('\n\n')
          text = parts.pop()
          for (const part of parts) {
            const line = part.split('\n').find((one) => one.startsWith('data: {'))
            if (line) onEvent(JSON.parse(line.slice(6)))
          }
        })
        response.on('close', resolve)
        response.on('error', resolve)
      },
    )
    sent.on('error', resolve)
    sent.end(JSON.stringify(body))
  })
}
