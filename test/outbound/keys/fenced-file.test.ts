import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { FencedFile } from '../../../src/outbound/keys/fenced-file.ts'

const HANGS_AFTER_MS = 300

/** Another process that takes its turn, says so, and replaces the file when it gets a line. */
const OTHER = `
  const { FencedFile } = await import(process.argv[1])
  const file = new FencedFile(process.argv[2], process.argv[3])
  const told = new Promise((resolve) => process.stdin.once('data', resolve))
  try {
    await file.hold(async (replace) => {
      console.log('has the turn')
      await told
      await replace(Buffer.from('of the other process'))
    })
    console.log('replaced')
  } catch (error) {
    console.log(error.code)
  }
  process.stdin.destroy()`

describe('a file that several processes replace', () => {
  let dir: string
  let path: string
  let turn: string
  const open = () => new FencedFile(path, turn, HANGS_AFTER_MS)
  const replaceWith = async (content: string) =>
    await open().hold(async (replace) => await replace(Buffer.from(content)))
  const content = () => readFileSync(path, 'utf8')

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'bauta-fenced-'))
    path = join(dir, 'file')
    turn = join(dir, 'turn')
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  test('is replaced by one at a time, and nothing else is left', async () => {
    let inside = 0
    const most: number[] = []
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        await open().hold(async (replace) => {
          most.push(++inside)
          await sleep(1)
          inside--
          await replace(Buffer.from(String(n)))
        })
      }),
    )
    expect(most).toEqual(most.map(() => 1))
    expect(readdirSync(dir)).toEqual(['file'])
  })

  test('is left as it was by work that fails, and the turn goes on', async () => {
    await replaceWith('before')
    await expect(
      open().hold(async () => {
        throw new RangeError('in the middle')
      }),
    ).rejects.toThrow(RangeError)
    expect(content()).toBe('before')
    await replaceWith('after')
    expect(content()).toBe('after')
  })

  test.each([
    ['a process that is gone', () => `${2 ** 30}.${hostname()}.1`],
    ['an earlier process of the same number', () => `${process.pid}.${hostname()}.1`],
    ['a machine that is not asked, after some seconds', () => '1.another.example.1'],
  ])('is not kept by a turn of %s', async (_, holder) => {
    mkdirSync(turn)
    writeFileSync(join(turn, holder()), 'half a dr')
    await replaceWith('anew')
    expect(content()).toBe('anew')
    expect(readdirSync(dir)).toEqual(['file'])
  })

  test('says what to mend where something else stands in the way', async () => {
    writeFileSync(turn, '')
    await expect(replaceWith('anew')).rejects.toMatchObject({
      code: 'KEYS_UNAVAILABLE',
      message: expect.stringContaining(path),
    })
    expect(readdirSync(dir)).toEqual(['turn'])
  })

  describe('when another process has the turn', () => {
    let other: ChildProcess
    let said: AsyncIterator<string>
    const next = async () => (await said.next()).value

    beforeEach(async () => {
      const [loader, module] = [
        new URL('../../runner/typescript.mjs', import.meta.url).href,
        new URL('../../../src/outbound/keys/fenced-file.ts', import.meta.url).href,
      ]
      const flags = ['--import', loader, '--input-type=module', '-e', OTHER]
      other = spawn(process.execPath, [...flags, '--', module, path, turn], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      said = createInterface({ input: other.stdout as NodeJS.ReadableStream })[
        Symbol.asyncIterator
      ]()
      expect(await next()).toBe('has the turn')
    })
    afterEach(async () => {
      const gone = other.exitCode === null && other.signalCode === null ? once(other, 'exit') : null
      other.kill('SIGKILL')
      await gone
    })

    test('and hangs, the file is replaced all the same, and not again when it wakes', async () => {
      other.kill('SIGSTOP')
      await replaceWith('of this process')
      other.kill('SIGCONT')
      other.stdin?.write('go on\n')
      expect(await next()).toBe('KEYS_UNAVAILABLE')
      expect(content()).toBe('of this process')
      expect(readdirSync(dir)).toEqual(['file'])
    })

    test('and wakes while a third one has it, that one keeps it', async () => {
      other.kill('SIGSTOP')
      await open().hold(async (replace) => {
        other.kill('SIGCONT')
        other.stdin?.write('go on\n')
        expect(await next()).toBe('KEYS_UNAVAILABLE')
        await replace(Buffer.from('of this process'))
      })
      expect(content()).toBe('of this process')
      expect(readdirSync(dir)).toEqual(['file'])
    })

    test('and dies, its turn is over', async () => {
      const gone = once(other, 'exit')
      other.kill('SIGKILL')
      await gone
      await replaceWith('of this process')
      expect(content()).toBe('of this process')
    })

    test('and is only slow, it replaces the file, and then the next one does', async () => {
      const patient = new FencedFile(path, turn)
      const replaced = patient.hold(async (replace) => {
        expect(content()).toBe('of the other process')
        await replace(Buffer.from('of this process'))
      })
      other.stdin?.write('go on\n')
      await replaced
      expect(await next()).toBe('replaced')
      expect(content()).toBe('of this process')
    })
  })
})
