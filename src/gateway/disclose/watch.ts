import type { Change, ChangeFeed } from '../../domain/profiles/change-feed.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Scope } from '../scope/scope.ts'
import type { DiscloseDesk } from './disclose.ts'

/** A hint to read again: whose profile, by the pseudonym of the watching caller; null for the person acted for. */
export interface WatchedChange {
  readonly pseudonym: string | null
  /** `start`: nothing happened yet, this is what later answers are compared with. */
  readonly occasion: 'start' | 'change' | 'membership'
}

/** Changes that are kept for a slow reader; beyond it the oldest are dropped: they are hints, the next read is whole. */
const BUFFERED = 1_000

/** What changed, as endless sequences for subscriptions. They carry no data, only the reason to ask the door again. */
export class Watch {
  readonly #feed: ChangeFeed
  readonly #desk: DiscloseDesk

  constructor(feed: ChangeFeed, desk: DiscloseDesk) {
    this.#feed = feed
    this.#desk = desk
  }

  /** @throws Refusal NOT_FOUND when nobody is named, or nobody that the caller could name. */
  profile(scope: Scope, pseudonym: string | null): AsyncIterableIterator<WatchedChange> {
    const own = scope.principal.subject
    const subject =
      pseudonym === null ? own : this.#desk.pseudonymsOf(scope.grant.audience).open(pseudonym)
    if (subject === null || (scope.rows.subjectId !== null && subject !== own)) {
      throw new Refusal('NOT_FOUND', 'There is no such profile.')
    }
    const start: WatchedChange = { pseudonym, occasion: 'start' }
    return this.#sequence(
      (change) => (change.subjectId === subject ? { pseudonym, occasion: 'change' } : null),
      [start],
    )
  }

  /** @throws Refusal FORBIDDEN unless the caller lists rows; a segment it may not know of stays silent. */
  segment(scope: Scope, key: string): AsyncIterableIterator<WatchedChange> {
    if (!scope.grant.listsRows) throw new Refusal('FORBIDDEN', 'This token may not list profiles.')
    const { segments } = scope.grant
    if (segments !== null && !segments.includes(key))
      throw new Refusal('NOT_FOUND', 'There is no such segment.')
    // Asked for each event: a stream may last longer than an epoch.
    const of = (subject: SubjectId) => this.#desk.pseudonymsOf(scope.grant.audience).of(subject)
    return this.#sequence((change) =>
      change.kind === 'segment' && change.key === key
        ? { pseudonym: of(change.subjectId), occasion: 'membership' }
        : null,
    )
  }

  #sequence(
    pick: (change: Change) => WatchedChange | null,
    first: readonly WatchedChange[] = [],
  ): AsyncIterableIterator<WatchedChange> {
    const waiting = [...first]
    let wake: (() => void) | null = null
    let ended = false
    const unsubscribe = this.#feed.subscribe((changes) => {
      for (const change of changes) {
        const picked = pick(change)
        if (picked) waiting.push(picked)
      }
      waiting.splice(0, Math.max(0, waiting.length - BUFFERED))
      wake?.()
    })
    const end = async (): Promise<IteratorResult<WatchedChange>> => {
      ended = true
      unsubscribe()
      wake?.()
      return { done: true, value: undefined }
    }
    return {
      async next() {
        while (waiting.length === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        const value = ended ? undefined : waiting.shift()
        return value ? { done: false, value } : { done: true, value: undefined }
      },
      return: end,
      throw: end,
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}
