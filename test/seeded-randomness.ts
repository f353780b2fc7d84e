import { createCipheriv } from 'node:crypto'
import type { Randomness } from '../src/kernel/ids.ts'

/** Bytes that are the same for the same seed: the key stream of AES-256-CTR. */
export function seededRandomness(seed: number): Randomness {
  const key = Buffer.alloc(32)
  key.writeUInt32BE(seed)
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  let ready: Buffer = Buffer.alloc(0)
  return {
    bytes(length) {
      if (length > ready.length) ready = stream.update(Buffer.alloc(Math.max(length, 65_536)))
      const taken = ready.subarray(0, length)
      ready = ready.subarray(length)
      return taken
    },
  }
}
