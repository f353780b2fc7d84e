import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { verifyDir } from './config.ts'

/** A file that travels with every export; its path begins at the folder of the export. */
export interface CarriedFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Where the modules lie that this process runs; beside it in the installed package as in the source. */
const modules = new URL('./', import.meta.url)
const START = 'inbound/cli/verify-folder'
const RELATIVE_IMPORT = /^(?:import|export) [^;]*?from ["'](\.{1,2}\/[^"']+)["']/gm

/**
 * What an export carries besides its evidence: a README in plain words and, under `verify`, a verifier in Go and one in
 * JavaScript with the very modules that verify here. They import nothing but each other and Node.
 */
export async function carriedFiles(): Promise<readonly CarriedFile[]> {
  const own = async (path: string, file: string) => {
    return { path, bytes: await readFile(join(verifyDir, file)) }
  }
  return [
    await own('README.txt', 'README.txt'),
    await own('verify/main.go', 'main.go'),
    await own('verify/verify.mjs', 'verify.mjs'),
    { path: 'verify/lib/package.json', bytes: Buffer.from('{ "type": "module" }\n') },
    ...(await modulesFrom(START)),
  ]
}

/** A module and all that it imports. */
async function modulesFrom(start: string): Promise<readonly CarriedFile[]> {
  const found = new Map<string, Buffer>()
  const open = [`${start}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue
    const bytes = await readFile(new URL(path, modules))
    found.set(path, bytes)
    for (const [, target = ''] of bytes.toString('utf8').matchAll(RELATIVE_IMPORT))
      open.push(posix.join(posix.dirname(path), target))
  }
  return [...found].map(([path, bytes]) => ({ path: `verify/lib/${path}`, bytes }))
}
