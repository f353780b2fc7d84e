import { createClient } from 'graphql-sse'
import type { As } from './running-gateway.ts'

/** Everything that a subscription says until it ends or is let go. */
export function follow(origin: string, as: As, query: string) {
  const events: Record<string, unknown>[] = []
  const client = createClient({
    url: `${origin}/graphql/stream`,
    headers: {
      authorization: `Bearer ${as.token}`,
      ...(as.cookie === undefined ? {} : { cookie: as.cookie }),
      ...(as.purpose === undefined ? {} : { 'bauta-purpose': as.purpose }),
    },
    retryAttempts: 0,
  })
  let stop = () => {}
  const ended = new Promise<unknown>((resolve) => {
    stop = client.subscribe(
      { query },
      {
        next: (event) => void events.push(event as Record<string, unknown>),
        error: resolve,
        complete: () => resolve(null),
      },
    )
  })
  const close = () => {
    stop()
    client.dispose()
  }
  return { events, ended, close }
}

/** Asks again and again, ten seconds long. @throws when it never holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('waited for what did not come')
}
