import { Refusal } from '../../kernel/refusal.ts'
import type { Instant } from '../../kernel/time.ts'

/** The most that setTimeout takes. */
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * The same events, ended by a refusal when the token that opened the stream expires, even while nothing happens.
 * @throws Refusal UNAUTHENTICATED at `expiresAt`.
 */
export async function* until(
  events: AsyncIterable<unknown>,
  expiresAt: Instant | null,
): AsyncGenerator<unknown, void> {
  const iterator = events[Symbol.asyncIterator]()
  const expiry = new Expiry(expiresAt)
  try {
    for (;;) {
      const next = await expiry.before(() => iterator.next())
      if (next.done) return
      yield next.value
    }
  } finally {
    expiry.cancel()
    await iterator.return?.()
  }
}

/**
 * Knows whoever waits last only: `Promise.race` with one promise for the whole stream would keep something of each of its
 * events until that settles.
 */
class Expiry {
  readonly #timer: NodeJS.Timeout | undefined
  #refusal: Refusal | null = null
  #waiting: ((refusal: Refusal) => void) | null = null

  constructor(expiresAt: Instant | null) {
    if (expiresAt === null) return
    const refuse = () => {
      // It may expire between two events, when nobody waits.
      this.#refusal = new Refusal(
        'UNAUTHENTICATED',
        'The token has expired; subscribe again with a new one.',
      )
      this.#waiting?.(this.#refusal)
    }
    this.#timer = setTimeout(refuse, Math.min(expiresAt - Date.now(), LONGEST_TIMER)).unref()
  }

  /** @throws Refusal UNAUTHENTICATED when the token expires first, and what the work throws. */
  async before<T>(work: () => Promise<T>): Promise<T> {
    if (this.#refusal) throw this.#refusal
    return await new Promise<T>((resolve, reject) => {
      this.#waiting = reject
      work().then(resolve, reject)
    })
  }

  cancel(): void {
    clearTimeout(this.#timer)
  }
}
