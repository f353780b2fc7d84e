import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../../kernel/refusal.ts'
import { syncFolder, writeAll } from './durable-file.ts'
import { isAlive } from './folder-lock.ts'

const RETRY_MS = 5
/** Whoever waits longer waits for something broken. */
const PATIENCE_MS = 15_000
/** A turn is one look at a file and one rewrite: a holder that needs longer hangs. As long as in the database. */
const HANGS_AFTER_MS = 5_000

/** Turns that this process has: its number on any other one is a dead predecessor's. */
const held = new Set<string>()

/** Puts a new content in place of the old one, durably and whole or not at all. The turn ends with it. */
export type Replace = (content: Uint8Array) => Promise<void>

/**
 * A file that several processes replace, one at a time. A holder that dies loses its turn at once, one that hangs after some
 * seconds. When that one wakes it can not replace the file any more: the lock is a folder that holds the draft of whoever has
 * the turn, and taking the turn away is removing that draft. What is not there can not be renamed (fencing, as in M. Kleppmann,
 * "How to do distributed locking", 2016, without numbers: the file system checks it).
 */
export class FencedFile {
  readonly #path: string
  readonly #turn: string
  readonly #hangsAfterMs: number
  #tail: Promise<unknown> = Promise.resolve()

  /** @param turn the folder that holds the draft of whoever has the turn: beside the file, on the same file system */
  constructor(path: string, turn: string, hangsAfterMs = HANGS_AFTER_MS) {
    this.#path = path
    this.#turn = turn
    this.#hangsAfterMs = hangsAfterMs
  }

  /**
   * Runs `work` alone; it may replace the file once.
   * @throws Refusal KEYS_UNAVAILABLE: the turn can't be had in time, or was lost before the file was replaced.
   */
  async hold<T>(work: (replace: Replace) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => {
      const holder = `${process.pid}.${hostname()}.${randomUUID()}`
      await this.#take(holder)
      try {
        return await work(async (content) => await this.#replace(holder, content))
      } finally {
        await this.#leave(holder)
      }
    })
    this.#tail = turn.catch(() => {})
    return await turn
  }

  async #take(holder: string): Promise<void> {
    held.add(holder)
    try {
      await this.#waitForTurn(holder)
    } catch (cause) {
      held.delete(holder)
      throw this.#unwritable(cause)
    }
  }

  async #waitForTurn(holder: string): Promise<void> {
    const began = performance.now()
    let other = ''
    for (let since = began; !(await this.#tryTake(holder)); await sleep(RETRY_MS)) {
      const [now = ''] = await this.#holders()
      if (now !== other) since = performance.now()
      other = now
      const hangs = performance.now() - since > this.#hangsAfterMs
      if (now && (hangs || isDead(now))) await rm(join(this.#turn, now), { force: true })
      else if (performance.now() - began > PATIENCE_MS)
        throw new Refusal('KEYS_UNAVAILABLE', `${this.#turn} is held by other processes.`)
    }
  }

  /** The folder comes with the draft in it: between the two somebody else could take the turn. */
  async #tryTake(holder: string): Promise<boolean> {
    const own = `${this.#turn}.${holder}`
    await mkdir(own, { mode: 0o700 })
    try {
      await (await open(join(own, holder), 'wx', 0o600)).close()
      // Takes the place of an empty folder, never of one with somebody's draft.
      await rename(own, this.#turn)
      return true
    } catch (cause) {
      await rm(own, { recursive: true, force: true })
      if (isOneOf(cause, 'ENOTEMPTY', 'EEXIST')) return false
      throw cause
    }
  }

  async #holders(): Promise<readonly string[]> {
    try {
      return await readdir(this.#turn)
    } catch (cause) {
      if (isOneOf(cause, 'ENOENT')) return []
      throw cause
    }
  }

  async #replace(holder: string, content: Uint8Array): Promise<void> {
    const draft = join(this.#turn, holder)
    try {
      const file = await open(draft, 'r+')
      try {
        await writeAll(file, content, 0)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, this.#path)
      await syncFolder(dirname(this.#path))
    } catch (cause) {
      if (!isOneOf(cause, 'ENOENT')) throw this.#unwritable(cause)
      const message = `${this.#path} was not replaced: this process hung, and another one has taken its turn.`
      throw new Refusal('KEYS_UNAVAILABLE', message, { cause })
    }
  }

  async #leave(holder: string): Promise<void> {
    held.delete(holder)
    await rm(join(this.#turn, holder), { force: true })
    // Whoever has the turn by now keeps it: a folder that is not empty stays.
    await rmdir(this.#turn).catch(() => {})
  }

  #unwritable(cause: unknown): Refusal {
    if (cause instanceof Refusal) return cause
    return new Refusal('KEYS_UNAVAILABLE', `${this.#path} can not be written.`, { cause })
  }
}

function isOneOf(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

function isDead(holder: string): boolean {
  const [pid, ...rest] = holder.split('.')
  const host = rest.slice(0, -1).join('.')
  if (!pid || host !== hostname()) return false
  if (Number(pid) === process.pid) return !held.has(holder)
  return !isAlive(Number(pid))
}
