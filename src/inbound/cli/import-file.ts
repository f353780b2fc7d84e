import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Refusal } from '../../kernel/refusal.ts'

/** As much of a file as tells it from others, together with its size. */
const FINGERPRINT_BYTES = 1024 * 1024
export const STANDARD_INPUT = '-'

export interface ImportFile {
  /** Unpacked. */
  readonly bytes: AsyncIterable<Buffer>
  /** Size as stored; null: not known. */
  readonly size: number | null
  /** Stored bytes read so far. */
  read(): number
  /** SHA-256 of size and beginning; of standard input, which can't be read again, a random name. */
  readonly identity: string
}

/** @throws Refusal BAD_USER_INPUT when the file can't be read. */
export async function openImportFile(
  path: string,
  gzip: 'auto' | 'yes' | 'no',
  input: Readable,
): Promise<ImportFile> {
  const { size, identity } =
    path === STANDARD_INPUT ? { size: null, identity: randomUUID() } : await identityOf(path)
  const stored: AsyncIterable<Buffer> = path === STANDARD_INPUT ? input : createReadStream(path)
  let read = 0
  const counted = (async function* () {
    for await (const piece of stored) {
      read += piece.length
      yield piece
    }
  })()
  const packed = gzip === 'yes' || (gzip === 'auto' && path.endsWith('.gz'))
  return { bytes: packed ? unpacked(counted) : counted, size, identity, read: () => read }
}

async function* unpacked(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  // Failures surface where the unpacked bytes are read.
  pipeline(packed, gunzip).catch(() => {})
  try {
    yield* gunzip
  } catch (cause) {
    throw new Refusal(
      'BAD_USER_INPUT',
      'The file is no complete gzip; the rows before the damage are in.',
      { cause },
    )
  }
}

async function identityOf(path: string): Promise<{ size: number; identity: string }> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FINGERPRINT_BYTES), 0)
      const identity = createHash('sha256')
        .update(`${size}\n`)
        .update(buffer.subarray(0, bytesRead))
      return { size, identity: identity.digest('hex') }
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new Refusal('BAD_USER_INPUT', 'The file can not be read.', { cause })
  }
}
