import type { Draft } from './draft.ts'
import type { StateDecisions } from './state-decisions.ts'

/** Decides whether the caller may know of this profile: within its row predicate, and covered by purpose and consent. */
export function knowProfile(draft: Draft): boolean {
  const { scope, row, decisions, plan } = draft
  if (!decisions) return false
  // A device's cookie opens what the device did; once its visitor has become a person, only a token for them does.
  if (row.kind === 'person' && scope.principal.roles.includes('visitor')) return false
  if (scope.principal.subject === row.subjectId) return true
  const { rows } = scope
  if (!decisions.known) return false
  if (rows.subjectId === null && rows.segments === null) return true
  const profile = {
    subjectId: row.subjectId,
    segments: knownSegments(row.segmentKeys, decisions, plan.grant.segments),
  }
  return scope.abilities.allows(profile, 'user.unique_id.pseudonym')
}

/** A membership that may not be disclosed can't decide that a profile is seen either. */
function knownSegments(
  keys: readonly string[],
  decisions: StateDecisions,
  limitedTo: readonly string[] | null,
): readonly string[] {
  if (limitedTo === null) return keys
  return decisions.decide('user.derived.segment').reason === null ? keys : []
}
