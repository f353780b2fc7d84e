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
  const purpose = policy.purposes.get(key)
  if (!purpose)
    throw new Refusal(
      'BAD_USER_INPUT',
      `There is no purpose "${key}"; the policy knows ${[...policy.purposes.keys()].join(', ')}.`,
    )
  const mayDeclare =
    caller.purposes.has(key) && caller.roles.some((role) => purpose.roles.has(role))
  if (!mayDeclare)
    throw new Refusal(
      'BAD_USER_INPUT',
      `${caller.name} may not declare ${key}; it may declare ${purposesOf(policy, caller).join(', ') || 'none'}.`,
    )
  return purpose
}

/** Purposes that a caller may declare under this policy, in its order. */
export function purposesOf(policy: Policy, caller: KnownCaller): readonly string[] {
  return [...policy.purposes.values()]
    .filter(({ key, roles }) => caller.purposes.has(key) && caller.roles.some((r) => roles.has(r)))
    .map(({ key }) => key)
}
