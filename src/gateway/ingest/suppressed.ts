import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { IngestTransaction } from '../../domain/profiles/ingest-store.ts'
import type { IndexedIdentifier } from '../../domain/profiles/resolution.ts'
import { SUPPRESSION, suppressionHash } from '../../domain/profiles/suppression.ts'

/** Tells which of these identifiers are those of somebody who was erased. */
export async function suppressions(
  tx: Pick<IngestTransaction, 'suppressed'>,
  identifiers: readonly IndexedIdentifier[],
  keys: Pick<KeyStore, 'installationKey'>,
): Promise<(one: IndexedIdentifier) => boolean> {
  const key = keys.installationKey(SUPPRESSION)
  const hashes = new Map(
    identifiers.map((one) => [`${one.kind} ${one.blindIndex}`, suppressionHash(key, one)]),
  )
  const found = await tx.suppressed([...hashes.values()])
  return ({ kind, blindIndex }) => {
    const hash = hashes.get(`${kind} ${blindIndex}`)
    return hash !== undefined && found.size > 0 && found.has(hash.toString('hex'))
  }
}
