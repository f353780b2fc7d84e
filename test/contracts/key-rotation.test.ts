import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deriveKey } from '../../src/domain/privacy/pseudonym.ts'
import { open, SealError, seal } from '../../src/domain/privacy/seal.ts'
import { DAY } from '../../src/kernel/time.ts'
import { FileKeyStore, type FileKeyStoreOptions } from '../../src/outbound/keys/file-key-store.ts'
import { Installation } from '../../src/outbound/keys/installation.ts'
import { HEADER, openRecord, RECORD, RecordTable } from '../../src/outbound/keys/subject-log.ts'
import { WrappingKeys } from '../../src/outbound/keys/wrapping-keys.ts'
import { randomness, SetClock } from '../clock-and-randomness.ts'
import { keyRotationContract } from './key-rotation.contract.ts'
import { newSubject } from './key-store.contract.ts'

const master = Buffer.alloc(32, 1)
let clock = new SetClock()
const newDir = () => join(mkdtempSync(join(tmpdir(), 'bauta-rotation-')), 'keys')
const openIn = (dir: string, more: Partial<FileKeyStoreOptions> = {}) =>
  FileKeyStore.open({ dir, master, randomness, clock, mayCreate: true, ...more })

keyRotationContract('FileKeyStore', async () => {
  clock = new SetClock()
  const dir = newDir()
  return { clock, store: await openIn(dir), again: () => openIn(dir, { mayCreate: false }) }
})

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'KEYS_UNAVAILABLE', message: expect.stringMatching(message) })
const hex = (key: Uint8Array | null) => key && Buffer.from(key).toString('hex')
const rotate = async (store: FileKeyStore) => {
  await store.renewWrapping((await store.wrappingKeys()).at(-1)?.number ?? 0)
  for await (const _ of store.rewrap());
}

describe('wrapping keys', () => {
  let dir: string
  let log: string
  const subjects = Array.from({ length: 5 }, newSubject)
  beforeEach(async () => {
    dir = newDir()
    log = join(dir, 'subjects.log')
    await (await openIn(dir)).create(subjects)
  })

  test('lie in a folder of their own, for their owner only and not in clear', async () => {
    const path = join(dir, 'wrapping', '1.key')
    expect(statSync(path).mode & 0o077).toBe(0)
    expect(statSync(join(dir, 'wrapping')).mode & 0o077).toBe(0)
    expect(readdirSync(join(dir, 'wrapping'))).toEqual(['1.key'])
  })

  test('that people rest on and that are missing, damaged or another one stop the start', async () => {
    await rotate(await openIn(dir))
    const [one, two] = [1, 2].map((number) => join(dir, 'wrapping', `${number}.key`))
    const file = readFileSync(two ?? '')
    writeFileSync(two ?? '', readFileSync(one ?? ''))
    await expect(openIn(dir)).rejects.toEqual(refusal(/2\.key is damaged/))
    writeFileSync(two ?? '', file.subarray(1))
    await expect(openIn(dir)).rejects.toEqual(refusal(/2\.key is damaged/))
    rmSync(join(dir, 'wrapping'), { recursive: true })
    await expect(openIn(dir)).rejects.toEqual(refusal(/2\.key is missing/))
  })

  test('that are lost before there is anybody are made anew', async () => {
    const empty = newDir()
    await openIn(empty)
    rmSync(join(empty, 'wrapping'), { recursive: true })
    const store = await openIn(empty)
    await store.create(subjects)
    expect((await store.wrappingKeys()).map(({ number, people }) => [number, people])).toEqual([
      [1, 5],
    ])
  })

  test('survive a rotation that was killed while it wrote', async () => {
    const store = await openIn(dir)
    const before = subjects.map((one) => hex(store.dataKeyOf(one)))
    await store.renewWrapping(1)
    appendFileSync(log, Buffer.alloc(RECORD / 2, 7))
    const restarted = await openIn(dir)
    expect(subjects.map((one) => hex(restarted.dataKeyOf(one)))).toEqual(before)
    for await (const _ of restarted.rewrap());
    expect(subjects.map((one) => hex(restarted.dataKeyOf(one)))).toEqual(before)
    expect(statSync(log).size).toBe(16 + subjects.length * RECORD)
  })

  test('once destroyed leave an old copy of the folder without them unreadable, whatever else somebody holds', async () => {
    const store = await openIn(dir)
    const [erased = ''] = subjects
    const value = seal(store.dataKeyOf(erased) ?? master, ['name'], 'Maria Rossi', randomness)
    // What is backed up for long: all but the wrapping keys, whose copies have a shorter life.
    const backup = newDir()
    cpSync(dir, backup, { recursive: true, filter: (path) => !path.endsWith('wrapping') })
    const [first] = await wrappingKeysIn(dir)
    await store.destroy([erased])
    clock.pass(DAY)
    await rotate(store)
    clock.pass(DAY)
    expect(await store.destroyRetiredBefore(clock.now())).toEqual([1])

    cpSync(join(dir, 'wrapping'), join(backup, 'wrapping'), { recursive: true })
    await expect(openIn(backup)).rejects.toEqual(refusal(/1\.key is missing/))
    const table = new RecordTable()
    table.append(readFileSync(join(backup, 'subjects.log')).subarray(HEADER))
    const record = table.get(erased) ?? Buffer.alloc(0)
    const held = [
      master,
      ...['bauta/wrap-subject/v1', 'bauta/wrap-wrapping/v1', 'bauta/wrap-installation/v1'].map(
        (kind) => deriveKey(master, [kind]),
      ),
      ...['blind-index', 'pseudonym', 'quarantine'].map((use) => store.installationKey(use)),
      ...(await wrappingKeysIn(dir)).map(({ key }) => key),
    ]
    for (const key of held)
      for (const number of [0, 1, 2])
        expect(() => openRecord(record, erased, { number, key })).toThrow(SealError)
    // That the attack would find something: with the destroyed key it does.
    const { dataKey } = openRecord(record, erased, first ?? { number: 1, key: master })
    expect(open(dataKey, ['name'], value).toString()).toBe('Maria Rossi')
  })
})

async function wrappingKeysIn(dir: string) {
  const installation = await Installation.open({ dir, master, randomness, mayCreate: false })
  const keys = new WrappingKeys(dir, installation, randomness, clock)
  keys.look()
  return keys.all
}
