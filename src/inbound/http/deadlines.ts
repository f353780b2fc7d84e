import type { FastifyInstance, FastifyReply } from 'fastify'
import { Refusal } from '../../kernel/refusal.ts'
import { SECOND } from '../../kernel/time.ts'

/** How often the oldest requests are looked at; a bound is kept to this. */
const LOOK_EVERY = SECOND / 20

/**
 * Gives up requests that take longer than `milliseconds`: with 504, or 408 where it is the caller who is slow. What they wait
 * for in the database is cancelled there (outbound/postgres/cancel.ts). One timer for all: Fastify's own `handlerTimeout`
 * makes an AbortController for each request, which cost a third of the time of a small query (measured).
 * Streams (`config.stream`) are open as long as their readers want.
 */
export function keepDeadlines(app: FastifyInstance, milliseconds: number): void {
  // In order of arrival, so the oldest come first.
  const underWay = new Map<FastifyReply, number>()
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.routeOptions.config.stream) underWay.set(reply, performance.now() + milliseconds)
    done()
  })
  app.addHook('onResponse', (_request, reply, done) => {
    underWay.delete(reply)
    done()
  })
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [reply, deadline] of underWay) {
      if (deadline > now) return
      underWay.delete(reply)
      if (!reply.sent) void giveUp(reply)
    }
  }, LOOK_EVERY)
  timer.unref()
  app.addHook('onClose', async () => clearInterval(timer))
}

function giveUp(reply: FastifyReply): FastifyReply {
  if (reply.request.raw.complete)
    return reply.send(new Refusal('TIMEOUT', 'The request took too long; ask for less at once.'))
  // The rest of the body would be read as the next request.
  return reply
    .header('connection', 'close')
    .send(new Refusal('REQUEST_TOO_SLOW', 'The request came too slowly.'))
}
