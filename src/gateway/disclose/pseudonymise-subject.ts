import type { Draft } from './draft.ts'

/** Gives the row the name under which this audience, and no other, knows the person. */
export function pseudonymiseSubject(draft: Draft): boolean {
  draft.id = draft.pseudonyms.of(draft.row.subjectId)
  return true
}
