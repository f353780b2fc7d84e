import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { keyRotationsOf } from '../../src/key-desk.ts'
import { newDatabase } from '../contracts/fresh-database.ts'
import { askedThroughout, faultsOf } from '../epochs-in-answers.ts'
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

const first = () => {
  const [gateway] = gateways
  if (!gateway) throw new Error('nobody runs')
  return gateway
}

test('no answer holds two epochs, no gateway is behind another, and everybody stays readable', async () => {
  const ids = people.map((one) => first().pseudonym(AUDIENCE, one))
  const rotations = keyRotationsOf(first().gateway)
  const all = await askedThroughout(gateways, partner, ids, 2, async () => {
    await rotations.rotatePseudonyms(AUDIENCE)
    for await (const _ of rotations.rotateWrapping());
  })
  const answers = all.flat()
  expect(answers.every(({ epochs }) => epochs.length === 16)).toBe(true)
  // The attack has met both, at every one of them.
  for (const ofOne of all)
    expect(new Set(ofOne.flatMap(({ epochs }) => epochs))).toEqual(new Set([1, 2]))
  expect(faultsOf(answers, 2)).toEqual({ mixed: [], stale: [] })
  const names = people.map((_, n) => `Name ${n}`)
  expect(answers.filter((one) => one.names.join() !== names.join())).toEqual([])
  expect((await rotations.status()).wrapping.map((one) => one.people)).toEqual([0, 8])
})

test('a gateway that does not look whether the epoch has changed is found', async () => {
  const token = await first().client({ id: 'globex', roles: ['compliance'] })
  const [, second] = gateways
  const keys = second?.gateway.stores.keys ?? first().gateway.stores.keys
  const before = keys.epochsOf('globex')
  jest.spyOn(keys, 'epochsOf').mockImplementation(() => before)
  const ids = people.map((one) => first().pseudonym('globex', one))
  const as = { ...partner, token }
  const all = await askedThroughout(gateways, as, ids, 2, async () => {
    await keyRotationsOf(first().gateway).rotatePseudonyms('globex')
  })
  expect(faultsOf(all.flat(), 2).stale.length).toBeGreaterThan(0)
})
