import type { SubjectId } from '../../kernel/ids.ts'

export interface Change {
  readonly sequence: number
  readonly kind: 'profile' | 'segment' | 'consent'
  readonly subjectId: SubjectId
  /** Segment key for kind `segment`. */
  readonly key: string | null
}

/**
 * What changed, told to every gateway. At least once; an implementation MAY poll.
 * A caller MUST treat a change as a hint to read again through the door, never as data.
 */
export interface ChangeFeed {
  subscribe(listener: (changes: readonly Change[]) => void): () => void
}
