import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { ConsentFacts } from './person-consent.ts'

/** What is still kept of what was known of people at an earlier instant: nothing of those who were erased since. */
export interface PastPeople {
  /** By the ids asked for; traits that are sealed stay so. Ids that are unknown are absent. */
  at(
    subjects: readonly SubjectId[],
    instant: Instant,
  ): Promise<ReadonlyMap<SubjectId, ConsentFacts>>
  /** Whether anything that had come in before was taken back since: then the past can not be told exactly. */
  takenBackSince(instant: Instant): Promise<boolean>
  /** Everybody who is known, also ids that were merged into others, in pages. */
  everybody(): AsyncIterable<readonly SubjectId[]>
}
