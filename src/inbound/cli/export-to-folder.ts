import { createReadStream } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type EntryFormat,
  type ExportFormat,
  entryFormats,
} from '../../gateway/attest/entry-formats.ts'
import {
  Discards,
  type ExportFile,
  exportFolderFiles,
  proofFiles,
} from '../../gateway/attest/export-files.ts'
import type { ExportPlan, TrailExport } from '../../gateway/attest/trail-export.ts'
import { Refusal } from '../../kernel/refusal.ts'

/** What was begun, so that it can go on after a kill. Not part of the export. */
const STATE = 'export.json'
const ENTRIES = entryFormats.ndjson.file
const HASHES = 'hashes'
const HASH_BYTES = 32
const NEWLINE = 0x0a
const DISCARDED = 0x2d

/** What an export was begun with. */
export interface Begun {
  readonly plan: ExportPlan
  /** The format beside the entries. */
  readonly format: ExportFormat
  /** Numbers of the entries that get a proof of their own. */
  readonly proofs: readonly number[]
}

/** Where an export is written until it is whole. */
export function partialOf(dir: string): string {
  return `${dir}.partial`
}

/** @throws Refusal CONFLICT where something stands in the way. */
export async function mustBeFree(dir: string): Promise<void> {
  if (await exists(dir)) throw new Refusal('CONFLICT', `${dir} is there already.`)
  const partial = partialOf(dir)
  if (await exists(partial))
    throw new Refusal('CONFLICT', `${partial} is there already: go on with --resume, or remove it.`)
}

export async function beginFolder(dir: string, begun: Begun): Promise<void> {
  await mkdir(partialOf(dir), { recursive: true })
  await writeFile(join(partialOf(dir), STATE), JSON.stringify(begun))
}

/** @throws Refusal NOT_FOUND where nothing was begun. */
export async function begunIn(dir: string): Promise<Begun> {
  const path = join(partialOf(dir), STATE)
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Begun
  } catch (cause) {
    throw new Refusal(
      'NOT_FOUND',
      `${path} can not be read: no export to ${dir} was interrupted.`,
      {
        cause,
      },
    )
  }
}

/** How many entries are written. */
export async function writtenIn(dir: string, { plan }: Begun): Promise<number> {
  return (await whole(partialOf(dir), plan.first)).count
}

/**
 * Writes what is missing of an export that was begun, and moves it to its place once it is whole.
 * @param onEntries told how many entries are written.
 */
export async function writeFolder(
  dir: string,
  trail: TrailExport,
  { plan, format, proofs }: Begun,
  carried: readonly ExportFile[],
  onEntries: (written: number) => void,
): Promise<void> {
  const partial = partialOf(dir)
  const { count, bytes, discards } = await whole(partial, plan.first)
  await cut(join(partial, ENTRIES), bytes)
  await cut(join(partial, HASHES), count * HASH_BYTES)
  await writeEntries(partial, trail, plan, count, discards, onEntries)
  if (format !== 'ndjson') await writeRendering(partial, trail, plan, entryFormats[format])
  const files = await exportFolderFiles(trail.parts, plan, discards.runs, carried)
  for (const file of [...files, ...(await proofFiles(trail.parts, plan, proofs))])
    await writeSynced(join(partial, file.path), file.bytes)
  await rm(join(partial, STATE))
  await rename(partial, dir)
}

async function writeEntries(
  partial: string,
  trail: TrailExport,
  plan: ExportPlan,
  written: number,
  discards: Discards,
  onEntries: (written: number) => void,
): Promise<void> {
  const entries = await open(join(partial, ENTRIES), 'a')
  const hashes = await open(join(partial, HASHES), 'a')
  try {
    let count = written
    for await (const page of trail.leaves(plan, plan.first + written)) {
      for (const leaf of page) discards.note(leaf)
      await entries.appendFile(entryFormats.ndjson.page(page))
      await hashes.appendFile(Buffer.concat(page.map(({ hash }) => hash)))
      count += page.length
      onEntries(count)
    }
    await entries.datasync()
    await hashes.datasync()
  } finally {
    await entries.close()
    await hashes.close()
  }
}

/** For reading and for other systems; written anew each time, so it needs no resuming. */
async function writeRendering(
  partial: string,
  trail: TrailExport,
  plan: ExportPlan,
  { file, head, page }: EntryFormat,
): Promise<void> {
  const rendering = await open(join(partial, file), 'w')
  try {
    await rendering.appendFile(head)
    for await (const leaves of trail.leaves(plan)) await rendering.appendFile(page(leaves))
  } finally {
    await rendering.close()
  }
}

/** What of the entries stands whole in both files: the last write before a kill may have been cut anywhere. */
async function whole(
  partial: string,
  first: number,
): Promise<{ count: number; bytes: number; discards: Discards }> {
  const discards = new Discards()
  const path = join(partial, ENTRIES)
  const hashed = Math.floor((await sizeOf(join(partial, HASHES))) / HASH_BYTES)
  if (!(await exists(path))) return { count: 0, bytes: 0, discards }
  let [count, bytes, at] = [0, 0, 0]
  let startsLine = true
  let isDiscarded = false
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      at++
      if (startsLine) isDiscarded = byte === DISCARDED
      startsLine = byte === NEWLINE
      if (!startsLine || count >= hashed) continue
      if (isDiscarded) discards.noteAt(first + count)
      count++
      bytes = at
    }
  }
  return { count, bytes, discards }
}

async function cut(path: string, length: number): Promise<void> {
  const file = await open(path, 'a')
  try {
    await file.truncate(length)
  } finally {
    await file.close()
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file: FileHandle = await open(path, 'w')
  try {
    await file.writeFile(bytes)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}
