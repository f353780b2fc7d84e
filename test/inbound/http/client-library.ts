import type { FastifyInstance } from 'fastify'
import * as client from 'oauth4webapi'
import { call } from './call.ts'

interface Sent {
  readonly method: string
  readonly headers: object
  readonly body?: unknown
}

/**
 * Makes the client library reach a server at its own socket under the name that it has in public, as behind something
 * that ends TLS: the library then holds all addresses to be `https:`.
 */
export function reaching(server: () => FastifyInstance) {
  return {
    [client.customFetch]: async (url: string, { method, headers, body }: Sent) => {
      const { pathname, search, host } = new URL(url)
      const answer = await call(server(), pathname + search, {
        method,
        headers: { ...(headers as Record<string, string>), host },
        ...(body ? { body: String(body) } : {}),
      })
      const fields = Object.entries(answer.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ])
      return new Response(answer.body === '' ? null : answer.body, {
        status: answer.status,
        headers: fields,
      })
    },
  }
}

/** The challenges with which a request was turned away; none where it was not. */
export async function challengesOf(
  answer: Promise<Response>,
): Promise<readonly client.WWWAuthenticateChallenge[]> {
  try {
    await answer
    return []
  } catch (error) {
    if (error instanceof client.WWWAuthenticateChallengeError) return error.cause
    throw error
  }
}
