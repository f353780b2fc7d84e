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
  const { expired, cancel } = expiry(expiresAt)
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), expired])
      if (next.done) return
      yield next.value
    }
  } finally {
    cancel()
    await iterator.return?.()
  }
}

function expiry(expiresAt: Instant | null): { expired: Promise<never>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_resolve, reject) => {
    if (expiresAt === null) return
    const refuse = () =>
      reject(
        new Refusal('UNAUTHENTICATED', 'The token has expired; subscribe again with a new one.'),
      )
    timer = setTimeout(refuse, Math.min(expiresAt - Date.now(), LONGEST_TIMER)).unref()
  })
  // It may expire between two events, when nobody waits.
  expired.catch(() => {})
  return { expired, cancel: () => clearTimeout(timer) }
}
