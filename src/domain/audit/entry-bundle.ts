/** Entries of one bundle, and hashes of one tile: C2SP tlog-tiles has them of one size. */
export const BUNDLE_ENTRIES = 256
const LENGTH_BYTES = 2

/** An entry bundle that breaks off or has something behind its last entry. */
export class BundleError extends Error {
  override readonly name = 'BundleError'
}

/**
 * C2SP tlog-tiles, "Log entries": each entry behind its length in 16 bits, big-endian. No entry is empty, so length 0
 * stands for one that was discarded.
 */
export function packBundle(entries: readonly (Uint8Array | null)[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt16BE(entry?.length ?? 0)
    return entry ? [length, entry] : [length]
  })
  return Buffer.concat(parts)
}

/**
 * Entries of a bundle, or of a part of one.
 * @param count of entries that it has to hold.
 * @throws BundleError
 */
export function unpackBundle(bundle: Uint8Array, count = BUNDLE_ENTRIES): (Buffer | null)[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.length)
  const entries: (Buffer | null)[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + LENGTH_BYTES > bytes.length) throw new BundleError('The bundle breaks off.')
    const length = bytes.readUInt16BE(at)
    at += LENGTH_BYTES
    if (at + length > bytes.length) throw new BundleError('The bundle breaks off.')
    entries.push(length === 0 ? null : bytes.subarray(at, at + length))
    at += length
  }
  if (entries.length !== count)
    throw new BundleError(`The bundle holds ${entries.length} entries, not ${count}.`)
  return entries
}
