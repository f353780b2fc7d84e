/** Draws that always lie before the one being drawn, and draws made at once. */
const RESERVE = 64
const BATCH = 64

/**
 * Noise that was drawn before anybody asked. Drawing takes longer the larger the noise is (arXiv 2112.05307), so what is
 * handed out was drawn at another time: off the request, or, in a burst, while an earlier one was answered.
 */
export class NoisePool {
  readonly #draw: () => bigint
  readonly #later: (work: () => void) => void
  readonly #drawn: bigint[] = []
  #filling = false

  /**
   * @param draw one draw of the noise.
   * @param later runs work when nothing is being answered.
   */
  constructor(draw: () => bigint, later: (work: () => void) => void) {
    this.#draw = draw
    this.#later = later
    this.#fill(RESERVE + BATCH)
  }

  /** A draw that was made before this call. */
  take(): bigint {
    // Behind the reserve lies what is drawn now: the caller waits for noise, but not for its own.
    if (this.#drawn.length <= RESERVE) this.#fill(RESERVE + BATCH)
    const taken = this.#drawn.shift()
    if (taken === undefined) throw new Error('the pool of noise is empty')
    if (this.#drawn.length < RESERVE + BATCH / 2 && !this.#filling) {
      this.#filling = true
      this.#later(() => {
        this.#fill(RESERVE + BATCH)
        this.#filling = false
      })
    }
    return taken
  }

  #fill(to: number): void {
    while (this.#drawn.length < to) this.#drawn.push(this.#draw())
  }
}
