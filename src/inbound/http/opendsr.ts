import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../gateway/disclose/reception.ts'
import type { OpenDsr, SignedAnswer } from '../../gateway/govern/open-dsr.ts'
import { failureOf, httpStatusOf, Refusal } from '../../kernel/refusal.ts'
import { problemOf } from './problem.ts'

/** Section 3.4 has the major version in the address and section 3.1 names the resource; the short one is easier to say. */
const DISCOVERY = ['/opendsr/discovery', '/opendsr/v2/discovery']
const REQUESTS = ['/opendsr/requests', '/opendsr/v2/opendsr_requests']

/** OpenDSR 2.0: discovery, certificate, and requests of people that other systems hand over. */
export function openDsrRoutes(
  door: Pick<OpenDsr, 'discovery' | 'certificate' | 'open' | 'status' | 'cancel'>,
  callerOf: (request: FastifyRequest) => Promise<Caller>,
): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    // Signed and given back are the exact bytes that came.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )
    app.setErrorHandler(answerOpenDsrError)
    for (const path of DISCOVERY)
      app.get(path, async (_request, reply) => await reply.send(door.discovery()))
    app.get(
      '/opendsr/certificate.pem',
      async (_request, reply) =>
        await reply.type('application/x-pem-file').send(door.certificate()),
    )
    for (const path of REQUESTS) requestRoutes(app, path, door, callerOf)
  }
}

function requestRoutes(
  app: FastifyInstance,
  path: string,
  door: Pick<OpenDsr, 'open' | 'status' | 'cancel'>,
  callerOf: (request: FastifyRequest) => Promise<Caller>,
): void {
  const config = { audited: 'every request and every refusal' } as const
  app.post(path, { config }, async (request, reply) => {
    const { principal, requestId } = await callerOf(request)
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    return await send(reply.status(201), await door.open(principal, requestId, body))
  })
  app.get(`${path}/:id`, { config }, async (request, reply) => {
    const { principal, requestId } = await callerOf(request)
    return await send(reply, await door.status(principal, requestId, idOf(request)))
  })
  app.delete(`${path}/:id`, { config }, async (request, reply) => {
    const { principal, requestId } = await callerOf(request)
    return await send(reply.status(202), await door.cancel(principal, requestId, idOf(request)))
  })
}

async function send(reply: FastifyReply, { body, headers }: SignedAnswer): Promise<FastifyReply> {
  return await reply.headers(headers).type('application/json; charset=utf-8').send(body)
}

function idOf({ params }: FastifyRequest): string {
  return (params as { readonly id: string }).id
}

/** The error object of section 7.6. */
async function answerOpenDsrError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { code: reason, message } = problemOf(error)
  const given = (error as Partial<FastifyError> | null)?.statusCode
  const code = error instanceof Refusal ? httpStatusOf(error.code) : (given ?? 500)
  if (code >= 500) request.log.error({ failure: failureOf(error) }, 'request failed')
  if (error instanceof Refusal && error.retryAfter !== null)
    void reply.header('retry-after', error.retryAfter)
  await reply
    .status(code)
    .send({ error: { code, message, errors: [{ domain: 'Validation', reason, message }] } })
}
