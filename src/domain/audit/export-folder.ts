import { HASH_BYTES } from './merkle.ts'
import { fromBase64 } from './signed-note.ts'
import { completeSubtrees } from './tree-proofs.ts'

/**
 * What an export of the trail is made of: a folder that can be verified anywhere, without the gateway and without a
 * network. Whoever writes it and whoever verifies it keep to this module.
 *
 * | file | what is in it |
 * |---|---|
 * | `entries.jsonl` | the exact bytes of each entry of the range and a newline; a discarded one as `-<base64 leaf hash>` |
 * | `hashes` | the leaf hashes of the same entries, 32 bytes each: so a fault is named by its line |
 * | `range.json` | which entries these are, and what leads from them to the root of the checkpoint |
 * | `checkpoint` | a signed note: the log's line and, unless exported without one, the witness's |
 * | `log.vkey`, `witness.vkey` | keys as C2SP vkeys and a newline; the second absent where there is no witness |
 * | `checkpoint.old`, `consistency.json` | only with an earlier export: its checkpoint, and the proof that this one extends it |
 * | `announcements/<N>.json` | each entry which says that others, in this export, were discarded; with its proof |
 * | `proofs/<N>.tlog-proof` | proofs of single entries (C2SP tlog-proof), where they were asked for |
 * | `verify/` | verifiers, with their source |
 * | `README.txt` | what it is and how to verify it, in plain words |
 */
export const exportFiles = {
  entries: 'entries.jsonl',
  hashes: 'hashes',
  range: 'range.json',
  checkpoint: 'checkpoint',
  logKey: 'log.vkey',
  witnessKey: 'witness.vkey',
  oldCheckpoint: 'checkpoint.old',
  consistency: 'consistency.json',
  announcementOf: (index: number) => `announcements/${index}.json`,
  proofOf: (index: number) => `proofs/${index}.tlog-proof`,
} as const

/** A file of an export that is not as this module writes it. */
export class ExportFormatError extends Error {
  readonly file: string

  constructor(file: string, message: string) {
    super(message)
    this.name = 'ExportFormatError'
    this.file = file
  }
}

/** Which entries an export holds, and what leads from them to the root of its checkpoint. */
export interface ExportRange {
  /** Number of the first entry. */
  readonly first: number
  readonly count: number
  /** Entries in the tree of the checkpoint. */
  readonly size: number
  /** As `rangeProof` makes them. */
  readonly left: readonly Uint8Array[]
  readonly proof: readonly Uint8Array[]
  /** Numbers of the entries, in the range or outside, which announce that entries in it were discarded; ascending. */
  readonly announcements: readonly number[]
}

export function formatRange({
  first,
  count,
  size,
  left,
  proof,
  announcements,
}: ExportRange): string {
  return jsonFile({
    first,
    count,
    size,
    left: left.map(toBase64),
    proof: proof.map(toBase64),
    announcements,
  })
}

/** @throws ExportFormatError */
export function parseRange(text: string): ExportRange {
  const told = parsed(exportFiles.range, text)
  const range = {
    first: told.first as number,
    count: told.count as number,
    size: told.size as number,
    left: hashesOf(exportFiles.range, told.left),
    proof: hashesOf(exportFiles.range, told.proof),
    announcements: Array.isArray(told.announcements) ? (told.announcements as number[]) : [],
  }
  const { first, count, size, left, announcements } = range
  const holds =
    [first, count, size, ...announcements].every(isWhole) &&
    first + count <= size &&
    left.length === completeSubtrees(0, first).length
  mustBeAsWritten(exportFiles.range, text, holds ? formatRange(range) : null)
  return range
}

/** An entry which says that others were discarded, and the proof (RFC 6962 §2.1.1) that it is in the tree. */
export interface ExportAnnouncement {
  /** The exact text of the entry. */
  readonly entry: string
  readonly proof: readonly Uint8Array[]
}

export function formatAnnouncement({ entry, proof }: ExportAnnouncement): string {
  return jsonFile({ entry, proof: proof.map(toBase64) })
}

/** @throws ExportFormatError */
export function parseAnnouncement(file: string, text: string): ExportAnnouncement {
  const told = parsed(file, text)
  const announcement = { entry: String(told.entry), proof: hashesOf(file, told.proof) }
  mustBeAsWritten(file, text, formatAnnouncement(announcement))
  return announcement
}

/** The proof (RFC 6962 §2.1.2) that the checkpoint of an export extends that of the one before. */
export interface ExportConsistency {
  readonly oldSize: number
  readonly newSize: number
  readonly proof: readonly Uint8Array[]
}

export function formatConsistency({ oldSize, newSize, proof }: ExportConsistency): string {
  return jsonFile({ oldSize, newSize, proof: proof.map(toBase64) })
}

/** @throws ExportFormatError */
export function parseConsistency(text: string): ExportConsistency {
  const told = parsed(exportFiles.consistency, text)
  const consistency = {
    oldSize: told.oldSize as number,
    newSize: told.newSize as number,
    proof: hashesOf(exportFiles.consistency, told.proof),
  }
  const holds = [consistency.oldSize, consistency.newSize].every(isWhole)
  mustBeAsWritten(exportFiles.consistency, text, holds ? formatConsistency(consistency) : null)
  return consistency
}

/** First byte of a line that stands for a discarded entry; no entry begins with it. */
export const DISCARDED_MARK = 0x2d

/** The line, without newline, that stands for an entry whose bytes were discarded. */
export function discardedLine(leafHash: Uint8Array): string {
  return `-${toBase64(leafHash)}`
}

/** The leaf hash in such a line; null where it is not written as `discardedLine` does. */
export function hashInDiscardedLine(line: Uint8Array): Uint8Array | null {
  const hash = fromBase64(Buffer.from(line.subarray(1)).toString('latin1'))
  return line[0] === DISCARDED_MARK && hash?.length === HASH_BYTES ? hash : null
}

function jsonFile(content: object): string {
  return `${JSON.stringify(content)}\n`
}

function parsed(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const told: unknown = JSON.parse(text)
    if (typeof told === 'object' && told !== null) return told as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new ExportFormatError(file, `${file} is not JSON as an export has it.`)
}

function hashesOf(file: string, told: unknown): readonly Uint8Array[] {
  const hashes = Array.isArray(told) ? told.map((one) => fromBase64(String(one))) : [null]
  if (hashes.every((hash) => hash?.length === HASH_BYTES)) return hashes as Uint8Array[]
  throw new ExportFormatError(file, `${file} holds something else where hashes have to stand.`)
}

/** There is one way to write it: whatever was changed shows, even where it would mean the same. */
function mustBeAsWritten(file: string, text: string, written: string | null): void {
  if (text !== written) throw new ExportFormatError(file, `${file} is not as an export writes it.`)
}

function isWhole(told: unknown): boolean {
  return Number.isSafeInteger(told) && (told as number) >= 0
}

function toBase64(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64')
}
