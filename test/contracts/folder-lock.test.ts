import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderLock } from '../../src/outbound/postgres/folder-lock.ts'

describe('the lock of a folder', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bauta-lock-'))
    path = join(folder, 'lock')
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  test('is held by one at a time, until it is released', async () => {
    const lock = new FolderLock(path)
    const taken = await Promise.all(Array.from({ length: 10 }, () => new FolderLock(path).take()))
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect(await lock.take()).toBe(false)
    await lock.release()
    expect(await lock.take()).toBe(true)
    expect(await readdir(folder)).toEqual(['lock'])
  })

  test.each([
    ['a process that is gone', () => ({ pid: 2 ** 30, started: 'x' })],
    ['an earlier process of the same number', () => ({ pid: process.pid, started: 'boot/1' })],
    ['nothing that can be read', () => 'torn'],
  ])('passes on from %s, to one only', async (_, holder) => {
    await writeFile(path, JSON.stringify(holder()))
    const taken = await Promise.all(Array.from({ length: 10 }, () => new FolderLock(path).take()))
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid })
    expect(await readdir(folder)).toEqual(['lock'])
  })
})
