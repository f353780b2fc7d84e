import { InProcessUsedProofs } from '../../src/outbound/redis/in-process-used-proofs.ts'
import { usedProofsContract } from './used-proofs.contract.ts'

usedProofsContract('in one process', async () => ({
  used: new InProcessUsedProofs(),
  close: () => {},
}))
