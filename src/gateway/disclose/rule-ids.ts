import type { Grant, GrantHolder } from '../../domain/access/grant.ts'
import { type Scope, scopes } from '../../domain/access/principal.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'

const ROLE = 'roles/'
const SCOPE = 'scopes/'
const CATEGORIES = 'categories/'
/** Those that decide about fields; others decide whether a request is let in at all. */
const DECIDING: ReadonlySet<Scope> = new Set([
  'profile:read',
  'profile:contact',
  'segments:read',
  'recommendations:read',
])

/** What an entry has to name of a grant for its decisions to be reckoned again, beside policy, purpose and audience. */
export function ruleIdsOf({ roles, scopes: granted, categories }: Grant): readonly string[] {
  return [
    ...roles.map((role) => `${ROLE}${role}`),
    ...[...granted].filter((scope) => DECIDING.has(scope)).map((scope) => `${SCOPE}${scope}`),
    ...(categories === null ? [] : [`${CATEGORIES}${categories.join(' ')}`]),
  ]
}

/** The caller as an entry names it; null for entries from before the scopes stood in them. */
export function holderIn({ policy, actor, audience }: AuditEntry): GrantHolder | null {
  const named = (prefix: string) =>
    policy.ruleIds.flatMap((id) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : []))
  const granted = new Set(named(SCOPE))
  if (granted.size === 0) return null
  const [limit] = named(CATEGORIES)
  const categories = limit === undefined ? null : limit.split(' ').filter(Boolean)
  return {
    roles: actor.roles,
    scopes: new Set(scopes.filter((scope) => granted.has(scope))),
    client: { audience, categories, segments: null },
  }
}
