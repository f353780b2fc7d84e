import { RunningGateway } from '../running-gateway.ts'
import { erasedBytesContract } from './erased-bytes.contract.ts'

erasedBytesContract('embedded PostgreSQL', async () => {
  const running = await RunningGateway.start({}, 'policy')
  return {
    running,
    folders: [running.gateway.config.dataDir],
    // Its log belongs to nobody else and is turned over at once.
    passTime: async () => {},
    stop: async () => await running.stop(),
  }
})
