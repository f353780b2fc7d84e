import { InProcessBulletin } from '../../src/outbound/redis/in-process-bulletin.ts'
import { bulletinContract } from './bulletin.contract.ts'

bulletinContract('in one process', async () => ({
  bulletin: new InProcessBulletin(),
  close() {},
}))
