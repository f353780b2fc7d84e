import { link, readFile, rm, writeFile } from 'node:fs/promises'

/**
 * One process at a time in a folder, by a file that names its holder. A holder that was killed leaves its file behind;
 * process id, start time and boot tell it from a later process with the same number.
 */
export class FolderLock {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** True: this process holds the lock now. False: another living process does. */
  async take(): Promise<boolean> {
    const me = await identityOf(process.pid)
    const mine = `${this.#path}.${process.pid}.${process.hrtime.bigint()}`
    await writeFile(mine, JSON.stringify(me), { mode: 0o600 })
    try {
      if (await linked(mine, this.#path)) return true
      await this.#removeDead(mine)
      return await linked(mine, this.#path)
    } finally {
      await rm(mine, { force: true })
    }
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true })
  }

  /** Under a lock of its own: otherwise two that saw the same dead holder could remove each other's fresh lock. */
  async #removeDead(mine: string): Promise<void> {
    const takeover = `${this.#path}.takeover`
    if (!(await linked(mine, takeover))) {
      const other = await readIfThere(takeover)
      // Killed in the instant of taking over: the next attempt gets through.
      if (other !== null && !(await isAlive(other))) await rm(takeover, { force: true })
      return
    }
    try {
      const holder = await readIfThere(this.#path)
      if (holder !== null && !(await isAlive(holder))) await rm(this.#path, { force: true })
    } finally {
      await rm(takeover, { force: true })
    }
  }
}

/** A link, unlike a write, appears with its whole content and to one process only. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

interface Identity {
  readonly pid: number
  /** Start time and boot on Linux; elsewhere empty, and the number alone decides. */
  readonly started: string
}

async function identityOf(pid: number): Promise<Identity> {
  const boot = await readIfThere('/proc/sys/kernel/random/boot_id')
  const stat = await readIfThere(`/proc/${pid}/stat`)
  // Field 22; the second field, the name in brackets, may hold blanks.
  const start = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return { pid, started: boot && start ? `${boot.trim()}/${start}` : '' }
}

async function isAlive(holder: string): Promise<boolean> {
  let identity: Identity
  try {
    identity = JSON.parse(holder) as Identity
    process.kill(identity.pid, 0)
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if (!hasCode(error, 'EPERM')) return false
    identity = JSON.parse(holder) as Identity
  }
  return (await identityOf(identity.pid)).started === identity.started
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return null
  }
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === code
}
