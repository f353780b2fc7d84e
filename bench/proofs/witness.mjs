/** Somebody who keeps looking at the published checkpoints and believes only what extends the last one. */
import { setTimeout as sleep } from 'node:timers/promises'

const source = (path) => import(new URL(`../../dist/src/${path}.js`, import.meta.url).href)
const { openCheckpoint } = await source('domain/audit/checkpoint')
const { parseVerifierKey } = await source('domain/audit/signed-note')
const { verifyConsistency } = await source('domain/audit/merkle')
const { grow } = await source('domain/audit/tree-growth')

const EVERY_MS = 150
/** A checkpoint is signed every second; on a machine that is busy with starting gateways it takes longer. */
const FOLLOWS_WITHIN_MS = 30_000

export class Witness {
  #key = null
  #last = null
  #edge = { size: 0, partial: [] }
  checkpoints = 0
  findings = []

  /** @param saved what `toJSON` gave before an interruption */
  constructor(saved = null) {
    if (!saved) return
    const { key, last, edge, checkpoints } = saved
    this.#key = key
    this.#last = last && { size: last.size, root: Buffer.from(last.root, 'base64') }
    this.#edge = { size: edge.size, partial: edge.partial.map((row) => Buffer.from(row, 'base64')) }
    this.checkpoints = checkpoints
  }

  toJSON() {
    const last = this.#last && { size: this.#last.size, root: base64(this.#last.root) }
    const edge = { size: this.#edge.size, partial: this.#edge.partial.map(base64) }
    return { key: this.#key, last, edge, checkpoints: this.checkpoints }
  }

  /** Number of entries that were read and compared with a checkpoint. */
  get compared() {
    return this.#edge.size
  }

  /** Looks until told to stop. @param urls of gateways, of which any may be gone */
  async watchUntil(signal, urls) {
    for (let at = 0; !signal.aborted; at++) {
      await this.look(urls[at % urls.length])
      await sleep(EVERY_MS)
    }
  }

  /** @returns the newest checkpoint; null where the gateway does not answer. */
  async look(url) {
    const note = await textAt(`${url}/audit/checkpoint`)
    this.#key ??= (await textAt(`${url}/audit/keys`))?.split('\n')[0] ?? null
    if (note === null || this.#key === null) return null
    try {
      const { size, root } = openCheckpoint(note, parseVerifierKey(this.#key))
      const seen = { size, root }
      return (await this.#believe(url, seen)) ? seen : null
    } catch (error) {
      this.findings.push(`a checkpoint does not hold: ${error.message}`)
      return null
    }
  }

  /** Waits until a checkpoint covers `size` entries. */
  async covering(url, size) {
    for (const deadline = Date.now() + FOLLOWS_WITHIN_MS; Date.now() < deadline; await sleep(100)) {
      const seen = await this.look(url)
      if (seen && seen.size >= size) return seen
    }
    this.findings.push(`no checkpoint covers ${size} entries`)
    return null
  }

  /** Compares a checkpoint with the entries themselves: all from the first one on. @param entries sorted, without gap */
  compare({ size, root }, entries) {
    const more = entries.filter(({ index }) => index >= this.#edge.size && index < size)
    if (more.length !== size - this.#edge.size) {
      this.findings.push(
        `${size} entries are signed for, ${this.#edge.size + more.length} are there`,
      )
      return
    }
    const grown = grow(
      this.#edge,
      more.map(({ leafHash }) => Buffer.from(leafHash, 'hex')),
    )
    if (more.length > 0 && !Buffer.from(grown.root).equals(root))
      this.findings.push(`the checkpoint of ${size} entries is not that of the entries`)
    this.#edge = grown.edge
  }

  async #believe(url, seen) {
    const last = this.#last
    if (last && seen.size < last.size) return await this.#olderThan(last)
    if (last && seen.size === last.size && !Buffer.from(seen.root).equals(last.root))
      this.findings.push(`two checkpoints of ${seen.size} entries`)
    if (last && seen.size > last.size && last.size > 0) {
      const proof = await proofAt(url, last.size, seen.size)
      if (proof === null) return false
      const extends_ = verifyConsistency({
        oldSize: last.size,
        newSize: seen.size,
        oldRoot: last.root,
        newRoot: seen.root,
        proof,
      })
      if (!extends_)
        this.findings.push(`the tree of ${seen.size} entries does not extend that of ${last.size}`)
    }
    if (!last || seen.size > last.size) this.checkpoints++
    this.#last = seen
    return true
  }

  #olderThan({ size }) {
    this.findings.push(`a checkpoint older than that of ${size} entries was published`)
    return false
  }
}

async function textAt(url) {
  try {
    const answer = await fetch(url)
    const text = await answer.text()
    return answer.ok ? text : null
  } catch {
    return null
  }
}

/** Null where the gateway is gone: then the next look says more. */
async function proofAt(url, from, to) {
  const text = await textAt(`${url}/audit/consistency?from=${from}&to=${to}`)
  return text === null ? null : JSON.parse(text).proof.map((hash) => Buffer.from(hash, 'base64'))
}

function base64(hash) {
  return Buffer.from(hash).toString('base64')
}
