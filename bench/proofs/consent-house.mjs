/** People of whom a partner may be told while they agree, two gateways whose clocks can be set, and their Redis. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Client } from './client.mjs'
import { Installation } from './installation.mjs'
import { RedisProcess } from './redis-process.mjs'

const PEOPLE = 16
const PARTNER = 'acme'
export const SEGMENT = 'pro-users'
const DAY = 86_400_000
const dist = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url).href)

/** The library that Debian's package faketime holds; its folder carries the name of the architecture. */
function faketime() {
  for (const folder of readdirSync('/usr/lib')) {
    const library = join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1')
    try {
      readdirSync(join('/usr/lib', folder, 'faketime'))
      return library
    } catch {
      // Another folder.
    }
  }
  throw new Error('install first: apt-get install faketime')
}

export class ConsentHouse {
  #pauses = []

  /** @param imports modules that the gateways load first */
  static async open(name, imports = []) {
    const house = new ConsentHouse()
    const installation = Installation.postgresql(name)
    await installation.reset()
    house.redis = await RedisProcess.start()
    const settings = { REDIS_URL: house.redis.url, BAUTA_DB_POOL: '6' }
    Object.assign(installation.environment, settings, { BAUTA_DENIALS_PER_DAY: '1000000' })
    Object.assign(house, await populate(installation.environment))
    house.clocks = join(installation.data, 'clocks')
    mkdirSync(house.clocks)
    house.gateways = []
    for (const number of [0, 1]) {
      house.setClock(number, 0)
      const environment = {
        LD_PRELOAD: faketime(),
        FAKETIME_TIMESTAMP_FILE: join(house.clocks, String(number)),
        FAKETIME_CACHE_DURATION: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        // With its correction of monotonic waits, the threads of node would wait for nothing, as fast as they can.
        FAKETIME_FORCE_MONOTONIC_FIX: '0',
        FAKETIME_DISABLE_SHM: '1',
      }
      house.gateways.push(await installation.gateway({ environment, imports }))
    }
    await Promise.all(house.gateways.map(async (gateway) => await gateway.start()))
    house.database = new pg.Pool({ connectionString: installation.database, max: 2 })
    return house
  }

  /** Seconds that a gateway's clock is ahead of, or behind, everybody else's. */
  setClock(number, seconds) {
    writeFileSync(join(this.clocks, String(number)), `${seconds < 0 ? '' : '+'}${seconds}\n`)
  }

  /** A gateway does nothing for so long, and then goes on as if nothing had been. */
  async standStill(gateway, ms) {
    process.kill(gateway.pid, 'SIGSTOP')
    const pause = { gateway, from: performance.now(), to: null }
    this.#pauses.push(pause)
    await sleep(ms)
    process.kill(gateway.pid, 'SIGCONT')
    pause.to = performance.now()
  }

  /** How long it has stood still in the last half minute before an instant, in milliseconds. */
  stoodStill(gateway, instant) {
    const own = this.#pauses.filter(
      (pause) => pause.gateway === gateway && (pause.to ?? instant) > instant - 30_000,
    )
    return own.reduce((sum, { from, to }) => sum + (to ?? instant) - from, 0)
  }

  /** Waits until nothing that was under way in the database now can still happen. */
  async settled() {
    const text = `SELECT count(*)::int AS open FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < $1`
    const now = (await this.database.query('SELECT clock_timestamp() AS now')).rows[0].now
    for (;;) {
      const { rows } = await this.database.query(text, [now])
      if (rows[0].open === 0) return
      await sleep(20)
    }
  }

  async close() {
    for (const { self } of this.people) self.close()
    await Promise.all(this.gateways.map(async (gateway) => await gateway.stop('SIGKILL')))
    await this.database.end()
    await this.redis.kill()
  }
}

/** Sixteen people who have agreed, a partner who may be told of them, who feeds, and a segment that they are all in. */
async function populate(environment) {
  const { composeGateway } = await dist('compose.js')
  const { readConfig } = await dist('config.js')
  const gateway = await composeGateway(
    readConfig({ ...environment, BAUTA_MODE: 'development', BAUTA_DEMO: 'off' }),
  )
  try {
    const client = async (draft) =>
      await gateway.clients.create({ name: draft.id, adhoc: true, ...draft })
    const { key } = await client({ id: PARTNER, roles: ['partner'] })
    const { key: feed } = await client({ id: 'feed', roles: ['ingest'], writeKey: 'server' })
    const { client: page } = await client({ id: 'page', roles: ['subject'] })
    const rule = { field: 'plan', is: '=', value: 'pro' }
    await gateway.segments.defineAsOperator({ key: SEGMENT, name: 'Pro', description: '', rule })
    const people = []
    for (let number = 0; number < PEOPLE; number++) people.push(await arrive(gateway, page, number))
    return { people, partner: key, feed }
  } finally {
    await gateway.close()
  }
}

async function arrive(gateway, page, number) {
  const { OPERATOR } = await dist('gateway/scope/recorder.js')
  const identifiers = [{ kind: 'userId', value: `person-${number}` }]
  const consent = { type: 'consent', identifiers, state: 'ConsentGiven' }
  const effectiveAt = new Date(Date.now() - DAY).toISOString()
  const { subjects, rejected } = await gateway.ingest.acceptLive(
    'crm',
    [
      { type: 'profile', recordKey: `person-${number}`, identifiers, traits: { plan: 'pro' } },
      { ...consent, purpose: 'PARTNER_SHARING', recipient: PARTNER, effectiveAt },
    ],
    { verified: true },
  )
  if (rejected.length > 0) throw new Error(JSON.stringify(rejected))
  const [subject] = subjects
  const { access_token: token } = await gateway.tokens.forPerson(
    {
      client: page,
      subject,
      scopes: page.scopes,
      lifetime: DAY,
      requestId: gateway.reception.newRequestId(),
    },
    OPERATOR,
  )
  return {
    number,
    id: gateway.audiences.of(PARTNER).of(subject),
    self: new Client('self', { token }),
  }
}
