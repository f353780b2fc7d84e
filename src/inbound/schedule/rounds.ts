/** The clock as a caller: does one piece of work again and again, never twice at once. */
export class Rounds {
  readonly #work: () => Promise<unknown>
  readonly #onFailure: (error: unknown) => void
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null

  /** @param onFailure told what made a round fail; the next one begins all the same. */
  constructor(work: () => Promise<unknown>, onFailure: (error: unknown) => void) {
    this.#work = work
    this.#onFailure = onFailure
  }

  /** @param interval in milliseconds; a round that takes longer delays the next. */
  start(interval: number): this {
    this.#timer = setInterval(() => {
      this.#running ??= this.#round().finally(() => {
        this.#running = null
      })
    }, interval).unref()
    return this
  }

  /** No further round begins; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    await this.#running
  }

  async #round(): Promise<void> {
    try {
      await this.#work()
    } catch (error) {
      this.#onFailure(error)
    }
  }
}
