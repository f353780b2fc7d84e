import { type Config, issuerOf } from './config.ts'
import { PeopleByIdentifier } from './domain/profiles/people-by-identifier.ts'
import type { Audiences } from './gateway/scope/audiences.ts'
import { Authenticator } from './gateway/scope/authenticate.ts'
import { Budgets } from './gateway/scope/budgets.ts'
import { DpopProofs } from './gateway/scope/dpop-proofs.ts'
import { ForeignCallers } from './gateway/scope/foreign-caller.ts'
import type { SecurityCounters } from './gateway/scope/security-counters.ts'
import { VisitorCookies } from './gateway/scope/visitor-cookie.ts'
import { readIdentityProviders } from './identity-provider-file.ts'
import { usedProofs } from './news.ts'
import { JoseDpopReader } from './outbound/keys/jose-dpop-reader.ts'
import { JoseForeignTokens } from './outbound/keys/jose-foreign-tokens.ts'
import { JoseTokenSigner } from './outbound/keys/jose-token-signer.ts'
import { clock, type Stores } from './stores.ts'

/** Whatever finds out who calls: tokens of our own, their proofs, cookies, tokens of the customer's. @throws ConfigError */
export function callersOf(
  config: Config,
  stores: Stores,
  { audiences, counters }: { readonly audiences: Audiences; readonly counters: SecurityCounters },
) {
  const { policy, keys, clients, redis } = stores
  const issuer = issuerOf(config)
  const signer = new JoseTokenSigner(keys.installationKey('token-signing'), issuer)
  const proofs = new DpopProofs(new JoseDpopReader(), usedProofs(redis), issuer, clock)
  const cookies = new VisitorCookies(keys, audiences)
  const foreign = foreignCallersOf(config, stores)
  const known = { clients, signer, proofs, audiences, cookies, foreign }
  const authenticator = new Authenticator({ ...known, keys, policy, counters, clock })
  const { perMinute } = config
  const budgets = new Budgets({ rates: stores.rates, counters, perMinute, audiences })
  return { issuer, signer, proofs, cookies, authenticator, budgets }
}

/** Callers who come with a token of the customer's own identity provider. @throws ConfigError */
function foreignCallersOf(
  { identityProviders: path, mode }: Config,
  { policy: { roles }, profiles, keys }: Stores,
): ForeignCallers {
  const providers = path === null ? [] : readIdentityProviders(path, { mode, roles })
  return new ForeignCallers(
    new JoseForeignTokens(providers),
    new PeopleByIdentifier(profiles, keys.installationKey('blind-index')),
    keys.installationKey('staff'),
  )
}
