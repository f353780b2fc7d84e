import { type ClientStore, scopes } from './domain/access/principal.ts'
import type { SecretHasher } from './domain/access/secret-hasher.ts'
import { AskedTokens } from './gateway/govern/asked-token.ts'
import { Introspection } from './gateway/govern/introspection.ts'
import { Revocation } from './gateway/govern/revocation.ts'
import { TokenClients } from './gateway/govern/token-client.ts'
import { Tokens, type TokensParts } from './gateway/govern/tokens.ts'
import type { Authenticator } from './gateway/scope/authenticate.ts'
import type { Budgets } from './gateway/scope/budgets.ts'
import type { Reserve } from './gateway/scope/reserve.ts'
import type { SecurityCounters } from './gateway/scope/security-counters.ts'
import type { OAuthParts } from './inbound/http/oauth.ts'

/** Everything that gives tokens, tells of them and takes them back. */
export function tokenDesk(
  parts: Omit<TokensParts, 'clients'> & {
    readonly store: ClientStore
    readonly hasher: SecretHasher
    readonly authenticator: Authenticator
    readonly counters: SecurityCounters
    readonly issuer: string
    readonly budgets: Budgets
    readonly reserve: Reserve
  },
): OAuthParts {
  const { store, hasher, authenticator, counters, recorder, denials, signer, issuer, clock } = parts
  const clients = new TokenClients(store, hasher, authenticator, counters, parts.budgets)
  const asked = new AskedTokens({ clients, authenticator, recorder, denials })
  return {
    tokens: new Tokens({ ...parts, clients }),
    introspection: new Introspection(asked, recorder, issuer, parts.reserve),
    revocation: new Revocation(asked, store, recorder, clock),
    issuer,
    scopes,
    keySet: signer.keySet(),
  }
}
