import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditLeaf } from '../../domain/audit/audit-log.ts'
import { leafHash } from '../../domain/audit/merkle.ts'

/** A file beyond this size is left alone and the next one begun: small enough to copy, large enough to be few. */
const ROTATE_AT_BYTES = 16 * 1024 * 1024
/**
 * The embedded server never calls fsync, so a power cut takes what the operating system had not yet written by itself:
 * half a minute at most, as systems come. Ten times that is read again.
 */
const AT_RISK_MS = 5 * 60_000
/** As `lineOf` begins a line. */
const INDEX = /^\{"index":(\d+),/
const NAME = /^journal-(\d{6,})\.jsonl$/

/** A leaf with its place in the trail. */
export interface NumberedLeaf extends AuditLeaf {
  readonly index: number
}

/**
 * Copy of the trail in files, for the embedded server: every batch is in a file, synced, before its `append` resolves.
 * One JSON line per entry: `{"index", "entryId", "leaf": base64 of the exact bytes, "hash": base64}`. Several processes
 * may append to the same file.
 */
export class AuditJournal {
  readonly #folder: string
  readonly #rotateAtBytes: number
  #current: { handle: FileHandle; number: number; midLine: boolean } | null = null
  #failure: unknown
  #turn: Promise<void> = Promise.resolve()

  /** @param folder is made when it is missing. */
  constructor(folder: string, rotateAtBytes = ROTATE_AT_BYTES) {
    this.#folder = folder
    this.#rotateAtBytes = rotateAtBytes
  }

  /**
   * Resolves when the lines are on disk. After one failure every further call fails: nobody knows what the operating
   * system has kept, and a second sync would claim success (PostgreSQL learnt so in 2018).
   */
  async append(leaves: readonly NumberedLeaf[]): Promise<void> {
    const turn = this.#turn.then(async () => await this.#append(leaves))
    this.#turn = turn.catch(() => {})
    await turn
  }

  async #append(leaves: readonly NumberedLeaf[]): Promise<void> {
    this.assertUsable()
    try {
      const current = await this.#writable()
      const lines = leaves.map(lineOf).join('')
      // A power cut may have left half a line; what follows must not be glued to it.
      await current.handle.appendFile(current.midLine ? `\n${lines}` : lines)
      current.midLine = false
      await current.handle.datasync()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  /** @throws what made an earlier `append` fail. */
  assertUsable(): void {
    if (this.#failure) throw this.#failure
  }

  /**
   * The entries that a power cut may have taken from the database, oldest file first. Lines that are torn or damaged
   * are left out and counted.
   */
  async *recent(onDamaged: () => void): AsyncIterable<NumberedLeaf> {
    for (const path of await this.#recentFiles()) {
      const handle = await open(path)
      try {
        for await (const line of handle.readLines({ encoding: 'utf8' })) {
          if (line === '') continue
          const leaf = parseLine(line)
          if (leaf) yield leaf
          else onDamaged()
        }
      } finally {
        await handle.close()
      }
    }
  }

  /**
   * Removes the oldest files that hold nothing but entries below that number; never the newest one.
   * @returns how many.
   */
  async discardBelow(index: number): Promise<number> {
    const numbers = await this.#numbers()
    let discarded = 0
    for (const number of numbers.slice(0, -1)) {
      if (!(await this.#holdsOnlyBelow(index, this.#path(number)))) break
      await rm(this.#path(number))
      discarded++
    }
    if (discarded > 0) await this.#syncFolder()
    return discarded
  }

  async #holdsOnlyBelow(index: number, path: string): Promise<boolean> {
    const handle = await open(path)
    try {
      for await (const line of handle.readLines({ encoding: 'utf8' }))
        if (Number(INDEX.exec(line)?.[1] ?? -1) >= index) return false
      return true
    } finally {
      await handle.close()
    }
  }

  async close(): Promise<void> {
    this.#failure ??= new Error('The journal is closed.')
    await this.#current?.handle.close()
    this.#current = null
  }

  async #writable() {
    const size = this.#current ? (await this.#current.handle.stat()).size : 0
    if (this.#current && size < this.#rotateAtBytes) return this.#current
    const number = this.#current ? this.#current.number + 1 : ((await this.#numbers()).at(-1) ?? 1)
    await this.#current?.handle.close()
    this.#current = null
    const handle = await open(this.#path(number), 'a', 0o600)
    this.#current = { handle, number, midLine: (await handle.stat()).size > 0 }
    await this.#syncFolder()
    return this.#current
  }

  /** A new file is only as durable as the folder's entry for it. */
  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }

  async #recentFiles(): Promise<string[]> {
    const files = await Promise.all(
      (await this.#numbers()).map(async (number) => {
        const path = this.#path(number)
        return { path, changedAt: (await stat(path)).mtimeMs }
      }),
    )
    const newest = Math.max(...files.map(({ changedAt }) => changedAt))
    return files.filter(({ changedAt }) => changedAt >= newest - AT_RISK_MS).map(({ path }) => path)
  }

  async #numbers(): Promise<number[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    return (await readdir(this.#folder))
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
  }

  #path(number: number): string {
    return join(this.#folder, `journal-${String(number).padStart(6, '0')}.jsonl`)
  }
}

function lineOf({ index, entryId, bytes, hash }: NumberedLeaf): string {
  const leaf = Buffer.from(bytes).toString('base64')
  return `${JSON.stringify({ index, entryId, leaf, hash: Buffer.from(hash).toString('base64') })}\n`
}

function parseLine(line: string): NumberedLeaf | null {
  try {
    const { index, entryId, leaf, hash } = JSON.parse(line) as Record<string, unknown>
    if (!Number.isSafeInteger(index) || typeof entryId !== 'string') return null
    const bytes = Buffer.from(String(leaf), 'base64')
    const recorded = Buffer.from(String(hash), 'base64')
    if (!leafHash(bytes).equals(recorded)) return null
    return { index: index as number, entryId, bytes, hash: recorded }
  } catch {
    return null
  }
}
