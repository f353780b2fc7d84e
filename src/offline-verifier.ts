import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { verifyDir } from './config.ts'

/** A file that travels with every export, below its folder `verify`. */
export interface VerifierFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Where the modules lie that this process runs; beside it in the installed package as in the source. */
const modules = new URL('./', import.meta.url)
const START = 'inbound/cli/verify-folder'
const RELATIVE_IMPORT = /^(?:import|export) [^;]*?from ["'](\.{1,2}\/[^"']+)["']/gm

/**
 * The verifiers of an export: `main.go`, `verify.mjs`, and under `lib` the very modules that verify here. They import
 * nothing but each other and Node.
 */
export async function offlineVerifier(): Promise<readonly VerifierFile[]> {
  const own = ['main.go', 'verify.mjs']
  const folder = pathToFileURL(`${verifyDir}/`)
  const files = own.map(async (path) => ({ path, bytes: await readFile(new URL(path, folder)) }))
  const type = { path: 'lib/package.json', bytes: Buffer.from('{ "type": "module" }\n') }
  return [...(await Promise.all(files)), type, ...(await modulesFrom(START))]
}

/** A module and all that it imports. */
async function modulesFrom(start: string): Promise<readonly VerifierFile[]> {
  const found = new Map<string, Buffer>()
  const open = [`${start}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue
    const bytes = await readFile(new URL(path, modules))
    found.set(path, bytes)
    for (const [, target = ''] of bytes.toString('utf8').matchAll(RELATIVE_IMPORT))
      open.push(posix.join(posix.dirname(path), target))
  }
  return [...found].map(([path, bytes]) => ({ path: `lib/${path}`, bytes }))
}
