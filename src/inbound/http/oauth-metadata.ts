import type { FastifyInstance } from 'fastify'
import { CLIENT_CREDENTIALS, TOKEN_DETAILS, TOKEN_EXCHANGE } from '../../gateway/govern/tokens.ts'
import { DpopProofs } from '../../gateway/scope/dpop-proofs.ts'

/** What everybody may know of the tokens of an installation. */
export interface Published {
  /** Origin under which clients reach the gateway: issuer of its tokens and their audience. */
  readonly issuer: string
  readonly scopes: readonly string[]
  /** Public keys, as JWK. */
  readonly keySet: readonly Readonly<Record<string, unknown>>[]
}

export const RESOURCE_METADATA = '/.well-known/oauth-protected-resource'
const KEYS = '/oauth/jwks'
/** The same for everybody, and rarely new. */
const KEPT = 'public, max-age=300'

/** Metadata of the authorization server (RFC 8414) and of the resource (RFC 9728), which are one, and its keys (RFC 7517). */
export function metadataRoutes(app: FastifyInstance, published: Published): void {
  const { issuer, scopes, keySet } = published
  const proofAlgorithms = DpopProofs.algorithms
  const methods = ['client_secret_basic', 'client_secret_post']
  const documents: Readonly<Record<string, unknown>> = {
    '/.well-known/oauth-authorization-server': {
      issuer,
      token_endpoint: `${issuer}/oauth/token`,
      introspection_endpoint: `${issuer}/oauth/introspect`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      jwks_uri: issuer + KEYS,
      grant_types_supported: [CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
      // Nobody is sent to a sign-in here, so there is nothing to respond to (RFC 8414 §2 wants the member nevertheless).
      response_types_supported: [],
      scopes_supported: scopes,
      // RFC 9396 §10.
      authorization_details_types_supported: [TOKEN_DETAILS],
      token_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_methods_supported: methods,
      dpop_signing_alg_values_supported: proofAlgorithms,
    },
    [RESOURCE_METADATA]: {
      resource: issuer,
      authorization_servers: [issuer],
      jwks_uri: issuer + KEYS,
      scopes_supported: scopes,
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: proofAlgorithms,
      dpop_bound_access_tokens_required: false,
      resource_name: 'Bauta',
    },
    [KEYS]: { keys: keySet },
  }
  for (const [path, document] of Object.entries(documents))
    app.get(
      path,
      async (_request, reply) => await reply.header('cache-control', KEPT).send(document),
    )
}
