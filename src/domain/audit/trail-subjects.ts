import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

/** One subject under which a person stands in the trail. */
export interface TrailSubject {
  readonly id: SubjectId
  /** Since when and until when it stood for this person too. Null since: it is this person's own. */
  readonly from: Instant | null
  readonly to: Instant | null
}

/**
 * Under which subjects entries speak of a person: all that were merged into one, each with a reference of its own, and,
 * for the time of a merge that has been undone, the others with whom they were taken for one.
 */
export interface TrailSubjects {
  /** Empty for somebody unknown. */
  of(subject: SubjectId): Promise<readonly TrailSubject[]>
}
