import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../gateway/disclose/reception.ts'
import type { OpenDsr, SignedAnswer } from '../../gateway/govern/open-dsr.ts'
import { failureOf, httpStatusOf, Refusal } from '../../kernel/refusal.ts'
import { problemOf } from './problem.ts'

const REQUESTS = '/opendsr/requests'

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
    app.get('/opendsr/discovery', async (_request, reply) => await reply.send(door.discovery()))
    app.get(
      '/opendsr/certificate.pem',
      async (_request, reply) =>
        await reply.type('application/x-pem-file').send(door.certificate()),
    )
    const config = { audited: 'every request and every refusal' } as const
    app.post(REQUESTS, { config }, async (request, reply) => {
      const { principal, requestId } = await callerOf(request)
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      return await send(reply.status(201), await door.open(principal, requestId, body))
    })
    app.get(`${REQUESTS}/:id`, { config }, async (request, reply) => {
      const { principal, requestId } = await callerOf(request)
      return await send(reply, await door.status(principal, requestId, idOf(request)))
    })
    app.delete(`${REQUESTS}/:id`, { config }, async (request, reply) => {
      const { principal, requestId } = await callerOf(request)
      return await send(reply.status(202), await door.cancel(principal, requestId, idOf(request)))
    })
  }
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
  if (code === 401) void reply.header('www-authenticate', 'Bearer')
  await reply
    .status(code)
    .send({ error: { code, message, errors: [{ domain: 'Validation', reason, message }] } })
}
