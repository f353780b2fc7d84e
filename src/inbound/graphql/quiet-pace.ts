/** As many changes of one profile or segment nobody makes in ten seconds who is not trying it out. */
const QUIET_ANSWERS = 200
const WINDOW_MS = 10_000

/**
 * How much work one stream may make without telling anything. It is not taken from what the caller may spend: what is
 * left of that is told, and would tell of changes that are hidden. Beyond it the stream pauses until its window is over;
 * what changes meanwhile waits, and is not lost.
 */
export class QuietPace {
  readonly #most: number
  readonly #windowMs: number
  #since = 0
  #count = 0

  constructor(most = QUIET_ANSWERS, windowMs = WINDOW_MS) {
    this.#most = most
    this.#windowMs = windowMs
  }

  /** After an answer that nobody is told. */
  async passed(): Promise<void> {
    const now = performance.now()
    if (now - this.#since >= this.#windowMs) [this.#since, this.#count] = [now, 0]
    this.#count += 1
    if (this.#count < this.#most) return
    const left = this.#since + this.#windowMs - now
    await new Promise((resolve) => setTimeout(resolve, left).unref())
  }
}
