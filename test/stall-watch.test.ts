import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'

const watch = new URL('../dist/src/stall-watch.js', import.meta.url).href
const STUCK = 'for (;;) {}'
const BUSY = 'const until = Date.now() + 500; while (Date.now() < until) {}'

let child: ChildProcess
let said = ''

function run(seconds: number, work: string): ChildProcess {
  said = ''
  const script = `const { endWhenStalled } = await import('${watch}')
    endWhenStalled(${seconds})
    console.log('began')
    setInterval(() => { ${work} }, 600)`
  child = spawn(process.execPath, ['--input-type=module', '-e', script])
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  return child
}

const hasEnded = () => child.exitCode !== null || child.signalCode !== null
const begun = async () => await once(child.stdout as NodeJS.ReadableStream, 'data')

afterEach(() => void child.kill('SIGKILL'))

describe('a process that is watched', () => {
  test('ends, and says why, when its main thread is stuck', async () => {
    const [, signal] = await once(run(2, STUCK), 'exit')
    expect(signal).toBe('SIGKILL')
    expect(said).toContain('BAUTA_STALL_SECONDS')
  })

  test('goes on while it works hard but moves', async () => {
    run(4, BUSY)
    await begun()
    await sleep(7_000)
    expect(hasEnded()).toBe(false)
  })

  test('goes on after it was stopped for longer than it may stall', async () => {
    run(4, BUSY)
    await begun()
    child.kill('SIGSTOP')
    await sleep(6_000)
    child.kill('SIGCONT')
    await sleep(6_000)
    expect(hasEnded()).toBe(false)
  })

  test('may be stuck for ever where nobody wants it ended', async () => {
    run(0, STUCK)
    await begun()
    await sleep(4_000)
    expect(hasEnded()).toBe(false)
  })
})
