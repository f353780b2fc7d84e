import type { Checkpoint } from '../../domain/audit/checkpoint.ts'
import type { DiscardCheck } from '../../domain/audit/discard-check.ts'
import { type LineWatch, leafHashesOf } from '../../domain/audit/entry-lines.ts'
import type { Findings } from '../../domain/audit/export-finding.ts'
import {
  type ExportAnnouncement,
  ExportFormatError,
  type ExportRange,
  exportFiles,
  parseAnnouncement,
} from '../../domain/audit/export-folder.ts'
import { locateFaults } from '../../domain/audit/locate-faults.ts'
import {
  equal,
  HASH_BYTES,
  leafHash,
  TreeAccumulator,
  verifyConsistency,
  verifyInclusion,
} from '../../domain/audit/merkle.ts'
import { completeSubtrees } from '../../domain/audit/tree-proofs.ts'
import type { ExportReader } from './export-reader.ts'

/** Entries of an export, and what they are compared with. */
interface EntriesToVerify {
  readonly folder: ExportReader
  readonly range: ExportRange
  /** Of the checkpoint; null where there is none that fits. */
  readonly root: Uint8Array | null
  readonly discards: DiscardCheck
  readonly findings: Findings
  readonly progress: (entries: number, of: number) => void
}

/** Verifies that the lines are the entries of the checkpoint, and names each that is not. */
export async function verifyEntries(all: EntriesToVerify): Promise<void> {
  try {
    await compareEntries(all)
  } catch (error) {
    if (!(error instanceof ExportFormatError)) throw error
    all.findings.add({ kind: 'file-malformed', file: error.file, message: error.message })
  }
}

async function compareEntries(all: EntriesToVerify): Promise<void> {
  const { folder, range, root, findings, progress } = all
  const lines = await folder.stream(exportFiles.entries)
  const listed = await folder.stream(exportFiles.hashes)
  for (const [file, there] of [
    [exportFiles.entries, lines],
    [exportFiles.hashes, listed],
  ] as const)
    if (!there) findings.add({ kind: 'file-missing', file, message: `${file} is missing.` })
  if (!lines) return
  const tree = treeFrom(range)
  const list = new ListedHashes(listed ?? nothing())
  for await (const hashes of leafHashesOf(lines, watchOf(all))) {
    tree.appendLeaves(hashes)
    await list.compare(hashes)
    progress(tree.size - range.first, range.count)
  }
  const asListed = await list.agreedToTheEnd()
  const leads = root !== null && leadsTo(root, tree, range)
  if (leads && !asListed && listed)
    findings.add({
      kind: 'hashes-altered',
      file: exportFiles.hashes,
      message: `The entries are right, but ${exportFiles.hashes} does not list them.`,
    })
  if (!leads) await tellFaults(all, asListed)
}

/** What to say of entries that do not lead to the checkpoint. */
async function tellFaults(
  { folder, range, root, findings }: EntriesToVerify,
  asListed: boolean,
): Promise<void> {
  const listed = async function* () {
    yield* (await folder.stream(exportFiles.hashes)) ?? nothing()
  }
  if (root === null || asListed || !(await listLeadsTo(root, listed(), range)))
    findings.add({
      kind: 'root-mismatch',
      file: exportFiles.entries,
      message:
        root === null
          ? 'There is no checkpoint to compare the entries with.'
          : `The entries do not lead to the checkpoint, and ${exportFiles.hashes} does not either: what follows may not be all.`,
    })
  const lines = (await folder.stream(exportFiles.entries)) ?? nothing()
  const silent: LineWatch = { discarded() {}, unterminated() {} }
  if (!asListed)
    for (const fault of await locateFaults(leafHashesOf(lines, silent), listed, range.first))
      findings.add(fault)
}

async function listLeadsTo(
  root: Uint8Array,
  listed: AsyncIterable<Uint8Array>,
  range: ExportRange,
): Promise<boolean> {
  const tree = treeFrom(range)
  let rest: Uint8Array = Buffer.alloc(0)
  for await (const piece of listed) {
    const bytes = Buffer.concat([rest, piece])
    const whole = bytes.length - (bytes.length % HASH_BYTES)
    tree.appendLeaves(bytes.subarray(0, whole))
    rest = bytes.subarray(whole)
  }
  return rest.length === 0 && leadsTo(root, tree, range)
}

/** A tree that goes on behind what stands left of the range. */
function treeFrom({ first, left }: ExportRange): TreeAccumulator {
  const tree = new TreeAccumulator()
  for (const [at, { from, to }] of completeSubtrees(0, first).entries())
    tree.append(left[at] as Uint8Array, to - from)
  return tree
}

function leadsTo(root: Uint8Array, tree: TreeAccumulator, range: ExportRange): boolean {
  const { size, proof } = range
  const end = range.first + range.count
  if (tree.size !== end) return false
  if (end === 0) return proof.length === 0
  const consistency = { oldSize: end, newSize: size, oldRoot: tree.root(), newRoot: root, proof }
  return verifyConsistency(consistency)
}

function watchOf({ range, discards, findings }: EntriesToVerify): LineWatch {
  return {
    discarded: (line) => discards.meet(range.first + line),
    unterminated: () =>
      findings.add({
        kind: 'tail-truncated',
        file: exportFiles.entries,
        message: 'The last line has no end.',
      }),
  }
}

/** The file `hashes`, read along with the lines. */
class ListedHashes {
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Uint8Array = Buffer.alloc(0)
  #agreed = true

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  async compare(hashes: Uint8Array): Promise<void> {
    if (!this.#agreed) return
    const next = await this.#take(hashes.length)
    this.#agreed = equal(next, hashes)
  }

  async agreedToTheEnd(): Promise<boolean> {
    return this.#agreed && (await this.#take(1)).length === 0
  }

  async #take(bytes: number): Promise<Uint8Array> {
    while (this.#held.length < bytes) {
      const { value, done } = await this.#pieces.next()
      if (done) break
      this.#held = Buffer.concat([this.#held, value])
    }
    const taken = this.#held.subarray(0, bytes)
    this.#held = this.#held.subarray(bytes)
    return taken
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Verifies the entries which say that others were discarded, each by its own proof. */
export async function verifyAnnouncements(all: {
  readonly folder: ExportReader
  readonly announcements: readonly number[]
  readonly checkpoint: Checkpoint | null
  readonly discards: DiscardCheck
  readonly findings: Findings
}): Promise<void> {
  const { folder, announcements, checkpoint, discards, findings } = all
  for (const index of announcements) {
    const file = exportFiles.announcementOf(index)
    const told = await announcementIn(folder, file)
    const hash = told && leafHash(Buffer.from(told.entry))
    const holds =
      hash && checkpoint && verifyInclusion({ ...checkpoint, ...told, index, leafHash: hash })
    if (!holds || !discards.announce(told.entry))
      findings.add({
        kind: 'announcement-wrong',
        file,
        entry: index,
        message: `Entry ${index}, which is to say that others were discarded, is not shown to be one of this log.`,
      })
  }
}

/** Null where there is none that could be read. */
async function announcementIn(
  folder: ExportReader,
  file: string,
): Promise<ExportAnnouncement | null> {
  const bytes = await folder.read(file)
  try {
    return bytes && parseAnnouncement(file, Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    if (!(error instanceof ExportFormatError)) throw error
    return null
  }
}
