import type { FastifyInstance } from 'fastify'

/**
 * Whether a request carries the signal of W3C Global Privacy Control: a header with the value `1` exactly. Any other value
 * is as none; of several headers one is enough. Node joins repeated headers, so the raw ones are read; what came as a
 * trailer is not among them.
 * @param rawHeaders names and values by turns.
 */
export function carriesGpc(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some(
    (name, index) =>
      index % 2 === 0 && name.toLowerCase() === 'sec-gpc' && rawHeaders[index + 1] === '1',
  )
}

/** `/.well-known/gpc.json`: says that the signal is honoured here. @param lastUpdate day, `YYYY-MM-DD`; null: not told. */
export function gpcRoute(lastUpdate: string | null): (app: FastifyInstance) => Promise<void> {
  const answer = { gpc: true, ...(lastUpdate !== null && { lastUpdate }) }
  return async (app) => {
    const config = { crossOrigin: 'open' } as const
    app.get(
      '/.well-known/gpc.json',
      { config },
      async (_request, reply) => await reply.send(answer),
    )
  }
}
