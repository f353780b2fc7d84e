import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const watch = new URL('../dist/src/stall-watch.js', import.meta.url).href
const STUCK = 'for (;;) {}'
const BUSY = 'const until = Date.now() + 500; while (Date.now() < until) {}'

const started: ChildProcess[] = []

function run(seconds: number, work: string) {
  const script = `const { endWhenStalled } = await import('${watch}')
    endWhenStalled(${seconds})
    console.log('began')
    setInterval(() => { ${work} }, 600)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  started.push(child)
  return child
}

const begun = async ({ stdout }: ReturnType<typeof run>) => await once(stdout, 'data')
const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null

async function stuck() {
  const child = run(2, STUCK)
  const [said, [, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return { said, signal }
}

async function busy() {
  const child = run(4, BUSY)
  await begun(child)
  await sleep(7_000)
  return hasEnded(child)
}

async function stopped() {
  const child = run(4, BUSY)
  await begun(child)
  child.kill('SIGSTOP')
  await sleep(6_000)
  child.kill('SIGCONT')
  await sleep(6_000)
  return hasEnded(child)
}

async function unwatched() {
  const child = run(0, STUCK)
  await begun(child)
  await sleep(4_000)
  const ended = hasEnded(child)
  child.kill('SIGKILL')
  return ended
}

describe('a process that is watched', () => {
  // Each takes seconds of waiting: they wait side by side.
  const outcomes = Promise.all([stuck(), busy(), stopped(), unwatched()])
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL')
  })

  test('ends, and says why, when its main thread is stuck', async () => {
    const [{ said, signal }] = await outcomes
    expect(signal).toBe('SIGKILL')
    expect(said).toContain('BAUTA_STALL_SECONDS')
  })

  test('goes on while it works hard but moves', async () => {
    const [, ended] = await outcomes
    expect(ended).toBe(false)
  })

  test('goes on after it was stopped for longer than it may stall', async () => {
    const [, , ended] = await outcomes
    expect(ended).toBe(false)
  })

  test('may be stuck for ever where nobody wants it ended', async () => {
    const [, , , ended] = await outcomes
    expect(ended).toBe(false)
  })
})
