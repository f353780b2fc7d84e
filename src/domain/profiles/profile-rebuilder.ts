import type { SubjectId } from '../../kernel/ids.ts'

/** Composes read-model rows anew from records, counters and consent: after a change of rules, a refit or an erasure. */
export interface ProfileRebuilder {
  /** The people whom these subjects belong to, in transactions of bounded size. Unknown subjects lose their row. */
  rebuild(subjects: Iterable<SubjectId>): Promise<void>
}
