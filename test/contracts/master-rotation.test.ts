import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { deriveKey } from '../../src/domain/privacy/pseudonym.ts'
import { open, SealError, seal } from '../../src/domain/privacy/seal.ts'
import { uuidToBytes } from '../../src/kernel/ids.ts'
import { FileDayKeys } from '../../src/outbound/keys/file-day-keys.ts'
import { FileKeyStore, type FileKeyStoreOptions } from '../../src/outbound/keys/file-key-store.ts'
import { Installation } from '../../src/outbound/keys/installation.ts'
import { finishMasterRotation, rotateMaster } from '../../src/outbound/keys/master-rotation.ts'
import { randomness, SetClock } from '../clock-and-randomness.ts'
import { newSubject } from './key-store.contract.ts'

const master = Buffer.alloc(32, 1)
const next = Buffer.alloc(32, 2)
const clock = new SetClock()
const newDir = () => join(mkdtempSync(join(tmpdir(), 'bauta-master-')), 'keys')
const openIn = (dir: string, more: Partial<FileKeyStoreOptions> = {}) =>
  FileKeyStore.open({ dir, master, randomness, clock, mayCreate: true, ...more })

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'KEYS_UNAVAILABLE', message: expect.stringMatching(message) })
const hex = (key: Uint8Array | null) => key && Buffer.from(key).toString('hex')
const rotate = async (store: FileKeyStore) => {
  await store.renewWrapping((await store.wrappingKeys()).at(-1)?.number ?? 0)
  for await (const _ of store.rewrap());
}

/** A folder as the first version wrote it, where wrapping keys had no number. */
async function folderOfTheFirstVersion(subjects: readonly string[]) {
  const dir = newDir()
  const made = await openIn(dir)
  const secret = made.installationKey('blind-index')
  rmSync(join(dir, 'wrapping'), { recursive: true })
  const path = join(dir, 'installation.json')
  const { check, secret: sealed } = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ format: 'bauta/installation/v1', check, secret: sealed }))
  const key = deriveKey(master, ['bauta/wrap-subject/v1'])
  const keys = subjects.map(() => Buffer.from(randomness.bytes(64)))
  const records = subjects.map((subject, at) => {
    const context = ['bauta/subject-keys/v1', subject]
    const body = Buffer.concat([
      uuidToBytes(subject),
      seal(key, context, keys[at] ?? '', randomness),
    ])
    const crc = Buffer.alloc(4)
    crc.writeUInt32LE(crc32(body))
    return Buffer.concat([body, crc])
  })
  const torn = Buffer.alloc(50, 3)
  writeFileSync(join(dir, 'subjects.log'), Buffer.concat([randomness.bytes(16), ...records, torn]))
  return { dir, secret, dataKeys: keys.map((both) => hex(both.subarray(0, 32))) }
}

describe('a key folder of the first version', () => {
  const subjects = Array.from({ length: 4 }, newSubject)

  test('is read, written on, and rotated away from the master key', async () => {
    const { dir, secret, dataKeys } = await folderOfTheFirstVersion(subjects)
    const store = await openIn(dir, { mayCreate: false })
    const keysNow = (keys: FileKeyStore) => subjects.map((one) => hex(keys.dataKeyOf(one)))
    expect(keysNow(store)).toEqual(dataKeys)
    expect(store.installationKey('blind-index')).toEqual(secret)
    const born = newSubject()
    await store.create([born])
    expect(await store.wrappingKeys()).toEqual([
      { number: 0, since: null, retiredAt: null, people: 5 },
    ])
    await rotate(store)
    expect((await store.wrappingKeys()).map(({ number, people }) => [number, people])).toEqual([
      [1, 5],
    ])
    const again = await openIn(dir, { mayCreate: false })
    expect(keysNow(again)).toEqual(dataKeys)
    expect(again.dataKeyOf(born)).toEqual(store.dataKeyOf(born))
  })

  test('that is damaged in its middle is refused', async () => {
    const { dir } = await folderOfTheFirstVersion(subjects)
    const log = join(dir, 'subjects.log')
    const bytes = readFileSync(log)
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40)
    writeFileSync(log, bytes)
    await expect(openIn(dir)).rejects.toEqual(refusal(/damaged/))
    expect(readFileSync(log)).toEqual(bytes)
  })

  test('can not change its master key before its data keys are off it', async () => {
    const { dir } = await folderOfTheFirstVersion(subjects)
    await openIn(dir)
    const change = async () => await rotateMaster({ dir, master, next, randomness })
    await expect(change()).rejects.toMatchObject({ code: 'CONFLICT' })
    await rotate(await openIn(dir))
    await change()
    expect((await openIn(dir, { master: next })).dataKeyOf(subjects[0] ?? '')).not.toBeNull()
  })
})

