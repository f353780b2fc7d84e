import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from 'jose'
import { type DpopProof, type DpopReader, PROOF_ALGORITHMS } from '../../domain/access/dpop.ts'
import { type Instant, SECOND } from '../../kernel/time.ts'

/** Proofs of possession (RFC 9449): JWTs under the key that stands in their own header. */
export class JoseDpopReader implements DpopReader {
  async read(proof: string, now: Instant): Promise<DpopProof | null> {
    try {
      const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
        algorithms: [...PROOF_ALGORITHMS],
        typ: 'dpop+jwt',
        requiredClaims: ['jti', 'htm', 'htu', 'iat'],
        currentDate: new Date(now),
      })
      const { jti, htm, htu, iat, ath = null } = payload
      // RFC 9449 §4.3: whoever shows a private key has lost it.
      if (!protectedHeader.jwk || 'd' in protectedHeader.jwk) return null
      if (!isText(jti) || !isText(htm) || !isText(htu) || typeof iat !== 'number') return null
      if (ath !== null && !isText(ath)) return null
      const jkt = await calculateJwkThumbprint(protectedHeader.jwk)
      return { jkt, jti, htm, htu, issuedAt: iat * SECOND, ath }
    } catch (error) {
      // A key that can not be read is a TypeError, or an error of the platform's own.
      if (error instanceof errors.JOSEError || error instanceof TypeError) return null
      if (error instanceof DOMException) return null
      throw error
    }
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
