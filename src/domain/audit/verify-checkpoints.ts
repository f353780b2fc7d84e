import { type Checkpoint, CheckpointError, parseCheckpoint } from './checkpoint.ts'
import type { FindingKind, Findings } from './export-finding.ts'
import {
  ExportFormatError,
  type ExportRange,
  exportFiles,
  parseConsistency,
} from './export-folder.ts'
import { equal, verifyConsistency } from './merkle.ts'
import { NoteError, openNote, unverifiedText, type VerifierKey } from './signed-note.ts'

/** The keys that have to have signed; null where none is asked for, or none could be had. */
export interface ExportKeys {
  readonly log: VerifierKey | null
  readonly witness: VerifierKey | null
}

/** What an export says about its tree; null where the file is not there. */
export interface CheckpointFiles {
  readonly checkpoint: Uint8Array | null
  readonly oldCheckpoint: Uint8Array | null
  readonly consistency: Uint8Array | null
}

/**
 * Verifies the signatures of the checkpoints, and that the one extends the other.
 * @param range of the export; null where it could not be read.
 * @param held the checkpoint of an earlier export that the verifier kept.
 * @returns the checkpoint, so that the entries can be compared with it even where a signature fails; null where it can
 * not be read.
 */
export function verifyCheckpoints(
  files: CheckpointFiles,
  keys: ExportKeys,
  range: ExportRange | null,
  held: Uint8Array | null,
  findings: Findings,
): Checkpoint | null {
  if (files.checkpoint === null) {
    const file = exportFiles.checkpoint
    findings.add({ kind: 'file-missing', file, message: `${file} is missing.` })
  }
  const checkpoint = readCheckpoint(exportFiles.checkpoint, files.checkpoint, keys, findings)
  const old = readCheckpoint(exportFiles.oldCheckpoint, files.oldCheckpoint, keys, findings)
  if (checkpoint === null) return null
  compareWithRange(checkpoint, old, range, findings)
  compareWithOld(checkpoint, old, files, findings)
  if (held !== null) compareWithHeld(checkpoint, old, held, keys.log, findings)
  return checkpoint
}

function readCheckpoint(
  file: string,
  note: Uint8Array | null,
  { log, witness }: ExportKeys,
  findings: Findings,
): Checkpoint | null {
  if (note === null) return null
  try {
    const checkpoint = parseCheckpoint(unverifiedText(note))
    if (log) requireSignature(file, note, log, 'log-signature', findings)
    if (witness) requireSignature(file, note, witness, 'witness-signature', findings)
    if (log && checkpoint.origin !== log.name)
      findings.add({
        kind: 'checkpoint-other',
        file,
        message: `${file} is a checkpoint of ${checkpoint.origin}, not of ${log.name}.`,
      })
    return checkpoint
  } catch (error) {
    if (!(error instanceof NoteError || error instanceof CheckpointError)) throw error
    findings.add({ kind: 'file-malformed', file, message: `${file}: ${error.message}` })
    return null
  }
}

function requireSignature(
  file: string,
  note: Uint8Array,
  key: VerifierKey,
  kind: FindingKind,
  findings: Findings,
): void {
  try {
    openNote(note, [key])
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    const message =
      error.fault === 'not-signed'
        ? `${file} does not carry the signature of ${key.name} (${kind === 'log-signature' ? 'the log' : 'the witness'}).`
        : `${file}: ${error.message}`
    findings.add({ kind, file, message })
  }
}

function compareWithRange(
  checkpoint: Checkpoint,
  old: Checkpoint | null,
  range: ExportRange | null,
  findings: Findings,
): void {
  if (range === null || checkpoint.size === range.size) return
  const file = exportFiles.checkpoint
  if (old?.size === range.size)
    findings.add({
      kind: 'checkpoint-swapped',
      file,
      message: `${file} and ${exportFiles.oldCheckpoint} stand in each other's place.`,
    })
  else
    findings.add({
      kind: checkpoint.size < range.size ? 'checkpoint-replayed' : 'checkpoint-other',
      file,
      message: `${file} is of ${checkpoint.size} entries, this export was made of a log of ${range.size}.`,
    })
}

function compareWithOld(
  checkpoint: Checkpoint,
  old: Checkpoint | null,
  files: CheckpointFiles,
  findings: Findings,
): void {
  const file = exportFiles.consistency
  if ((files.oldCheckpoint === null) !== (files.consistency === null)) {
    const missing = files.consistency === null ? file : exportFiles.oldCheckpoint
    findings.add({ kind: 'file-missing', file: missing, message: `${missing} is missing.` })
  }
  if (old === null || files.consistency === null) return
  const holds = extendsBy(old, checkpoint, files.consistency, findings)
  if (holds === false)
    findings.add({
      kind: 'checkpoint-forked',
      file,
      message: `The checkpoint of ${checkpoint.size} entries does not extend the earlier one of ${old.size}.`,
    })
}

/** Null where the proof can not be read, which is then a finding. */
function extendsBy(
  old: Checkpoint,
  checkpoint: Checkpoint,
  consistency: Uint8Array,
  findings: Findings,
): boolean | null {
  try {
    const { oldSize, newSize, proof } = parseConsistency(Buffer.from(consistency).toString('utf8'))
    return (
      oldSize === old.size &&
      newSize === checkpoint.size &&
      verifyConsistency({ oldSize, newSize, oldRoot: old.root, newRoot: checkpoint.root, proof })
    )
  } catch (error) {
    if (!(error instanceof ExportFormatError)) throw error
    findings.add({ kind: 'file-malformed', file: error.file, message: error.message })
    return null
  }
}

function compareWithHeld(
  checkpoint: Checkpoint,
  old: Checkpoint | null,
  note: Uint8Array,
  log: VerifierKey | null,
  findings: Findings,
): void {
  const file = exportFiles.checkpoint
  const held = readCheckpoint(
    'the checkpoint that you hold',
    note,
    { log, witness: null },
    findings,
  )
  if (held === null) return
  const { size } = held
  if (checkpoint.size < size)
    findings.add({
      kind: 'checkpoint-replayed',
      file,
      message: `This export is of ${checkpoint.size} entries; you hold a checkpoint of ${size}.`,
    })
  else if (!isSame(checkpoint, held) && !(old && isSame(old, held)))
    findings.add({
      kind: 'checkpoint-forked',
      file,
      message:
        checkpoint.size === size || old?.size === size
          ? `The log was another one when it had ${size} entries: you hold a different checkpoint of that size.`
          : `Nothing in this export shows that it extends the checkpoint of ${size} entries that you hold.`,
    })
}

function isSame(one: Checkpoint, other: Checkpoint): boolean {
  return one.origin === other.origin && one.size === other.size && equal(one.root, other.root)
}
