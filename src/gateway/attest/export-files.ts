import type { TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import {
  exportFiles,
  formatAnnouncement,
  formatConsistency,
  formatRange,
} from '../../domain/audit/export-folder.ts'
import { extendRuns, type NumberRun } from '../../domain/audit/number-runs.ts'
import { DISCARDED, discardedIn } from '../../domain/audit/retention.ts'
import { formatVerifierKey, type VerifierKey } from '../../domain/audit/signed-note.ts'
import { formatTlogProof } from '../../domain/audit/tlog-proof.ts'
import { consistencyProof, inclusionProof, rangeProof } from '../../domain/audit/tree-proofs.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { checkpointIn, type ExportPlan, type TrailExportParts } from './trail-export.ts'

/** One small file of an export's folder. */
export interface ExportFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Which entries are met whose bytes are gone; in their order. */
export class Discards {
  readonly runs: NumberRun[] = []

  note({ index, bytes }: TrailLeaf): void {
    if (bytes === null) this.noteAt(index)
  }

  noteAt(index: number): void {
    extendRuns(this.runs, index)
  }
}

const PAGE = 200

/**
 * Everything of the folder but the entries and their hashes.
 * @param discarded numbers of the entries in the range whose bytes are gone.
 * @param carried what every export carries besides its evidence.
 */
export async function exportFolderFiles(
  parts: TrailExportParts,
  plan: ExportPlan,
  discarded: readonly NumberRun[],
  carried: readonly ExportFile[],
): Promise<readonly ExportFile[]> {
  const { tree } = parts
  const { first, count, size, checkpoint, since } = plan
  const announcing = await announcementsOf(parts, plan, discarded)
  const announcements = announcing.map(({ index }) => index).sort((a, b) => a - b)
  const leading = await rangeProof({ first, count, size }, tree)
  const logKey = await keyOf(parts, checkpoint)
  const witness =
    parts.witness && checkpoint.includes(`— ${parts.witness.name} `) ? parts.witness : null
  const files: [string, string | Uint8Array][] = [
    [exportFiles.range, formatRange({ first, count, size, ...leading, announcements })],
    [exportFiles.checkpoint, checkpoint],
    [exportFiles.logKey, `${formatVerifierKey(logKey)}\n`],
  ]
  if (witness) files.push([exportFiles.witnessKey, `${formatVerifierKey(witness)}\n`])
  const consistency = await consistencyOf(parts, plan)
  if (since !== null && consistency !== null)
    files.push([exportFiles.oldCheckpoint, since], [exportFiles.consistency, consistency])
  for (const { index, bytes } of announcing) {
    const proof = await inclusionProof(index, size, tree)
    const entry = Buffer.from(bytes).toString('utf8')
    files.push([exportFiles.announcementOf(index), formatAnnouncement({ entry, proof })])
  }
  return [...files.map(([path, content]) => ({ path, bytes: Buffer.from(content) })), ...carried]
}

/** What `consistency.json` says: that the trail of this export extends that of the earlier one. Null without an earlier one. */
export async function consistencyOf(
  { tree }: TrailExportParts,
  { size, since }: ExportPlan,
): Promise<string | null> {
  const oldSize = since === null ? 0 : checkpointIn(since).size
  if (oldSize === 0) return null
  const proof = await consistencyProof(oldSize, size, tree)
  return formatConsistency({ oldSize, newSize: size, proof })
}

/**
 * Proofs of single entries, for whoever wants to look at those with nothing but a hash program.
 * @throws Refusal BAD_USER_INPUT for a number that is not among those of the export.
 */
export async function proofFiles(
  { tree }: TrailExportParts,
  { first, count, size, checkpoint }: ExportPlan,
  numbers: readonly number[],
): Promise<readonly ExportFile[]> {
  const files: ExportFile[] = []
  for (const index of numbers) {
    if (index < first || index >= first + count)
      throw new Refusal('BAD_USER_INPUT', `Entry ${index} is not one of this export.`)
    const proof = await inclusionProof(index, size, tree)
    const text = formatTlogProof({ index, proof, checkpoint })
    files.push({ path: exportFiles.proofOf(index), bytes: Buffer.from(text) })
  }
  return files
}

/** Entries, in the range or outside, which say that some in it were discarded. */
async function announcementsOf(
  { log }: TrailExportParts,
  { size }: ExportPlan,
  discarded: readonly NumberRun[],
): Promise<readonly { readonly index: number; readonly bytes: Uint8Array }[]> {
  const found: { index: number; bytes: Uint8Array }[] = []
  for (let before: number | null = size; discarded.length > 0 && before !== null; ) {
    const page = await log.find({ action: DISCARDED }, { limit: PAGE, before })
    for (const { index, bytes, entry } of page) {
      const tells = discardedIn(entry)?.indices.some((one) => isIn(discarded, one)) ?? false
      if (tells) found.push({ index, bytes })
    }
    before = page.length < PAGE ? null : (page.at(-1)?.index ?? null)
  }
  return found
}

function isIn(runs: readonly NumberRun[], index: number): boolean {
  let [low, high] = [0, runs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[middle] as NumberRun).last < index) low = middle + 1
    else high = middle
  }
  const run = runs[low]
  return run !== undefined && run.first <= index
}

/** The key that signed: after a fork an older one may have. */
async function keyOf({ signer }: TrailExportParts, checkpoint: string): Promise<VerifierKey> {
  const { origin } = checkpointIn(checkpoint)
  const key = (await signer.keys()).find(({ name }) => name === origin)
  if (!key) throw new Error('the checkpoint is of a log whose key is not known')
  return key
}
