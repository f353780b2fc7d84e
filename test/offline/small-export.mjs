// Exports as the gateway writes them, of a log that only this script knows.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { signCheckpoint } from '../../dist/src/domain/audit/checkpoint.js'
import {
  discardedLine,
  exportFiles,
  formatAnnouncement,
  formatConsistency,
  formatRange,
} from '../../dist/src/domain/audit/export-folder.js'
import { leafHash } from '../../dist/src/domain/audit/merkle.js'
import { discardedAction } from '../../dist/src/domain/audit/retention.js'
import {
  cosignNote,
  formatVerifierKey,
  signerKey,
} from '../../dist/src/domain/audit/signed-note.js'
import { formatTlogProof } from '../../dist/src/domain/audit/tlog-proof.js'
import { EMPTY_EDGE, grow } from '../../dist/src/domain/audit/tree-growth.js'
import {
  consistencyProof,
  inclusionProof,
  rangeProof,
  rootAt,
} from '../../dist/src/domain/audit/tree-proofs.js'

const END = 900
const SIZE = 1_000
const OLD_SIZE = 600
const DISCARDED = [120, 121, 122, 300, 899]
const ANNOUNCEMENT = 950
/** The entry that the README looks at. */
const SPOT = 138

/** A log: its entries, its tree, and both keys. */
export class World {
  log = signerKey('example.com/trail', Buffer.alloc(32, 1))
  witness = signerKey('example.com/officer', Buffer.alloc(32, 2))

  constructor(change = () => {}) {
    this.entries = Array.from({ length: SIZE }, (_, index) =>
      Buffer.from(
        JSON.stringify({
          v: 1,
          entryId: `entry-${index}`,
          pad: 'x'.repeat((index * 37) % 300),
          ...(index === ANNOUNCEMENT && {
            action: discardedAction({ class: 'sign-in', indices: DISCARDED }),
          }),
        }),
      ),
    )
    change(this.entries)
    const { tiles } = grow(EMPTY_EDGE, this.entries.map(leafHash))
    this.tiles = new Map(
      tiles.map(({ address, hashes }) => [`${address.level}/${address.index}`, hashes]),
    )
  }

  read(addresses) {
    return Promise.resolve(addresses.map(({ level, index }) => this.tiles.get(`${level}/${index}`)))
  }

  /** @param keys who signs: of the log, and of the witness unless null. */
  async checkpoint(size, { log, witness } = this) {
    const signed = signCheckpoint({ origin: log.name, size, root: await rootAt(size, this) }, log)
    return witness ? cosignNote(signed, witness) : signed
  }
}

/** The log as somebody would like it to have been. */
export function rewrittenWorld() {
  return new World((entries) => {
    entries[10] = Buffer.from('{"v":1,"entryId":"rewritten"}')
  })
}

/** Writes an export of the entries from `first` to the 900th of 1,000, and what an officer keeps from earlier beside it. */
export async function writeExport(dir, keep, first) {
  const world = new World()
  const put = (path, content) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }
  const exported = world.entries.slice(first, END)
  const lineOf = (entry, at) =>
    DISCARDED.includes(first + at) ? discardedLine(leafHash(entry)) : entry.toString()
  put(exportFiles.entries, exported.map((entry, at) => `${lineOf(entry, at)}\n`).join(''))
  put(exportFiles.hashes, Buffer.concat(exported.map(leafHash)))
  const range = { first, count: END - first, size: SIZE }
  const proofs = await rangeProof(range, world)
  put(exportFiles.range, formatRange({ ...range, ...proofs, announcements: [ANNOUNCEMENT] }))
  put(exportFiles.checkpoint, await world.checkpoint(SIZE))
  put(exportFiles.oldCheckpoint, await world.checkpoint(OLD_SIZE))
  const proof = await consistencyProof(OLD_SIZE, SIZE, world)
  put(exportFiles.consistency, formatConsistency({ oldSize: OLD_SIZE, newSize: SIZE, proof }))
  const entry = world.entries[ANNOUNCEMENT].toString()
  const inclusion = await inclusionProof(ANNOUNCEMENT, SIZE, world)
  put(exportFiles.announcementOf(ANNOUNCEMENT), formatAnnouncement({ entry, proof: inclusion }))
  const [index, checkpoint] = [SPOT, await world.checkpoint(SIZE)]
  const spot = { index, proof: await inclusionProof(SPOT, SIZE, world), checkpoint }
  put(exportFiles.proofOf(SPOT), formatTlogProof(spot))
  mkdirSync(keep, { recursive: true })
  for (const [file, key] of [
    [exportFiles.logKey, world.log],
    [exportFiles.witnessKey, world.witness],
  ]) {
    put(file, `${formatVerifierKey(key)}\n`)
    writeFileSync(join(keep, file), `${formatVerifierKey(key)}\n`)
  }
  writeFileSync(join(keep, exportFiles.checkpoint), await world.checkpoint(OLD_SIZE))
  return { world, size: SIZE, oldSize: OLD_SIZE, announcement: ANNOUNCEMENT }
}
