import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { type Answered, type As, given, RunningGateway } from '../running-gateway.ts'

/** PostgreSQL is stopped in the middle of requests and started again: a cluster of its own, so that nobody else is hurt. */
let folder: string
let port: number
let running: RunningGateway
let support: As
let feeder: As
let ids: string[]

const PEOPLE = 20
const MINUTES = 60_000

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bauta-cluster-'))
  port = await freePort()
  await services('up')
  running = await RunningGateway.start(
    { DATABASE_URL: `postgres://bauta:bauta@127.0.0.1:${port}/bauta_test` },
    'policy',
  )
  support = { token: await running.client({ id: 'desk', roles: ['support'] }), purpose: 'SERVICE' }
  feeder = {
    token: await running.client({ id: 'feeder', roles: ['ingest'], writeKey: 'server' }),
  }
  const people = await running.take(
    'crm',
    Array.from({ length: PEOPLE }, (_, n) => ({
      type: 'profile' as const,
      recordKey: `p${n}`,
      identifiers: given({ userId: `u${n}` }),
      traits: { name: `Name ${n}`, plan: 'pro' },
    })),
  )
  ids = people.map((person) => running.pseudonym('desk', person))
}, 5 * MINUTES)

afterAll(async () => {
  await running.stop()
  await services('down')
  await rm(folder, { recursive: true, force: true })
}, 2 * MINUTES)

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

async function services(word: 'up' | 'down'): Promise<void> {
  const child = spawn('bash', ['docker/services.sh', word], {
    env: { ...env, BAUTA_PG_PORT: String(port), BAUTA_SERVICES_DIR: folder },
    stdio: 'ignore',
  })
  const code = await new Promise((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`services.sh ${word} ended with ${code}`)
}

const READ =
  'query ($ids: [ID!]!) { profiles(ids: $ids) { id contact { name } account { plan } consents { purpose state } } }'
const TRACK = 'mutation ($e: TrackInput!) { track(event: $e) { accepted } }'

const seen = (messageId: string) => ({
  messageId,
  event: 'Seen',
  identifiers: [{ kind: 'USER_ID', value: 'u0' }],
})

/** Asks again and again until it is told to stop; what was answered. */
class Load {
  readonly read: Answered[] = []
  /** Ids of events, and the answers about them. */
  readonly told: [id: string, answer: Answered][] = []
  #on = true

  async run(): Promise<void> {
    const reader = async () => {
      while (this.#on) this.read.push(await running.ask(support, READ, { ids }))
    }
    const teller = async () => {
      while (this.#on) {
        const messageId = `m${this.told.length}`
        this.told.push([messageId, await running.ask(feeder, TRACK, { e: seen(messageId) })])
      }
    }
    await Promise.all([reader(), reader(), reader(), teller()])
  }

  stop(): void {
    this.#on = false
  }
}

const UNAVAILABLE = ['STORE_UNAVAILABLE', 'AUDIT_UNAVAILABLE']

/** Either everything, or a 503 with a code and nothing else. */
function wholeOrNothing({ status, codes, data }: Answered): 'whole' | 'nothing' {
  if (status === 200 && codes.length === 0) return 'whole'
  expect([status, data ?? null]).toEqual([503, null])
  expect(codes.filter((code) => !UNAVAILABLE.includes(code))).toEqual([])
  return 'nothing'
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 600; turn += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`it never came: ${what}`)
}
const isReady = async () => (await fetch(`${running.origin}/health/ready`)).status === 200

test(
  'while it is gone every answer is whole or a 503 without data, and afterwards the same gateway answers again',
  async () => {
    const whole = (await running.ask(support, READ, { ids })).data.profiles
    expect(whole).toHaveLength(PEOPLE)
    const load = new Load()
    const work = load.run()
    await until('answers', () => load.read.length > 20 && load.told.length > 5)
    await services('down')
    await until('a refusal', () => load.read.some((answer) => answer.status === 503))
    expect(await isReady()).toBe(false)
    const answeredBefore = load.read.length
    await services('up')
    await until('an answer again', () =>
      load.read.slice(answeredBefore).some((answer) => answer.status === 200),
    )
    await until('readiness', isReady)
    load.stop()
    await work

    const kinds = load.read.map(wholeOrNothing)
    expect(new Set(kinds)).toEqual(new Set(['whole', 'nothing']))
    const disclosed = load.read.filter((_, at) => kinds[at] === 'whole')
    for (const { data } of disclosed) expect(data.profiles).toEqual(whole)
    await eachHasItsEntry(disclosed)
    await eachIsKept(load.told)
  },
  5 * MINUTES,
)

async function eachHasItsEntry(disclosed: readonly Answered[]): Promise<void> {
  const entries = await running.entries(100_000)
  const recorded = new Set(entries.map(({ requestId }) => requestId))
  expect(disclosed.filter(({ receipt }) => !recorded.has(receipt ?? ''))).toEqual([])
  const [numbers] = await running.gateway.stores.opened.database.query<Record<string, string>>(
    'SELECT count(*) AS all, max(log_index) + 1 AS next FROM audit_entry',
  )
  expect(numbers?.all).toBe(numbers?.next)
}

/** What was said to be taken is there once; what was answered by a 503 can be sent again, whatever became of it. */
async function eachIsKept(told: Load['told']): Promise<void> {
  for (const [messageId, answer] of told) {
    const kind = wholeOrNothing(answer)
    if (kind === 'whole') expect(answer.data.track.accepted).toBe(true)
    else await running.ask(feeder, TRACK, { e: seen(messageId) })
  }
  const [events] = await running.gateway.stores.opened.database.query<{ all: string }>(
    'SELECT count(*) AS all FROM event',
  )
  expect(Number(events?.all)).toBe(told.length)
}
