import type { FastifyInstance } from 'fastify'
import type { Introspection } from '../../gateway/govern/introspection.ts'
import type { Revocation } from '../../gateway/govern/revocation.ts'
import type { Tokens } from '../../gateway/govern/tokens.ts'
import { bringsProof, shownProofOf } from './credentials.ts'
import { questionOf, takeForms } from './oauth-form.ts'
import { metadataRoutes, type Published } from './oauth-metadata.ts'

export interface OAuthParts extends Published {
  readonly tokens: Tokens
  readonly introspection: Introspection
  readonly revocation: Revocation
}

/**
 * `POST /oauth/token`: client credentials (RFC 6749 §4.4) and token exchange (RFC 8693), bound to a key where the request
 * proves to have one (RFC 9449); `/oauth/introspect` (RFC 7662), `/oauth/revoke` (RFC 7009), and what tells of them.
 */
export function oauthRoutes({
  tokens,
  introspection,
  revocation,
  ...published
}: OAuthParts): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    takeForms(app)
    metadataRoutes(app, published)
    const config = { audited: 'every answer and every refusal' } as const
    app.post('/oauth/token', { config }, async (request, reply) => {
      const binding = bringsProof(request) ? shownProofOf(request) : null
      const granted = await tokens.grant({ ...questionOf(request), binding })
      return await reply.header('pragma', 'no-cache').send(granted)
    })
    app.post(
      '/oauth/introspect',
      { config },
      async (request) => await introspection.introspect(questionOf(request)),
    )
    app.post('/oauth/revoke', { config }, async (request, reply) => {
      await revocation.revoke(questionOf(request))
      return await reply.send()
    })
  }
}
