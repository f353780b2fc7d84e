import type { Instant } from '../kernel/time.ts'
import { byScore } from './best-first.ts'

/** Popularity that fades: an interaction counts half after every half-life. */
export class Popularity {
  readonly #now: Instant
  readonly #halfLife: number
  readonly #scores = new Map<string, number>()

  /** @param halfLife in milliseconds */
  constructor(now: Instant, halfLife: number) {
    this.#now = now
    this.#halfLife = halfLife
  }

  /** One interaction; one from the future counts as one of now. */
  add(item: string, at: Instant): void {
    const weight = 2 ** (-Math.max(0, this.#now - at) / this.#halfLife)
    this.#scores.set(item, (this.#scores.get(item) ?? 0) + weight)
  }

  /** Items with their score, highest first, ties by id. */
  ranked(): (readonly [item: string, score: number])[] {
    return [...this.#scores].sort(byScore)
  }
}
