import { isEverybody } from '../../domain/access/ability.ts'
import type { Draft } from './draft.ts'
import { openSegments } from './open-segments.ts'

/** Decides whether the caller may know of this profile: within its row predicate, and covered by purpose and consent. */
export function knowProfile(draft: Draft): boolean {
  const { scope, row, decisions, plan, defined } = draft
  if (!decisions) return false
  // A device's cookie opens what the device did; once its visitor has become a person, only a token for them does.
  if (row.kind === 'person' && scope.principal.roles.includes('visitor')) return false
  if (scope.principal.subject === row.subjectId) return true
  if (!decisions.known) return false
  if (isEverybody(scope.rows)) return true
  // Being seen tells a membership: one that may not be told does not decide that a profile is seen.
  const open = openSegments(decisions, plan, defined)
  const profile = {
    subjectId: row.subjectId,
    segments: (row.segmentKeys ?? []).filter((key) => open.has(key)),
  }
  return scope.abilities.allows(profile, 'user.unique_id.pseudonym')
}
