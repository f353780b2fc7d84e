import type { FastifyRequest } from 'fastify'
import type { Credentials } from '../../gateway/scope/authenticate.ts'

export const VISITOR_COOKIE = 'bauta_visitor'

// RFC 6750 §2.1 and RFC 6265 §4.1.1; whatever does not fit is no credential.
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i
const COOKIE = new RegExp(`(?:^|; *)${VISITOR_COOKIE}=([A-Za-z0-9._-]+)(?:;|$)`)

/** The bearer token and the visitor's cookie of a request. No argument, no other header or cookie identifies a caller. */
export function credentialsOf({
  id,
  headers,
}: Pick<FastifyRequest, 'id' | 'headers'>): Credentials {
  return {
    bearer: BEARER.exec(headers.authorization ?? '')?.[1] ?? null,
    visitorCookie: COOKIE.exec(headers.cookie ?? '')?.[1] ?? null,
    requestId: id,
  }
}
