import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Segment } from './rule.ts'

export interface SegmentStore {
  /** All segments by key; small and cached for at most a second. */
  all(): Promise<ReadonlyMap<string, Segment>>
  /** Stores the definition and evaluates it for everybody, in one transaction; returns the number of members. */
  define(segment: Segment, now: Instant): Promise<number>
  /** Takes the definition and every membership away; false: there was none. */
  remove(key: string): Promise<boolean>
  /** Members among rows with one of these consent states (which permit PROFILING of the rule's inputs), at `now`. */
  count(key: string, permittedStates: readonly number[], now: Instant): Promise<number>
  /** Evaluates again whose membership time alone may have changed by now; returns how many rows that were. */
  refreshMemberships(now: Instant): Promise<number>
  /** Instants of the named events since `since`, per person: for memberships whose window has moved. */
  eventInstants(
    ids: readonly SubjectId[],
    names: readonly string[],
    since: Instant,
  ): Promise<Map<SubjectId, Readonly<Record<string, readonly Instant[]>>>>
}
