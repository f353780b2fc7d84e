import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../../kernel/refusal.ts'

const RETRY_MS = 5
/** Writers hold the lock for one append or one rewrite; whoever waits longer waits for something broken. */
const PATIENCE_MS = 15_000
/** For holders on another machine, whose liveness can't be asked. */
const STALE_MS = 60_000

/** Locks that this process holds: its number on any other one is a dead predecessor's. */
const held = new Set<string>()

/**
 * One writer at a time over all processes that share a folder. The lock file names its holder; one that died is
 * found out and cleared away, so kill -9 blocks nobody.
 */
export class FolderLock {
  readonly #path: string
  #tail: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** Runs `work` alone. @throws Refusal KEYS_UNAVAILABLE when the lock can't be had in time. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => {
      await this.#acquire()
      try {
        return await work()
      } finally {
        rmSync(this.#path, { force: true })
        held.delete(this.#path)
      }
    })
    this.#tail = turn.catch(() => {})
    return await turn
  }

  async #acquire(): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS
    while (!tryCreate(this.#path)) {
      if (this.#abandoned(this.#path)) this.#clear()
      else if (performance.now() > giveUpAt)
        throw new Refusal('KEYS_UNAVAILABLE', `${this.#path} is held by another process.`)
      else await sleep(RETRY_MS)
    }
    held.add(this.#path)
  }

  // Two waiters must not both clear: the slower would remove the lock that the faster has just taken. So clearing has
  // a lock of its own, and the holder is judged again under it. All of it is synchronous.
  #clear(): void {
    const clearing = `${this.#path}.clear`
    if (!tryCreate(clearing)) {
      if (this.#abandoned(clearing)) rmSync(clearing, { force: true })
      return
    }
    try {
      if (this.#abandoned(this.#path)) rmSync(this.#path, { force: true })
    } finally {
      rmSync(clearing, { force: true })
    }
  }

  #abandoned(path: string): boolean {
    try {
      const [pid, host] = readFileSync(path, 'utf8').split(' ')
      const old = Date.now() - statSync(path).mtimeMs > STALE_MS
      if (!pid || host !== hostname()) return old
      return Number(pid) === process.pid ? !held.has(path) : !isAlive(Number(pid))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
  }
}

function tryCreate(path: string): boolean {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    writeSync(file, `${process.pid} ${hostname()}`)
  } finally {
    closeSync(file)
  }
  return true
}

/** Whether a process of this machine has this number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
