import type { Clock } from '../../kernel/time.ts'

/** What was just read, for a short time. Callers that come while it is being read wait for the same answer. */
export class Remembered<T> {
  readonly #load: (previous: T | null) => Promise<T>
  readonly #clock: Clock
  readonly #milliseconds: number
  #held: { readonly value: Promise<T>; readonly at: number } | null = null
  #previous: T | null = null

  /** @param load gets the value read before, so that it may find that nothing has changed. */
  constructor(clock: Clock, milliseconds: number, load: (previous: T | null) => Promise<T>) {
    this.#clock = clock
    this.#milliseconds = milliseconds
    this.#load = load
  }

  get(): Promise<T> {
    const now = this.#clock.now()
    if (this.#held && now - this.#held.at < this.#milliseconds && now >= this.#held.at)
      return this.#held.value
    const held = { value: this.#read(), at: now }
    this.#held = held
    // A failure is told to those who waited for it, and not remembered.
    held.value.catch(() => {
      if (this.#held === held) this.#held = null
    })
    return held.value
  }

  /** The next caller reads afresh. */
  forget(): void {
    this.#held = null
  }

  async #read(): Promise<T> {
    const value = await this.#load(this.#previous)
    this.#previous = value
    return value
  }
}
