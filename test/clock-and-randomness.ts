import { randomBytes } from 'node:crypto'
import type { Randomness } from '../src/kernel/ids.ts'
import type { Clock, Instant } from '../src/kernel/time.ts'

export const randomness: Randomness = { bytes: (length) => randomBytes(length) }

/** A clock that stands still until told otherwise. */
export class SetClock implements Clock {
  #now: Instant

  constructor(now: Instant = Date.UTC(2026, 0, 31, 9, 30)) {
    this.#now = now
  }

  now(): Instant {
    return this.#now
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
  }
}
