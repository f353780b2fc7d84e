import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The files of a zip, by name. */
export function unzipped(bytes: Buffer): Record<string, string> {
  const dir = mkdtempSync(join(tmpdir(), 'bauta-zip-'))
  try {
    const [path, folder] = [join(dir, 'it.zip'), join(dir, 'out')]
    writeFileSync(path, bytes)
    execFileSync('python3', ['-m', 'zipfile', '-e', path, folder])
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