describe('a new master key', () => {
  const subject = newSubject()
  let dir: string
  let store: FileKeyStore
  const days = (key: Uint8Array, of?: FileKeyStore) =>
    new FileDayKeys(join(dir, 'days'), key, randomness, of && ((work) => of.underMaster(work)))
  beforeEach(async () => {
    dir = newDir()
    store = await openIn(dir)
    await store.create([subject])
    await days(master).make('2026-01-31')
  })

  test('opens everything, the old one nothing', async () => {
    const [dataKey, index] = [store.dataKeyOf(subject), store.installationKey('blind-index')]
    const ofDay = await days(master).find('2026-01-31')
    await rotateMaster({ dir, master, next, randomness })
    const renewed = await openIn(dir, { master: next, mayCreate: false })
    expect(renewed.dataKeyOf(subject)).toEqual(dataKey)
    expect(renewed.installationKey('blind-index')).toEqual(index)
    expect(await days(next).find('2026-01-31')).toEqual(ofDay)
    await expect(openIn(dir)).rejects.toEqual(refusal(/not the one/))
    await expect(days(master).find('2026-01-31')).rejects.toEqual(refusal(/keys of the day/))
    const [sealed] = wrappingFiles(dir)
    const old = deriveKey(master, ['bauta/wrap-wrapping/v1'])
    expect(() => open(old, ['bauta/wrapping-key/v1', '1'], sealed ?? master)).toThrow(SealError)
  })

  test('opens no copy of the folder from before, wrapping keys or not', async () => {
    const backup = newDir()
    cpSync(dir, backup, { recursive: true })
    await rotateMaster({ dir, master, next, randomness })
    await expect(openIn(backup, { master: next })).rejects.toEqual(refusal(/not the one/))
    const [sealed] = wrappingFiles(backup)
    const key = deriveKey(next, ['bauta/wrap-wrapping/v1'])
    expect(() => open(key, ['bauta/wrapping-key/v1', '1'], sealed ?? next)).toThrow(SealError)
  })

  test('is finished by whoever opens the folder next, wherever the rotation was killed', async () => {
    const [dataKey, ofDay] = [store.dataKeyOf(subject), await days(master).find('2026-01-31')]
    const half = await Installation.open({ dir, master, randomness, mayCreate: false })
    const before = readFileSync(join(dir, 'wrapping', '1.key'))
    await half.changeMaster(next)
    // Killed here: nothing but the installation file is under the new key.
    await expect(openIn(dir)).rejects.toEqual(refusal(/not the one/))
    const renewed = await openIn(dir, { master: next })
    expect(renewed.dataKeyOf(subject)).toEqual(dataKey)
    expect(await days(next).find('2026-01-31')).toEqual(ofDay)
    expect(readFileSync(join(dir, 'wrapping', '1.key'))).not.toEqual(before)
    expect(JSON.parse(readFileSync(join(dir, 'installation.json'), 'utf8')).previous).toBe(
      undefined,
    )
    const installation = await Installation.open({
      dir,
      master: next,
      randomness,
      mayCreate: false,
    })
    await finishMasterRotation(dir, installation, randomness)
    expect((await openIn(dir, { master: next })).dataKeyOf(subject)).toEqual(dataKey)
  })

  test('stops processes that still have the old one: they read nothing and make no keys', async () => {
    await rotateMaster({ dir, master, next, randomness })
    clock.pass(1_000)
    const stopped = refusal(/master key was rotated/)
    expect(() => store.dataKeyOf(subject)).toThrow(stopped)
    expect(() => store.epochsOf('acme')).toThrow(stopped)
    // And again: that it was told once does not make it forget.
    expect(() => store.dataKeyOf(subject)).toThrow(stopped)
    await expect(store.create([newSubject()])).rejects.toEqual(stopped)
    await expect(store.renewWrapping(1)).rejects.toEqual(stopped)
    await expect(days(master, store).make('2026-02-01')).rejects.toEqual(refusal(/keys of the day/))
    expect(readdirSync(join(dir, 'days'))).toEqual(['2026-01-31.key'])
  })

  test('has to be another one, and the old one the right one', async () => {
    await expect(rotateMaster({ dir, master, next: master, randomness })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await expect(
      rotateMaster({ dir, master: next, next: Buffer.alloc(32, 3), randomness }),
    ).rejects.toEqual(refusal(/not the one/))
    expect(store.dataKeyOf(subject)).not.toBeNull()
  })
})

function wrappingFiles(dir: string) {
  const folder = join(dir, 'wrapping')
  return readdirSync(folder).map((name) => readFileSync(join(folder, name)))
}

test('the fingerprint of a master key is the same in every copy of the folder, and another after a change', async () => {
  const dir = newDir()
  const store = await openIn(dir)
  const before = store.masterFingerprint()
  const copy = newDir()
  cpSync(dir, copy, { recursive: true })
  await rotateMaster({ dir, master, next, randomness })
  expect((await openIn(copy)).masterFingerprint()).toBe(before)
  expect((await openIn(dir, { master: next })).masterFingerprint()).not.toBe(before)
  expect((await openIn(newDir())).masterFingerprint()).toBe(before)
})
