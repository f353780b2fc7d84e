import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { newDatabase } from '../contracts/fresh-database.ts'
import { OwnRedis } from '../contracts/own-redis.ts'
import { decide, everyRead, PARTNER, peopleAndPartner, watching } from '../every-read.ts'
import { until } from '../follow.ts'
import { type As, RunningGateway } from '../running-gateway.ts'

/** What a person withdraws at one gateway is told by no other, whether or not Redis carries news between them. */
let database: Awaited<ReturnType<typeof newDatabase>>
let dataDir: string
let redis: OwnRedis
let one: RunningGateway
let other: RunningGateway
let people: readonly SubjectId[]
let pseudonyms: readonly string[]
let partner: As

beforeAll(async () => {
  database = await newDatabase()
  dataDir = await mkdtemp(join(tmpdir(), 'bauta-elsewhere-'))
  redis = await OwnRedis.start()
  const settings = {
    DATABASE_URL: database.url,
    BAUTA_DATA_DIR: dataDir,
    BAUTA_DB_POOL: '5',
    REDIS_URL: redis.url,
  }
  one = await RunningGateway.start(settings, 'policy')
  other = await RunningGateway.start(settings, 'policy')
  const made = await peopleAndPartner(one, 3)
  people = made.people
  partner = made.partner
  pseudonyms = people.map((subject) => one.pseudonym(PARTNER, subject))
})
afterAll(async () => {
  await one.stop()
  await other.stop()
  await redis.signal('SIGKILL')
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

const warnings = async (gateway: RunningGateway) =>
  (
    (await (await fetch(`${gateway.origin}/health/ready`)).json()) as {
      warnings: readonly string[]
    }
  ).warnings

async function decidedHereHoldsThere(): Promise<void> {
  const [subject = ''] = people
  const [pseudonym = ''] = pseudonyms
  for (const isGiven of [true, false, true, false]) {
    await decide(one, subject, isGiven)
    for (const [way, read] of Object.entries(everyRead(other, partner, pseudonyms)))
      expect([way, (await read()).includes(pseudonym)]).toEqual([way, isGiven])
  }
  const stream = watching(other, partner, pseudonym)
  await until(async () => {
    await decide(one, subject, false)
    await decide(one, subject, true)
    return stream.toldLast() !== null
  })
  await decide(one, subject, false)
  await until(() => stream.toldLast() === false)
  stream.close()
}

test('with Redis', async () => {
  expect([await warnings(one), await warnings(other)]).toEqual([[], []])
  await decidedHereHoldsThere()
})

test('while Redis hangs, and after it is gone: each says so, and all holds', async () => {
  await redis.signal('SIGSTOP')
  await decidedHereHoldsThere()
  await redis.signal('SIGKILL')
  await until(async () => (await warnings(other)).includes('redis gone'))
  await decidedHereHoldsThere()
  await redis.start()
  await until(async () => (await warnings(other)).length === 0)
})
