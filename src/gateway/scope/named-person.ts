import type { Principal } from '../../domain/access/principal.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Audiences } from './audiences.ts'
import type { Scope } from './scope.ts'

/**
 * Whom a change is about: the person acted for, or whom staff names by a pseudonym of its own audience.
 * @throws Refusal FORBIDDEN, NOT_FOUND
 */
export function namedPerson(
  { principal, grant }: Scope,
  audiences: Audiences,
  pseudonym: string | null,
): SubjectId {
  if (grant.actsForSubject) {
    if (pseudonym !== null)
      throw new Refusal('FORBIDDEN', 'This token speaks for one person; leave "profile" out.')
    if (principal.subject === null)
      throw new Refusal(
        'FORBIDDEN',
        'This request acts for nobody: send a subject token or a visitor cookie.',
      )
    return principal.subject
  }
  const subject = pseudonym === null ? null : audiences.of(grant.audience).open(pseudonym)
  // Whom the token is not limited to looks like nobody.
  if (subject === null || principal.subjects?.includes(subject) === false)
    throw new Refusal('NOT_FOUND', 'There is no such profile.')
  return subject
}

/**
 * For what reaches people other than by name: an identifier, a count, a register.
 * @throws Refusal FORBIDDEN for a token that is limited to people, because it would reach or tell of others.
 */
export function assertAnybody({ subjects }: Pick<Principal, 'subjects'>): void {
  if (subjects !== null)
    throw new Refusal(
      'FORBIDDEN',
      'This token is limited to certain people and may not do what concerns others.',
    )
}
