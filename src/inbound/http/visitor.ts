import type { FastifyInstance } from 'fastify'
import type { Visitors } from '../../gateway/govern/visitors.ts'
import type { Authenticator, Credentials } from '../../gateway/scope/authenticate.ts'
import type { Budgets } from '../../gateway/scope/budgets.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { credentialsOf, VISITOR_COOKIE } from './credentials.ts'
import { assertListed } from './cross-origin.ts'

/** `POST /v1/visitor`: sets the cookie by which a front end's anonymous visitor is known from now on. 204, no body. */
export function visitorRoutes(
  authenticator: Authenticator,
  visitors: Visitors,
  /** Where browsers reach the gateway; over https the cookie never travels in clear. */
  publicUrl: string | null,
  budgets: Budgets,
): (app: FastifyInstance) => Promise<void> {
  const secure = publicUrl?.startsWith('https:') ? '; Secure' : ''
  return async (app) => {
    const config = { audited: 'every greeting', crossOrigin: 'clients' } as const
    app.post('/v1/visitor', { config }, async (request, reply) => {
      const principal = await recognise(authenticator, credentialsOf(request))
      assertListed(request, principal.client)
      await budgets.of(principal, request.id).spendRequest()
      const { value, expiresAt } = await visitors.greet(principal, request.id)
      const expires = new Date(expiresAt).toUTCString()
      return await reply
        .status(204)
        .header(
          'set-cookie',
          `${VISITOR_COOKIE}=${value}; Path=/; Expires=${expires}; HttpOnly; SameSite=Lax${secure}`,
        )
        .send()
    })
  }
}

// Scripts can't drop an HttpOnly cookie that has become invalid, so here it must not stand in the way of a new one.
async function recognise(authenticator: Authenticator, credentials: Credentials) {
  try {
    return await authenticator.authenticate(credentials)
  } catch (error) {
    if (credentials.visitorCookie === null || !(error instanceof Refusal)) throw error
    return await authenticator.authenticate({ ...credentials, visitorCookie: null })
  }
}
