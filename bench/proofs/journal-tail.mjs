/** Reads the embedded server's audit journal as a kill has left it, before a start can repair it. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'

export class JournalTail {
  #folder
  #read = new Map()
  /** Files whose last line a kill has torn. */
  #tornIn = new Set()
  /** Request ids of entries whose line is whole. */
  whole = new Set()
  torn = 0
  findings = []

  constructor(dataDir) {
    this.#folder = join(dataDir, 'audit')
  }

  /** Takes in what came since the last time. A line that is not whole may only be the last one. */
  read() {
    const names = existsSync(this.#folder) ? readdirSync(this.#folder).sort() : []
    for (const name of names) {
      const lines = this.#newIn(join(this.#folder, name)).split('\n')
      const unfinished = lines.pop()
      // What a kill has left of a line is closed by the next start with a line feed: that one counts for nothing.
      if (this.#tornIn.delete(name)) lines.shift()
      for (const line of lines) this.#take(line)
      if (!unfinished) continue
      this.torn++
      this.#tornIn.add(name)
    }
  }

  #newIn(path) {
    const from = this.#read.get(path) ?? 0
    const bytes = Buffer.alloc(statSync(path).size - from)
    const file = openSync(path)
    readSync(file, bytes, 0, bytes.length, from)
    closeSync(file)
    const end = bytes.lastIndexOf(10) + 1
    this.#read.set(path, from + end)
    return bytes.toString('utf8')
  }

  #take(line) {
    if (line === '') return
    try {
      const { leaf } = JSON.parse(line)
      this.whole.add(JSON.parse(Buffer.from(leaf, 'base64')).requestId)
    } catch {
      this.findings.push('a damaged line in the journal that no kill explains')
    }
  }
}
