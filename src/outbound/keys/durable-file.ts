import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Drafts that this process has begun: two at once must not write into each other's. */
let drafts = 0

/** Makes a file that others see whole or not at all; where one exists already, that one stays. */
export async function createDurably(path: string, content: Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.${drafts++}`
  await writeSynced(draft, content)
  try {
    // A link, unlike a rename, never replaces: of two processes that start together the first one's file counts.
    await link(draft, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    await rm(draft)
  }
  await syncFolder(dirname(path))
}

/** Replaces the content of a file whole or not at all. Callers hold a lock: the draft has one name. */
export async function replaceDurably(path: string, content: Uint8Array): Promise<void> {
  const draft = `${path}.new`
  await writeSynced(draft, content)
  await rename(draft, path)
  await syncFolder(dirname(path))
}

/** Writes all bytes, whatever the number of calls that takes. */
export async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let at = 0
  while (at < bytes.length)
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
}

async function writeSynced(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await writeAll(file, content, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Names, renames and removals survive a power cut only once their folder is synced. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
