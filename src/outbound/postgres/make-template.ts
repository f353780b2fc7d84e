import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openDatabase } from './connect.ts'
import { migrate } from './migrate.ts'

/** Makes an empty, migrated cluster at this path, unless it is there. Of several processes that do, one wins. */
export async function makeClusterTemplate(template: string): Promise<void> {
  if (existsSync(template)) return
  const dataDir = await mkdtemp(join(dirname(template), 'making-cluster-'))
  try {
    const { dataSource, close } = await openDatabase({ url: null, dataDir })
    await migrate(dataSource)
    await close()
    await rename(join(dataDir, 'postgres'), template).catch((error: unknown) => {
      if (!existsSync(template)) throw error
    })
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
