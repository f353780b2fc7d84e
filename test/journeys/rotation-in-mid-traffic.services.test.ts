import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { keyRotationsOf } from '../../src/key-desk.ts'
import { newDatabase } from '../contracts/fresh-database.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

/** Two gateways on one PostgreSQL and one key folder, asked without pause while keys rotate. */
let database: Awaited<ReturnType<typeof newDatabase>>
let dataDir: string
let gateways: readonly RunningGateway[]
let partner: As
let people: readonly SubjectId[]

const AUDIENCE = 'acme'

beforeAll(async () => {
  database = await newDatabase()
  dataDir = await mkdtemp(join(tmpdir(), 'bauta-rotating-'))
  const settings = { DATABASE_URL: database.url, BAUTA_DATA_DIR: dataDir, BAUTA_DB_POOL: '5' }
  const one = await RunningGateway.start(settings, 'policy')
  gateways = [one, await RunningGateway.start(settings, 'policy')]
  people = await one.take(
    'crm',
    Array.from({ length: 8 }, (_, n) => ({
      type: 'profile' as const,
      recordKey: `p${n}`,
      identifiers: given({ userId: `u${n}`, email: `u${n}@example.com` }),
      traits: { name: `Name ${n}`, plan: 'pro' },
    })),
  )
  const token = await one.client({ id: AUDIENCE, roles: ['compliance'] })
  partner = { token, purpose: 'SUBJECT_RIGHTS' }
})
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop()
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

/** One answer, by the clock that all of this process shares. */
interface Answer {
  readonly from: number
  readonly to: number
  readonly epochs: readonly number[]
  readonly names: readonly string[]
}

const first = () => {
  const [gateway] = gateways
  if (!gateway) throw new Error('nobody runs')
  return gateway
}

/** Asks by pseudonyms that were made before anything rotated, and takes lists, until a while after the switch. */
async function askOn(gateway: RunningGateway, ids: readonly string[]) {
  const answers: Answer[] = []
  const query = `query ($ids: [ID!]!) {
    profiles(ids: $ids) { id contact { name } }
    searchProfiles(first: 8) { edges { node { id } } }
  }`
  while (answers.filter(({ epochs }) => epochs.includes(2)).length < 10) {
    const from = performance.now()
    const { body, codes, data } = await gateway.ask(partner, query, { ids })
    expect(codes).toEqual([])
    const found = body.match(/(?<="p)\d+(?=[a-z2-7]{26}")/g) ?? []
    const names = data.profiles.map((one: { contact: { name: string } }) => one.contact.name)
    answers.push({ from, to: performance.now(), epochs: found.map(Number), names })
  }
  return answers
}

test('no answer holds two epochs, no gateway is behind another, and everybody stays readable', async () => {
  const ids = people.map((one) => first().pseudonym(AUDIENCE, one))
  const rotations = keyRotationsOf(first().gateway)
  const asking = gateways.flatMap((gateway) => [1, 2].map(() => askOn(gateway, ids)))
  await rotations.rotatePseudonyms(null)
  for await (const _ of rotations.rotateWrapping());
  const all = await Promise.all(asking)
  const answers = all.flat()
  expect(answers.every(({ epochs }) => epochs.length === 16 && new Set(epochs).size === 1)).toBe(
    true,
  )
  const epochOf = ({ epochs }: Answer) => epochs[0] ?? 0
  // The attack has met both, at every one of them.
  for (const ofOne of all) expect(new Set(ofOne.map(epochOf))).toEqual(new Set([1, 2]))
  const newest = Math.min(...answers.filter((one) => epochOf(one) === 2).map(({ to }) => to))
  const stale = answers.filter((one) => epochOf(one) === 1 && one.from > newest)
  expect(stale).toEqual([])
  const names = people.map((_, n) => `Name ${n}`)
  expect(answers.filter((one) => one.names.join() !== names.join())).toEqual([])
  expect((await rotations.status()).wrapping.map((one) => one.people)).toEqual([0, 8])
})
