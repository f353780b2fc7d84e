import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from './connect.ts'
import { checkDrift, migrate, revertAll } from './migrate.ts'

/**
 * Runs every migration forwards, back and forwards again on an empty embedded server, and compares the result with the
 * entities.
 * @throws Error naming what differs.
 */
export async function checkMigrations(say: (line: string) => void): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bauta-migrations-'))
  const opened = await openDatabase({ url: null, dataDir })
  try {
    const { dataSource } = opened
    await migrate(dataSource)
    await revertAll(dataSource)
    const names = await migrate(dataSource)
    const drift = await checkDrift(dataSource)
    if (drift.length > 0) {
      throw new Error(
        `Entities and migrations differ; a migration would have to say:\n${drift.join('\n')}`,
      )
    }
    say(`${names.length} migrations run forwards and back, and agree with the entities.`)
  } finally {
    await opened.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}
