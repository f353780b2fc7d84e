import type { AuditEntry } from './entry.ts'
import { extendRuns, type NumberRun } from './number-runs.ts'
import { type Discarded, discardedIn } from './retention.ts'

/** Which discarded entries were met, and which of them other entries announce. */
export class DiscardCheck {
  readonly #met: NumberRun[] = []
  readonly #announced: NumberRun[] = []
  #count = 0

  /** Discarded entries met. */
  get count(): number {
    return this.#count
  }

  /** @param index ascending. */
  meet(index: number): void {
    this.#count += 1
    extendRuns(this.#met, index)
  }

  /** @returns false for the text of an entry that announces nothing. */
  announce(entry: string): boolean {
    const discarded = announcedBy(entry)
    if (discarded === null) return false
    const own: NumberRun[] = []
    for (const index of discarded.indices) extendRuns(own, index)
    this.#announced.push(...own)
    return true
  }

  /** What was met and announced by nobody. */
  unannounced(): readonly NumberRun[] {
    const announced = [...this.#announced].sort((one, other) => one.first - other.first)
    const open: NumberRun[] = []
    let next = 0
    for (const { first, last } of this.#met) {
      let from = first
      // Runs that end before this one can not cover later ones either.
      while ((announced[next]?.last ?? Number.POSITIVE_INFINITY) < first) next += 1
      for (let at = next; from <= last; at++) {
        const run = announced[at]
        if (run === undefined || run.first > last) {
          open.push({ first: from, last })
          break
        }
        if (run.first > from) open.push({ first: from, last: run.first - 1 })
        from = Math.max(from, run.last + 1)
      }
    }
    return open
  }
}

function announcedBy(entry: string): Discarded | null {
  try {
    return discardedIn(JSON.parse(entry) as AuditEntry)
  } catch {
    return null
  }
}
