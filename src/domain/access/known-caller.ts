import { Refusal } from '../../kernel/refusal.ts'
import type { Policy, Purpose } from '../privacy/policy.ts'
import type { GrantHolder } from './grant.ts'
import { type Client, defaultScopes, type Scope } from './principal.ts'

/** A caller as policy knows it, whether or not it is calling: a registered client, or anybody of a role. */
export interface KnownCaller extends GrantHolder {
  /** As it was named: a client's id, or `role:partner`. */
  readonly name: string
  readonly title: string
  /** Purposes that it may declare. */
  readonly purposes: ReadonlySet<string>
}

/** @param roles those that it acts in; absent: its own. A front end with nobody signed in acts as `visitor`. */
export function clientAsCaller(
  name: string,
  client: Pick<
    Client,
    'name' | 'roles' | 'scopes' | 'audience' | 'categories' | 'segments' | 'purposes'
  >,
  roles: readonly string[] = client.roles,
): KnownCaller {
  return {
    name,
    title: client.name,
    roles,
    scopes: new Set(client.scopes),
    purposes: new Set(client.purposes),
    client,
  }
}

const OF_ROLE = 'role:'

/** Anybody of a role, with what a registration of that role has by default; null where no role is named. */
export function roleAsCaller(policy: Policy, name: string): KnownCaller | null {
  if (!name.startsWith(OF_ROLE)) return null
  const role = name.slice(OF_ROLE.length)
  if (!policy.roles.has(role))
    throw new Refusal(
      'BAD_USER_INPUT',
      `There is no role "${role}"; the policy knows ${[...policy.roles.keys()].join(', ')}.`,
    )
  const purposes = [...policy.purposes.values()].filter((purpose) => purpose.roles.has(role))
  return {
    name,
    title: `anybody of the role ${role}`,
    roles: [role],
    scopes: new Set<Scope>(defaultScopes[role] ?? ['profile:read']),
    purposes: new Set(purposes.map(({ key }) => key)),
    client: { audience: role, categories: null, segments: null },
  }
}

/**
 * The purpose as this caller may declare it.
 * @throws Refusal BAD_USER_INPUT naming those that it may.
 */
export function purposeOfCaller(policy: Policy, caller: KnownCaller, key: string): Purpose {
  const purpose = purposeOf(policy, key)
  if (barrierOf(caller, purpose) !== null)
    throw new Refusal(
      'BAD_USER_INPUT',
      `${caller.name} may not declare ${key}; it may declare ${purposesOf(policy, caller).join(', ') || 'none'}.`,
    )
  return purpose
}

/** @throws Refusal BAD_USER_INPUT naming those that there are. */
export function purposeOf(policy: Policy, key: string): Purpose {
  const purpose = policy.purposes.get(key)
  if (!purpose)
    throw new Refusal(
      'BAD_USER_INPUT',
      `There is no purpose "${key}"; the policy knows ${[...policy.purposes.keys()].join(', ')}.`,
    )
  return purpose
}

/** What keeps a caller from declaring a purpose: `purposes.csv: …` or `registration: …`; null: nothing. */
export function barrierOf(caller: KnownCaller, { key, roles }: Purpose): string | null {
  if (!caller.roles.some((role) => roles.has(role)))
    return `purposes.csv: ${key} is not open to the role ${caller.roles.join(' ')}`
  return caller.purposes.has(key)
    ? null
    : `registration: ${key} is not among the purposes of ${caller.name}`
}

/** Purposes that a caller may declare under this policy, in its order. */
export function purposesOf(policy: Policy, caller: KnownCaller): readonly string[] {
  return [...policy.purposes.values()]
    .filter((purpose) => barrierOf(caller, purpose) === null)
    .map(({ key }) => key)
}
