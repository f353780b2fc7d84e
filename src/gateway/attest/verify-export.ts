import { DiscardCheck } from '../../domain/audit/discard-check.ts'
import { type Finding, Findings } from '../../domain/audit/export-finding.ts'
import {
  ExportFormatError,
  type ExportRange,
  exportFiles,
  parseRange,
} from '../../domain/audit/export-folder.ts'
import {
  formatVerifierKey,
  NoteError,
  parseVerifierKey,
  type VerifierKey,
} from '../../domain/audit/signed-note.ts'
import { verifyCheckpoints } from '../../domain/audit/verify-checkpoints.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { ExportReader } from './export-reader.ts'
import { verifyAnnouncements, verifyEntries } from './verify-entries.ts'

/** What whoever verifies brings along, and asks for. */
export interface VerificationTerms {
  /** The keys as the verifier holds them (vkeys); without them those in the folder are believed. */
  readonly logKey?: string
  readonly witnessKey?: string
  /** A checkpoint kept from an earlier export: this one has to extend it. */
  readonly previous?: Uint8Array
  /** Accept an export that only the log has signed. */
  readonly withoutWitness: boolean
}

/** A key by which something was verified, and whether it was only taken from the export itself. */
export interface KeyUsed {
  readonly vkey: string
  readonly from: 'verifier' | 'export'
}

export interface VerificationReport {
  /** That nothing is wrong: true exactly where `findings` is empty. */
  readonly verified: boolean
  readonly findings: readonly Finding[]
  /** Findings beyond those listed. */
  readonly moreFindings: number
  /** Which log, and how many entries it had; null where that can not be read. */
  readonly checkpoint: { readonly origin: string; readonly size: number } | null
  /** Which of its entries were verified. */
  readonly range: { readonly first: number; readonly count: number } | null
  /** Entries whose bytes were discarded, with their hashes in place. */
  readonly discarded: number
  readonly logKey: KeyUsed | null
  /** Null where none was asked for. */
  readonly witnessKey: KeyUsed | null
}

/**
 * Verifies an exported trail: signatures, that the checkpoint extends the earlier one, and that the entries are those of
 * the checkpoint, none altered, dropped, added or moved. Memory stays constant.
 * @param progress is told how many entries were read, now and then.
 * @throws Refusal BAD_USER_INPUT where a key that the verifier brought is none.
 */
export async function verifyExport(
  folder: ExportReader,
  terms: VerificationTerms,
  progress: (entries: number, of: number) => void = () => {},
): Promise<VerificationReport> {
  const findings = new Findings()
  const log = await keyFor(folder, exportFiles.logKey, terms.logKey, findings)
  const witness = terms.withoutWitness
    ? null
    : await keyFor(folder, exportFiles.witnessKey, terms.witnessKey, findings)
  const range = await rangeIn(folder, findings)
  const files = {
    checkpoint: await folder.read(exportFiles.checkpoint),
    oldCheckpoint: await folder.read(exportFiles.oldCheckpoint),
    consistency: await folder.read(exportFiles.consistency),
  }
  const keys = { log: log?.key ?? null, witness: witness?.key ?? null }
  const checkpoint = verifyCheckpoints(files, keys, range, terms.previous ?? null, findings)
  const discards = new DiscardCheck()
  if (range) {
    const root = checkpoint?.size === range.size ? checkpoint.root : null
    await verifyEntries({ folder, range, root, discards, findings, progress })
    const { announcements } = range
    await verifyAnnouncements({ folder, announcements, checkpoint, discards, findings })
    tellUnannounced(discards, findings)
  }
  return {
    verified: findings.list.length === 0,
    findings: findings.list,
    moreFindings: findings.more,
    checkpoint: checkpoint && { origin: checkpoint.origin, size: checkpoint.size },
    range: range && { first: range.first, count: range.count },
    discarded: discards.count,
    logKey: log?.used ?? null,
    witnessKey: witness?.used ?? null,
  }
}

interface FoundKey {
  readonly key: VerifierKey
  readonly used: KeyUsed
}

async function keyFor(
  folder: ExportReader,
  file: string,
  held: string | undefined,
  findings: Findings,
): Promise<FoundKey | null> {
  const own = held === undefined ? null : heldKey(held)
  const there = await keyIn(folder, file, findings)
  if (own === null)
    return there && { key: there, used: { vkey: formatVerifierKey(there), from: 'export' } }
  const vkey = formatVerifierKey(own)
  if (there && formatVerifierKey(there) !== vkey)
    findings.add({ kind: 'key-foreign', file, message: `${file} is not the key that you hold.` })
  return { key: own, used: { vkey, from: 'verifier' } }
}

function heldKey(vkey: string): VerifierKey {
  try {
    return parseVerifierKey(vkey)
  } catch (cause) {
    throw new Refusal('BAD_USER_INPUT', (cause as Error).message, { cause })
  }
}

async function keyIn(
  folder: ExportReader,
  file: string,
  findings: Findings,
): Promise<VerifierKey | null> {
  const bytes = await folder.read(file)
  if (bytes === null) {
    const message =
      file === exportFiles.witnessKey
        ? `${file} is missing: without a witness the log shows only what the holder of its key wants it to.`
        : `${file} is missing.`
    findings.add({ kind: 'file-missing', file, message })
    return null
  }
  try {
    const text = Buffer.from(bytes).toString('utf8')
    if (!text.endsWith('\n')) throw new NoteError('bad-key', 'A key ends with a newline.')
    return parseVerifierKey(text.slice(0, -1))
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    findings.add({ kind: 'file-malformed', file, message: `${file}: ${error.message}` })
    return null
  }
}

async function rangeIn(folder: ExportReader, findings: Findings): Promise<ExportRange | null> {
  const file = exportFiles.range
  const bytes = await folder.read(file)
  if (bytes === null) {
    findings.add({ kind: 'file-missing', file, message: `${file} is missing.` })
    return null
  }
  try {
    return parseRange(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    if (!(error instanceof ExportFormatError)) throw error
    findings.add({ kind: 'file-malformed', file, message: error.message })
    return null
  }
}

function tellUnannounced(discards: DiscardCheck, findings: Findings): void {
  for (const { first, last } of discards.unannounced())
    findings.add({
      kind: 'discard-unannounced',
      file: exportFiles.entries,
      entry: first,
      ...(last > first && { lastEntry: last }),
      message: `The bytes of ${first === last ? `entry ${first}` : `entries ${first} to ${last}`} are missing, and no entry says that they were discarded.`,
    })
}
