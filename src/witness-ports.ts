import { HttpLog } from './outbound/delivery/http-log.ts'
import { FileWitnessMemory } from './outbound/keys/file-witness-memory.ts'
import { PooledRandomness } from './outbound/keys/pooled-randomness.ts'

/** What a witness works with on a machine of its own, where there is no gateway to compose. */
export const witnessPorts = {
  log: (url: string) => new HttpLog(url),
  memory: (file: string) => new FileWitnessMemory(file),
  randomness: new PooledRandomness(),
}
