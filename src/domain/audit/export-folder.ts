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
 * | `range.json` | which entries these are, and the hashes of all that stand left and right of them |
 * | `checkpoint` | a signed note: the log's line and, unless exported without one, the witness's |
 * | `log.vkey`, `witness.vkey` | keys as C2SP vkeys and a newline; the second absent where there is no witness |
 * | `checkpoint.old`, `consistency.json` | only with an earlier export: its checkpoint, and the proof that this one extends it |
 * | `proofs/<N>.json`, `proofs/<N>.tlog-proof` | exact bytes (no newline) and proof of each entry in `range.json` under `announcements`; proofs of others may stand beside |
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
  verify: 'verify',
  readme: 'README.txt',
  entryOf: (index: number) => `proofs/${index}.json`,
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

/** Which entries an export holds, and what surrounds them in the tree of its checkpoint. */
export interface ExportRange {
  /** Number of the first entry. */
  readonly first: number
  readonly count: number
  /** Entries in the tree of the checkpoint. */
  readonly size: number
  /** Hashes of the complete subtrees that cover all entries before the first (`rangeCover`), in order. */
  readonly left: readonly Uint8Array[]
  /** The same for all behind the last. */
  readonly right: readonly Uint8Array[]
  /** Numbers of entries outside of the range which announce that entries in it were discarded, ascending. */
  readonly announcements: readonly number[]
}

export function formatRange(range: ExportRange): string {
  const { first, count, size, announcements } = range
  return jsonFile({
    first,
    count,
    size,
    left: range.left.map(toBase64),
    right: range.right.map(toBase64),
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
    right: hashesOf(exportFiles.range, told.right),
    announcements: Array.isArray(told.announcements) ? (told.announcements as number[]) : [],
  }
  const { first, count, size, announcements } = range
  const holds =
    [first, count, size, ...announcements].every(isWhole) &&
    first + count <= size &&
    range.left.length === completeSubtrees(0, first).length &&
    range.right.length === completeSubtrees(first + count, size).length
  mustBeAsWritten(exportFiles.range, text, holds ? formatRange(range) : null)
  return range
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
