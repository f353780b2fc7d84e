import { HASH_BYTES } from './merkle.ts'
import { fromBase64 } from './signed-note.ts'

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

/**
 * An `extra` line, which applications may add, is passed over.
 * @returns null for whatever is no proof in this form.
 */
export function parseTlogProof(text: string): TlogProof | null {
  const end = text.indexOf('\n\n')
  const [header, ...lines] = text.slice(0, end).split('\n')
  if (end < 0 || header !== HEADER) return null
  if (lines[0]?.startsWith('extra ')) lines.shift()
  const [, digits] = /^index (0|[1-9]\d*)$/.exec(lines[0] ?? '') ?? []
  const proof = lines.slice(1).map(fromBase64)
  const index = Number(digits)
  if (!Number.isSafeInteger(index) || !proof.every((hash) => hash?.length === HASH_BYTES))
    return null
  return { index, proof: proof as Uint8Array[], checkpoint: text.slice(end + 2) }
}
