import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'

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
      return (
        (await this.#link(mine)) || ((await this.#removeDead(mine)) && (await this.#link(mine)))
      )
    } finally {
      await rm(mine, { force: true })
    }
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true })
  }

  /** A link, unlike a write, appears with its whole content and to one process only. */
  async #link(from: string): Promise<boolean> {
    try {
      await link(from, this.#path)
      return true
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false
      throw error
    }
  }

  async #removeDead(mine: string): Promise<boolean> {
    const holder = await readIfThere(this.#path)
    if (holder === null) return true
    if (await isAlive(holder)) return false
    const aside = `${mine}.dead`
    try {
      await rename(this.#path, aside)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return true
      throw error
    }
    // Somebody faster may have taken over between reading and renaming: then the lock is theirs again.
    const moved = await readIfThere(aside)
    if (moved !== holder) await this.#link(aside)
    await rm(aside, { force: true })
    return moved === holder
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
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code
}
