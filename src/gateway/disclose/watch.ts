import { blankPseudonyms } from '../../domain/privacy/pseudonym.ts'
import type { Change, ChangeFeed } from '../../domain/profiles/change-feed.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Scope } from '../scope/scope.ts'
import type { DiscloseDesk } from './disclose.ts'

/** A hint to read again: whose profile, by the pseudonym that the watching caller knows them by now; null for the person acted for. */
export interface WatchedChange {
  readonly pseudonym: string | null
  /** `start`: nothing happened yet, this is what later answers are compared with. */
  readonly occasion: 'start' | 'change' | 'membership'
}

/** What an answer of a stream about one profile said. */
export interface Told {
  readonly text: string
  /** Of its pseudonyms. */
  readonly epoch: number
}

/**
 * Whether an answer differs from the last one about the same profile. That something changed which the caller may not
 * see, and when, must not be told by saying the same again.
 */
export function isNews(
  occasion: WatchedChange['occasion'],
  told: Told,
  before: Told | null,
): boolean {
  if (occasion === 'membership') return true
  return occasion === 'change' && (before === null || !isSame(told, before))
}

/** In another epoch every id differs, and nothing has changed by that. */
function isSame(told: Told, before: Told): boolean {
  if (told.epoch === before.epoch) return told.text === before.text
  return blankPseudonyms(told.text) === blankPseudonyms(before.text)
}

/** A change that waits to be told; null: of the person acted for. */
interface Hint {
  readonly subject: SubjectId | null
  readonly occasion: WatchedChange['occasion']
}

/** The next answer about a profile tells of all its changes until then. Of a segment's members each is told. */
function isWaiting({ occasion }: Hint, waiting: readonly Hint[]): boolean {
  // A stream of profiles is about one.
  return occasion === 'change' && waiting.some((one) => one.occasion === 'change')
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
    const { subjectId, subjects } = scope.rows
    const isHidden =
      subject === null ||
      (subjectId !== null && subject !== own) ||
      subjects?.includes(subject) === false
    if (isHidden) {
      throw new Refusal('NOT_FOUND', 'There is no such profile.')
    }
    // The id that was asked with may be of an epoch that ends before the stream does.
    const of = (occasion: Hint['occasion']): Hint => ({
      subject: pseudonym === null ? null : subject,
      occasion,
    })
    return this.#sequence(scope, (change) => (change.subjectId === subject ? of('change') : null), [
      of('start'),
    ])
  }

  /** @throws Refusal FORBIDDEN unless the caller lists rows; a segment it may not know of stays silent. */
  segment(scope: Scope, key: string): AsyncIterableIterator<WatchedChange> {
    if (!scope.grant.listsRows) throw new Refusal('FORBIDDEN', 'This token may not list profiles.')
    const { segments } = scope.grant
    if (segments !== null && !segments.includes(key))
      throw new Refusal('NOT_FOUND', 'There is no such segment.')
    return this.#sequence(scope, (change) =>
      change.kind === 'segment' && change.key === key
        ? { subject: change.subjectId, occasion: 'membership' }
        : null,
    )
  }

  #sequence(
    { grant: { audience } }: Scope,
    pick: (change: Change) => Hint | null,
    first: readonly Hint[] = [],
  ): AsyncIterableIterator<WatchedChange> {
    const waiting = [...first]
    // Made when it is told, and no earlier: a stream, and what waits in it, may last longer than an epoch.
    const told = ({ subject, occasion }: Hint): WatchedChange => {
      const pseudonym = subject && this.#desk.pseudonymsOf(audience).of(subject)
      return { pseudonym, occasion }
    }
    let wake: (() => void) | null = null
    let ended = false
    const unsubscribe = this.#feed.subscribe((changes) => {
      for (const change of changes) {
        const picked = pick(change)
        if (picked && !isWaiting(picked, waiting)) waiting.push(picked)
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
        return value ? { done: false, value: told(value) } : { done: true, value: undefined }
      },
      return: end,
      throw: end,
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}
