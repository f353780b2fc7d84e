import { spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileKeyStore, type FileKeyStoreOptions } from '../../src/outbound/keys/file-key-store.ts'
import { openMasterKey } from '../../src/outbound/keys/master-key.ts'
import { RECORD } from '../../src/outbound/keys/subject-log.ts'
import { randomness, SetClock } from '../clock-and-randomness.ts'
import { keyStoreContract, newSubject } from './key-store.contract.ts'

const master = Buffer.alloc(32, 1)
const clock = new SetClock()
const newDir = () => join(mkdtempSync(join(tmpdir(), 'bauta-keys-')), 'keys')
const openIn = (dir: string, more: Partial<FileKeyStoreOptions> = {}) =>
  FileKeyStore.open({ dir, master, randomness, clock, mayCreate: true, ...more })

keyStoreContract('FileKeyStore', async () => {
  const dir = newDir()
  return { store: await openIn(dir), again: () => openIn(dir, { mayCreate: false }) }
})

describe('the key folder', () => {
  let dir: string
  let log: string
  const made = [newSubject(), newSubject(), newSubject()]
  beforeEach(async () => {
    dir = newDir()
    log = join(dir, 'subjects.log')
    await (await openIn(dir)).create(made)
  })
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: 'KEYS_UNAVAILABLE', message: expect.stringMatching(message) })

  test('is readable by its owner only', () => {
    for (const file of ['subjects.log', 'installation.json'])
      expect(statSync(join(dir, file)).mode & 0o077).toBe(0)
    expect(statSync(dir).mode & 0o077).toBe(0)
  })

  test('holds no key in clear', async () => {
    const store = await openIn(dir)
    const bytes = Buffer.concat([readFileSync(log), readFileSync(join(dir, 'installation.json'))])
    for (const subject of made)
      expect(bytes.includes(Buffer.from(store.dataKeyOf(subject) ?? []))).toBe(false)
  })

  test('is refused under another master key', async () => {
    await expect(openIn(dir, { master: Buffer.alloc(32, 2) })).rejects.toEqual(
      refusal(/not the one/),
    )
  })

  test('is never begun anew where people exist already', async () => {
    await expect(openIn(newDir(), { mayCreate: false })).rejects.toEqual(refusal(/missing/))
  })

  test.each(['subjects.log', 'installation.json'])('is refused without %s', async (file) => {
    rmSync(join(dir, file))
    await expect(openIn(dir, { mayCreate: false })).rejects.toEqual(refusal(/missing/))
  })

  test('is refused when its secret was altered', async () => {
    const path = join(dir, 'installation.json')
    const file = JSON.parse(readFileSync(path, 'utf8')) as { secret: string }
    const secret = Buffer.from(file.secret, 'base64')
    secret.writeUInt8(secret.readUInt8(20) ^ 1, 20)
    writeFileSync(path, JSON.stringify({ ...file, secret: secret.toString('base64') }))
    await expect(openIn(dir)).rejects.toEqual(refusal(/damaged/))
  })

  test.each([1, RECORD - 1, RECORD / 2])(
    'forgets %d bytes of a write that was cut short, and goes on',
    async (length) => {
      const before = await openIn(dir)
      appendFileSync(log, Buffer.alloc(length, 9))
      const store = await openIn(dir)
      expect(store.dataKeyOf(made[2] ?? '')).toEqual(before.dataKeyOf(made[2] ?? ''))
      const subject = newSubject()
      await store.create([subject])
      expect((await openIn(dir)).dataKeyOf(subject)).toEqual(store.dataKeyOf(subject))
    },
  )

  test('loses only the torn record when the last one is cut', async () => {
    truncateSync(log, statSync(log).size - 10)
    const store = await openIn(dir)
    expect(made.map((subject) => store.dataKeyOf(subject) !== null)).toEqual([true, true, false])
  })

  test('is refused when a record in its middle is damaged', async () => {
    const bytes = readFileSync(log)
    const at = bytes.length - 2 * RECORD + 30
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(log, bytes)
    await expect(openIn(dir)).rejects.toEqual(refusal(/damaged/))
  })

  test('shows within a second what another process destroyed', async () => {
    const moving = new SetClock()
    const store = await openIn(dir, { clock: moving })
    const other = await openIn(dir)
    await other.destroy([made[0] ?? ''])
    await other.create([newSubject()])
    moving.pass(1_000)
    expect(store.dataKeyOf(made[0] ?? '')).toBeNull()
    expect(store.auditRefOf(made[0] ?? '')).toBeNull()
    expect(store.dataKeyOf(made[1] ?? '')).toEqual(other.dataKeyOf(made[1] ?? ''))
  })

  test('is taken over from a writer that was killed while it held the lock', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => child.on('exit', resolve))
    writeFileSync(join(dir, 'subjects.lock'), `${child.pid} ${hostname()}`)
    const store = await openIn(dir)
    const subject = newSubject()
    await store.create([subject])
    expect(store.dataKeyOf(subject)).not.toBeNull()
  })

  test('holds many people', async () => {
    const store = await openIn(dir)
    const people = Array.from({ length: 20_000 }, newSubject)
    await store.create(people)
    const again = await openIn(dir)
    expect(again.dataKeyOf(people[19_999] ?? '')).toEqual(store.dataKeyOf(people[19_999] ?? ''))
  })
})

describe('the master key', () => {
  test('of a development gateway is made once, for its owner only', async () => {
    const path = join(newDir(), 'master.key')
    const key = await openMasterKey({ kind: 'create', path }, randomness)
    expect(key).toHaveLength(32)
    expect(statSync(path).mode & 0o077).toBe(0)
    expect(await openMasterKey({ kind: 'create', path }, randomness)).toEqual(key)
  })

  test('is never made anew beside keys that another one sealed', async () => {
    const dir = newDir()
    await openIn(dir)
    await expect(
      openMasterKey({ kind: 'create', path: join(dir, 'master.key') }, randomness),
    ).rejects.toThrow(/missing/)
  })

  test('is refused when its file is missing or holds something else', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'bauta-master-')), 'master.key')
    await expect(openMasterKey({ kind: 'file', path }, randomness)).rejects.toThrow(
      /can not be read/,
    )
    writeFileSync(path, 'c2hvcnQ=\n')
    await expect(openMasterKey({ kind: 'file', path }, randomness)).rejects.toThrow(/32 bytes/)
  })

  test('is taken from its file or from the setting', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'bauta-master-')), 'master.key')
    const base64 = Buffer.alloc(32, 5).toString('base64')
    writeFileSync(path, `${base64}\n`)
    expect(await openMasterKey({ kind: 'file', path }, randomness)).toEqual(Buffer.alloc(32, 5))
    expect(await openMasterKey({ kind: 'value', base64 }, randomness)).toEqual(Buffer.alloc(32, 5))
  })

  test('is what a command prints, in base64 or hex', async () => {
    const key = Buffer.alloc(32, 6)
    for (const text of [key.toString('base64'), key.toString('hex')])
      expect(await openMasterKey({ kind: 'command', command: `echo ${text}` }, randomness)).toEqual(
        key,
      )
  })

  test('is refused when its command fails or prints something else, which no error repeats', async () => {
    for (const command of ['echo hunter2; exit 3', 'echo hunter2', 'no-such-command-hunter2']) {
      const refused = await openMasterKey({ kind: 'command', command }, randomness).then(
        () => null,
        (error: Error) => error,
      )
      expect(refused).toMatchObject({ code: 'KEYS_UNAVAILABLE' })
      expect(`${refused?.message} ${refused?.stack} ${refused?.cause}`).not.toMatch(/hunter2/)
    }
  })
})
