import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { EventCategory } from '../privacy/event-category.ts'
import type { KeptConsent } from '../privacy/kept-consent.ts'
import type { ReadColumn, ReadRow } from './read-model.ts'

/** Ways to order a list of profiles, each tied to the data category that it reads. */
export type ProfileOrderKey =
  | 'lastSeenAt'
  | 'customerSince'
  | 'totalValue'
  | 'sessionCount'
  | 'none'

/** One condition of a list, on one data category; rows whose consent does not cover it do not match. */
export interface RowCondition {
  readonly field:
    | 'country'
    | 'plan'
    | 'lifecycleStage'
    | 'segment'
    | 'ageBand'
    | 'sessionCount'
    | 'lastSeenAt'
    | 'orderCount'
  readonly operator: 'eq' | 'in' | 'gte' | 'lte'
  readonly value: string | number | readonly string[]
  /** Ids of the interned consent states that permit reading this field; others count as unknown. */
  readonly permittedStates: readonly number[]
}

/** Members of a segment, where consent permits telling that they are. */
export interface SegmentLimit {
  readonly key: string
  /** Ids of the interned consent states under which every input of the segment may be told. */
  readonly permittedStates: readonly number[]
}

export interface RowQuery {
  /** Rows outside are invisible: consent states under which the caller may know of the profile at all. */
  readonly visibleStates: readonly number[]
  /** Row predicate of the caller's ability: this person, one of these people, and a member of one of these segments. */
  readonly onlySubject: SubjectId | null
  readonly onlySubjects: readonly SubjectId[] | null
  readonly onlySegments: readonly SegmentLimit[] | null
  readonly kind: 'person' | 'visitor' | null
  readonly conditions: readonly RowCondition[]
  readonly order: {
    readonly key: ProfileOrderKey
    readonly descending: boolean
    readonly permittedStates: readonly number[]
  }
  /** Seeds the tie-break, so that two audiences can't join their lists by position. */
  readonly audienceSeed: string
  readonly limit: number
  readonly after: RowPosition | null
}

/** A place in a list: order value (null sorts last) and tie-break. It outlives the row it was taken from. */
export interface RowPosition {
  readonly value: string | number | null
  readonly tie: string
}

export interface TimelineEvent {
  readonly source: string
  readonly messageId: string
  readonly name: string
  readonly at: Instant
  readonly itemId: string | null
  readonly orderId: string | null
  readonly value: number
  readonly properties: Readonly<Record<string, unknown>>
}

/**
 * Reads of the read model and of what hangs below it. Every call is one statement whatever the number of ids.
 * Failures of the database surface as Refusal STORE_UNAVAILABLE.
 */
export interface ProfileStore {
  /** Rows by internal id; ids retired by a merge resolve to their root; unknown ids are absent. */
  load(
    ids: readonly SubjectId[],
    columns: ReadonlySet<ReadColumn>,
  ): Promise<Map<SubjectId, ReadRow>>
  /**
   * Takes as long as `load` does to find out, beyond its first look, that an id is nobody's: for rows that were found and
   * may not be known, so that the clock does not tell them from nobody.
   */
  missOnce(columns: ReadonlySet<ReadColumn>): Promise<void>
  list(
    query: RowQuery,
    columns: ReadonlySet<ReadColumn>,
  ): Promise<readonly { row: ReadRow; position: RowPosition }[]>
  /** Root subject by blind index of an identifier, or null. */
  findByIdentifier(kind: string, blindIndex: Uint8Array): Promise<SubjectId | null>
  /**
   * Events of several people, newest first, at most `limit` each, before an (instant, source, messageId) position.
   * `only` those whose name has this category; others cost nothing that a caller could notice.
   */
  timelines(
    ids: readonly SubjectId[],
    page: {
      readonly limit: number
      readonly before: { at: Instant; source: string; messageId: string } | null
      readonly only?: EventCategory | null
    },
  ): Promise<Map<SubjectId, readonly TimelineEvent[]>>
  /** Whole histories, oldest decision first. */
  consentRecords(ids: readonly SubjectId[]): Promise<Map<SubjectId, readonly KeptConsent[]>>
  /** Interned consent states: id -> canonical text. Grows only; ask again when an id is unknown. */
  consentStates(): Promise<ReadonlyMap<number, string>>
  /** Rewrites rows whose consent or membership changed by time alone, so that lists and counts are exact at `now`. */
  refreshDue(now: Instant): Promise<number>
}
