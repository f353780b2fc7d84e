import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'

/** The folder that holds src and migrations: `dist`, where the build leaves a template, or the sources, which have none. */
export const BUILT = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Where, in this folder, an empty and migrated cluster is kept. The name says for which server and which migrations, so
 * one that doesn't fit is never found.
 */
export function clusterTemplate(folder: string): string {
  const server = join(
    dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')),
    '../package.json',
  )
  const migrations = join(BUILT, 'migrations')
  const parts = [server, ...readdirSync(migrations).map((name) => join(migrations, name))]
  const hash = createHash('sha256')
  for (const part of parts.sort()) hash.update(readFileSync(part))
  return join(folder, `cluster-${hash.digest('hex').slice(0, 16)}`)
}

/**
 * Makes sure that there is a cluster in this folder. A new one appears whole or not at all: a start that is killed
 * meanwhile leaves nothing that a later one would take for a database. Copying a template takes a tenth of the time
 * that making a cluster takes.
 */
export async function ensureCluster(
  folder: string,
  template = clusterTemplate(BUILT),
): Promise<void> {
  if (existsSync(folder)) return
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  if (existsSync(template)) cpSync(template, unfinished, { recursive: true })
  else await (await PGlite.create(unfinished)).close()
  await rename(unfinished, folder)
}
