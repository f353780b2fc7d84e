import type { Scope } from '../src/domain/access/principal.ts'
import type { Policy, Purpose } from '../src/domain/privacy/policy.ts'
import type { RunningGateway } from './running-gateway.ts'

/** Everything that a client could be allowed to read: what it then sees is for role, purpose and consent to say. */
export const READING: readonly Scope[] = [
  'profile:read',
  'profile:contact',
  'profile:lookup',
  'profile:search',
  'segments:read',
  'recommendations:read',
]

/** Roles that act for one person, with the client that they act through. */
const PERSONAL: Readonly<Record<string, string>> = {
  subject: 'subject',
  frontend: 'frontend',
  visitor: 'frontend',
}

/** One way to ask: a role of the policy and a purpose that it may declare. */
export interface Caller {
  readonly role: string
  readonly purpose: Purpose
  readonly clientId: string
  readonly audience: string
  readonly isPersonal: boolean
}

export function callersOf(policy: Policy): readonly Caller[] {
  return [...policy.roles.keys()].flatMap((role) =>
    [...policy.purposes.values()]
      .filter((purpose) => purpose.roles.has(role))
      .map((purpose) => ({
        role,
        purpose,
        clientId: PERSONAL[role] ?? role,
        audience: PERSONAL[role] ?? role,
        isPersonal: role in PERSONAL,
      })),
  )
}

/** One client per role of the policy, each with all of these scopes; their keys by client id. */
export async function registerRoles(
  running: RunningGateway,
  scopes: readonly Scope[] = READING,
): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>()
  for (const role of running.policy.roles.keys()) {
    if (role === 'visitor') continue
    keys.set(
      role,
      await running.client({
        id: role,
        roles: [role],
        // Whoever may only read has no visitors.
        scopes: role === 'frontend' ? [...new Set([...scopes, 'consent:write' as const])] : scopes,
        defaultPurpose: null,
        lookupsPerDay: 1_000_000,
      }),
    )
  }
  return keys
}
