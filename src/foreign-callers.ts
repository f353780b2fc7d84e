import type { Config } from './config.ts'
import { PeopleByIdentifier } from './domain/profiles/people-by-identifier.ts'
import { ForeignCallers } from './gateway/scope/foreign-caller.ts'
import { readIdentityProviders } from './identity-provider-file.ts'
import { JoseForeignTokens } from './outbound/keys/jose-foreign-tokens.ts'
import type { Stores } from './stores.ts'

/** Callers who come with a token of the customer's own identity provider. @throws ConfigError */
export function foreignCallersOf(
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
