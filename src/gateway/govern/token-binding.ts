import type { DpopProofs, ShownProof } from '../scope/dpop-proofs.ts'
import { OAuthError } from './oauth-error.ts'

/**
 * Thumbprint of the key that a token shall be bound to (RFC 9449 §5); null where a bearer token is asked for.
 * @throws OAuthError invalid_dpop_proof
 */
export async function boundKeyOf(
  proofs: DpopProofs,
  binding: ShownProof | null,
): Promise<string | null> {
  if (binding === null) return null
  const proof = await proofs.accept(binding)
  if (!proof)
    throw new OAuthError(
      'invalid_dpop_proof',
      'Make a new proof for this request: its method, its address, the time of now (RFC 9449 §4.2).',
    )
  return proof.jkt
}
