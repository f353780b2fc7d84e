import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { DAY } from '../../src/kernel/time.ts'
import { keyRotationsOf } from '../../src/key-desk.ts'
import { FileKeyStore } from '../../src/outbound/keys/file-key-store.ts'
import { rotateMaster } from '../../src/outbound/keys/master-rotation.ts'
import { type Loot, recovered } from '../attacker-with-a-backup.ts'
import { randomness } from '../clock-and-randomness.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

/**
 * Row P5: an attacker with the master key of today, everything that is there after an erasure, and a backup of the
 * database and the key folder from before it.
 */
const VAULT = {
  name: 'Quetzalname',
  email: 'quetzalmail@example.com',
  phone: '+4930901820',
  address: 'Quetzalstreet 7',
  birthDate: '1981-07-23',
  externalId: 'quetzal-external',
  identitySubject: 'quetzal-identity',
  shoeSize: 'quetzal-unregistered',
}
const VALUES = Object.values(VAULT)
const REFUSED = 'quetzal-refused'

let running: RunningGateway
let folder: string
let uses: Set<string>
let copies = 0
/** The data folder before the erasure, right after it, and when the wrapping key of that time is destroyed. */
let [before, erased, later] = ['', '', '']

/** All files as they are now: nothing is written while they are copied. */
async function copy(): Promise<string> {
  await running.gateway.stores.opened.database.query('CHECKPOINT')
  copies += 1
  const to = join(folder, `copy-${copies}`)
  cpSync(running.gateway.config.dataDir, to, { recursive: true, filter: isFile })
  return to
}
const isFile = (path: string) => !/\.(sock|lock|pid)|\.s\.PGSQL/.test(path)

/** As docs/keys.md says that it is backed up for long: copies of wrapping keys are gone sooner. */
function backup(): string {
  const to = `${before}-backup`
  cpSync(before, to, { recursive: true })
  for (const name of ['wrapping', 'days', 'master.key'])
    rmSync(join(to, 'keys', name), { recursive: true, force: true })
  return to
}

const masterIn = (at: string) =>
  Buffer.from(readFileSync(join(at, 'keys', 'master.key'), 'utf8').trim(), 'base64')

async function attack(old: string, now: string, masters = [masterIn(later)]) {
  const loot: Loot = {
    masters,
    keys: [old, now].map((at) => join(at, 'keys')),
    databases: [old, now].map((at) => join(at, 'postgres')),
    uses,
  }
  return await recovered(loot, [...VALUES, REFUSED])
}

beforeAll(async () => {
  const derived = jest.spyOn(FileKeyStore.prototype, 'installationKey')
  running = await RunningGateway.start({}, 'policy')
  folder = mkdtempSync(join(tmpdir(), 'bauta-attacked-'))
  await running.client({ id: 'own', roles: ['subject'] })
  const [person = ''] = await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'maria',
      identifiers: given({ userId: 'maria', email: VAULT.email }),
      traits: { ...VAULT, country: 'DE' },
    },
  ])
  const as: As = {
    token: await running.tokenFor('own', person as SubjectId),
    purpose: 'SUBJECT_RIGHTS',
  }
  // A package lies there for a day, and holds everything once more.
  expect((await running.ask(as, 'mutation { requestAccess { id } }')).codes).toEqual([])
  const { rejected } = await running.gateway.ingest.acceptLive(
    'crm',
    [{ type: 'profile', identifiers: given({ userId: 'maria' }), traits: { name: REFUSED } }],
    { verified: true, subject: null },
  )
  expect(rejected).toHaveLength(1)
  before = await copy()

  const { codes } = await running.ask(as, 'mutation { eraseProfile { id } }')
  expect(codes).toEqual([])
  erased = await copy()

  const rotations = keyRotationsOf(running.gateway)
  for await (const _ of rotations.rotateWrapping());
  const clock = { now: () => Date.now() + (running.gateway.config.keyBackupDays + 1) * DAY }
  expect(await keyRotationsOf({ ...running.gateway, clock }).keepUp()).toBe(1)
  later = await copy()
  uses = new Set(derived.mock.calls.map(([use]) => use))
})
afterAll(async () => {
  jest.restoreAllMocks()
  await running.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('the attack is one: before the wrapping key is destroyed, it gets every value out of the backup', async () => {
  expect(await attack(backup(), erased)).toEqual([...VALUES, REFUSED])
})

test('the erasure itself leaves nothing that opens without a backup', async () => {
  expect(await attack(erased, later)).toEqual([])
})

test('once the wrapping key is destroyed nothing of the vault comes out of the backup', async () => {
  // What was refused is no part of the vault: THREAT_MODEL.md says what becomes of it.
  expect(await attack(backup(), later)).toEqual([REFUSED])
})

test('a copy that was kept whole, wrapping keys too, opens under the same master key', async () => {
  expect(await attack(before, later)).toEqual([...VALUES, REFUSED])
})

test('and nothing of the vault in it opens under the next one', async () => {
  const next = Buffer.from(randomness.bytes(32))
  const dir = join(later, 'keys')
  await rotateMaster({ dir, master: masterIn(later), next, randomness })
  expect(await attack(before, later, [next])).toEqual([REFUSED])
})
