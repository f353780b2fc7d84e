import type { FastifyRequest } from 'fastify'
import type { Credentials } from '../../gateway/scope/authenticate.ts'
import type { ShownProof } from '../../gateway/scope/dpop-proofs.ts'

export const VISITOR_COOKIE = 'bauta_visitor'

// RFC 6750 §2.1, RFC 9449 §7.1 and RFC 6265 §4.1.1; whatever does not fit is no credential.
const TOKEN = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*) *$/i
const COOKIE = new RegExp(`(?:^|; *)${VISITOR_COOKIE}=([A-Za-z0-9._-]+)(?:;|$)`)

type Asked = Pick<FastifyRequest, 'id' | 'headers' | 'method' | 'url'>

/**
 * The token, with the proof of its key where it was shown as a bound one, and the visitor's cookie of a request. No
 * argument, no other header or cookie identifies a caller.
 */
export function credentialsOf(request: Asked): Credentials {
  const { id, headers } = request
  const [, scheme = '', bearer = null] = TOKEN.exec(headers.authorization ?? '') ?? []
  return {
    bearer,
    proof: scheme.toLowerCase() === 'dpop' ? shownProofOf(request) : null,
    visitorCookie: COOKIE.exec(headers.cookie ?? '')?.[1] ?? null,
    requestId: id,
  }
}

/** Whether a request brings a proof of possession: at the token endpoint also without a bound token. */
export function bringsProof({ headers }: Asked): boolean {
  return headers.dpop !== undefined
}

const shown = new WeakMap<object, ShownProof>()

/** The same object however often it is asked for: one request uses its proof once. Two headers in one are no proof. */
export function shownProofOf(request: Asked): ShownProof {
  const known = shown.get(request)
  if (known) return known
  const { dpop = '' } = request.headers
  const path = request.url.split(/[?#]/, 1)[0] ?? ''
  const proof = { text: String(dpop), method: request.method, path }
  shown.set(request, proof)
  return proof
}
