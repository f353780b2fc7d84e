/** One gateway with people of whom a partner may not know, and one connection over which everything is asked. */
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { Installation } from './installation.mjs'

const PARTNER = 'acme'
const WITH_SECRET = 'with-secret'
/** So many that no single row, and no single id, stands for a class. */
const PEOPLE = 64
const dist = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url).href)

export class TimingHouse {
  #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  /** @param imports modules that the gateway loads first */
  static async open(imports = []) {
    const house = new TimingHouse()
    const installation = Installation.postgresql('timing')
    await installation.reset()
    Object.assign(installation.environment, { BAUTA_DENIALS_PER_DAY: '1000000' })
    Object.assign(house, await populate(installation.environment))
    const modules = imports.map((module) => new URL(module, import.meta.url).href)
    house.gateway = await installation.gateway({ imports: modules })
    await house.gateway.start()
    return house
  }

  /** Both classes of each comparison: what is asked of somebody who is there and hidden, and of nobody. */
  comparisons() {
    const { hidden, absent } = this
    const profile = ({ id }) => this.#query('query ($id: ID!) { profile(id: $id) { id } }', { id })
    const byEmail = ({ email }) =>
      this.#query(
        'query ($email: String!) { profileBy(identifier: { kind: EMAIL, value: $email }) { id } }',
        { email },
      )
    const secret = (client) => this.#token(client)
    return {
      'a profile that may not be known, and none': [
        (random) => profile(random.pick(hidden)),
        (random) => profile(random.pick(absent)),
      ],
      'an identifier of somebody who may not be known, and of nobody': [
        (random) => byEmail(random.pick(hidden)),
        (random) => byEmail(random.pick(absent)),
      ],
      'a wrong secret, and an unknown client': [
        () => secret(WITH_SECRET),
        () => secret('none-at-all'),
      ],
    }
  }

  #query(query, variables) {
    return {
      path: '/graphql',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.key}` },
      body: JSON.stringify({ query, variables }),
    }
  }

  #token(client) {
    const form = { grant_type: 'client_credentials', client_id: client, client_secret: 'wrong' }
    return {
      path: '/oauth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    }
  }

  /** @returns nanoseconds from the first byte sent to the last received, and what was said without its receipt */
  ask({ path, headers, body }) {
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', agent: this.#agent }
      const length = { 'content-length': Buffer.byteLength(body) }
      const began = process.hrtime.bigint()
      const sent = request(
        this.gateway.url + path,
        { ...options, headers: { ...headers, ...length } },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk) => {
            text += chunk
          })
          response.on('error', reject)
          response.on('end', () => {
            const time = Number(process.hrtime.bigint() - began)
            resolve({ time, said: `${response.statusCode} ${withoutReceipt(text)}` })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  }

  async close() {
    this.#agent.destroy()
    await this.gateway.stop('SIGKILL')
  }
}

const withoutReceipt = (text) => text.replace(/"receipt":"[0-9a-f-]{36}"/, '')

async function populate(environment) {
  const { composeGateway } = await dist('compose.js')
  const { readConfig } = await dist('config.js')
  const gateway = await composeGateway(
    readConfig({ ...environment, BAUTA_MODE: 'development', BAUTA_DEMO: 'off' }),
  )
  try {
    const draft = (id, more) => ({ id, name: id, roles: ['partner'], adhoc: true, ...more })
    const scopes = ['profile:read', 'profile:lookup']
    const { key } = await gateway.clients.create(
      draft(PARTNER, { scopes, lookupsPerDay: 100_000_000, ...UNLIMITED }),
    )
    await gateway.clients.create(draft(WITH_SECRET, {}), { withSecret: true })
    const names = gateway.audiences.of(PARTNER)
    const hidden = []
    for (let number = 0; number < PEOPLE; number++) {
      const email = `person-${number}@example.com`
      const identifiers = [{ kind: 'email', value: email }]
      const record = {
        type: 'profile',
        recordKey: `person-${number}`,
        identifiers,
        traits: { plan: 'pro' },
      }
      const { subjects } = await gateway.ingest.acceptLive('crm', [record], { verified: true })
      hidden.push({ id: names.of(subjects[0]), email })
    }
    const absent = hidden.map((_, number) => ({
      id: names.of(randomUUID()),
      email: `nobody-${number}@example.com`,
    }))
    return { key, hidden, absent }
  } finally {
    await gateway.close()
  }
}

/** A budget would end the measurement. */
const UNLIMITED = { requestsPerMinute: 100_000_000, costPerMinute: 1_000_000_000 }
