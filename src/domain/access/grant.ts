import type { SubjectId } from '../../kernel/ids.ts'
import type { Purpose } from '../privacy/policy.ts'
import type { Principal, Scope } from './principal.ts'

/**
 * What one principal may do for one purpose, normalised: two requests with equal keys are decided alike, so a
 * compiled Plan is remembered under it. It names no person: the subject acted for is a row predicate, not a rule.
 */
export interface Grant {
  readonly key: string
  /** Roles that may declare the purpose; without a purpose, all roles of the principal. */
  readonly roles: readonly string[]
  readonly scopes: ReadonlySet<Scope>
  readonly audience: string
  readonly purpose: Purpose | null
  /** Null: all that the roles allow. */
  readonly categories: readonly string[] | null
  readonly segments: readonly string[] | null
  /** The caller acts for one person and sees no one else. */
  readonly actsForSubject: boolean
  /** The caller learns one reason only, whatever the cause. */
  readonly isPartner: boolean
  /** The caller may list rows; analysts see aggregates. */
  readonly listsRows: boolean
}

/** Roles that always act for one person. */
const PERSONAL_ROLES: ReadonlySet<string> = new Set(['subject', 'frontend', 'visitor'])

/** As much of a principal as policy looks at: also of somebody who is only asked about. */
export interface GrantHolder extends Pick<Principal, 'roles' | 'scopes'> {
  readonly client: Pick<Principal['client'], 'audience' | 'categories' | 'segments'>
}

export function grantOf(principal: GrantHolder, purpose: Purpose | null): Grant {
  const roles = principal.roles.filter((role) => !purpose || purpose.roles.has(role)).toSorted()
  const scopes = new Set([...principal.scopes].toSorted())
  const { audience, categories, segments } = principal.client
  const parts = [
    audience,
    roles,
    [...scopes],
    purpose?.key ?? null,
    categories?.toSorted() ?? null,
    segments?.toSorted() ?? null,
  ]
  return {
    key: JSON.stringify(parts),
    roles,
    scopes,
    audience,
    purpose,
    categories,
    segments,
    actsForSubject: principal.roles.some((role) => PERSONAL_ROLES.has(role)),
    isPartner: principal.roles.includes('partner'),
    listsRows: scopes.has('profile:search'),
  }
}

/** Which rows: those that every one of these lets in; null lets all in. */
export interface RowPredicate {
  /** The person acted for. */
  readonly subjectId: SubjectId | null
  /** Members of at least one of the segments that client or token are limited to. */
  readonly segments: readonly string[] | null
  /** The people to whom the token is limited. */
  readonly subjects: readonly SubjectId[] | null
}
