import type { IncomingHttpHeaders } from 'node:http'

export const VISITOR_COOKIE = 'bauta_visitor'

/** What a request shows of itself. Nothing else identifies a caller: no argument, no other header or cookie. */
export interface Credentials {
  readonly bearer: string | null
  readonly visitorCookie: string | null
}

// RFC 6750 §2.1 and RFC 6265 §4.1.1; whatever does not fit is no credential.
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i
const COOKIE = new RegExp(`(?:^|; *)${VISITOR_COOKIE}=([A-Za-z0-9._-]+)(?:;|$)`)

export function credentialsOf(headers: IncomingHttpHeaders): Credentials {
  return {
    bearer: BEARER.exec(headers.authorization ?? '')?.[1] ?? null,
    visitorCookie: COOKIE.exec(headers.cookie ?? '')?.[1] ?? null,
  }
}
