import { RunningGateway } from '../running-gateway.ts'
import { scratchPostgres } from '../scratch-postgres.ts'
import { erasedBytesContract } from './erased-bytes.contract.ts'

/** In MB, as small as PostgreSQL allows. */
const LOG = 32

erasedBytesContract('PostgreSQL', async () => {
  const scratch = await scratchPostgres({ max_wal_size: `'${LOG}MB'`, min_wal_size: `'${LOG}MB'` })
  const running = await RunningGateway.start({ DATABASE_URL: scratch.url }, 'policy')
  return {
    running,
    folders: [scratch.folder, running.gateway.config.dataDir],
    async passTime() {
      for (let written = 0; written <= 2 * LOG; written++)
        await scratch.query(
          "SELECT pg_logical_emit_message(false, 'day', repeat('x', 1024 * 1024))",
        )
    },
    async stop() {
      await running.stop()
      await scratch.remove()
    },
  }
})
