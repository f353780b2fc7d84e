/** One entry's place in the tree of a checkpoint, to be verified by itself. */
export interface TlogProof {
  readonly index: number
  /** RFC 6962 §2.1.1. */
  readonly proof: readonly Uint8Array[]
  /** A signed checkpoint. */
  readonly checkpoint: string
}

const HEADER = 'c2sp.org/tlog-proof@v1'

/** C2SP tlog-proof: header, index, hashes, an empty line, the checkpoint. */
export function formatTlogProof({ index, proof, checkpoint }: TlogProof): string {
  const hashes = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
  return `${HEADER}\nindex ${index}\n${hashes}\n${checkpoint}`
}
