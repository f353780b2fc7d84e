import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type ExecutionResult, GraphQLError, parse, validate } from 'graphql'
import { createHandler } from 'graphql-sse/lib/use/fastify'
import type { Caller } from '../../gateway/disclose/reception.ts'
import { limits } from '../../kernel/limits.ts'
import { publicError, refusalBody } from './errors.ts'
import type { Responder } from './responder.ts'

/** `/graphql/stream`: subscriptions by the GraphQL over SSE protocol, one connection each. */
export async function streamRoute(
  app: FastifyInstance,
  parts: {
    readonly responder: Responder
    readonly callerOf: (request: FastifyRequest) => Promise<Caller>
    readonly onUnforeseen: (error: unknown) => void
  },
): Promise<void> {
  const { responder, callerOf, onUnforeseen } = parts
  const shown = (result: ExecutionResult): ExecutionResult => ({
    ...result,
    ...(result.errors && { errors: result.errors.map((error) => shownError(error, onUnforeseen)) }),
  })
  const handler = createHandler({
    schema: responder.schema,
    // One connection per operation: a token for many would be one more credential to guard.
    authenticate: () => null,
    async onSubscribe(request, params) {
      const { query, operationName = null, variables = {} } = params
      const document = parse(query, { maxTokens: limits.queryTokens })
      const errors = validate(responder.schema, document)
      if (errors.length > 0)
        return { errors: errors.map((error) => shownError(error, onUnforeseen)) } as never
      const results = responder.follow(
        {
          document,
          documentHash: createHash('sha256').update(query).digest('hex'),
          operationName: operationName ?? null,
          variables: (variables ?? {}) as Record<string, unknown>,
          caller: await callerOf(request.raw),
        },
        async () => await callerOf(request.raw),
      )
      return mapped(results, shown) as never
    },
  })
  app.setErrorHandler(async (error, _request, reply) => {
    const { status, code, body } = refusalBody(error)
    if (code === 'INTERNAL') onUnforeseen(error)
    if (code === 'UNAUTHENTICATED') void reply.header('www-authenticate', 'Bearer realm="bauta"')
    return await reply.status(status).send(body)
  })
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql/stream',
    config: {
      audited: 'one entry per event, in gateway/disclose/record-response.ts',
      stream: true,
      crossOrigin: 'clients',
    },
    preHandler: async (request) => {
      await callerOf(request)
    },
    handler: async (request, reply) => {
      await handler(request, reply)
      return reply
    },
  })
}

function shownError(error: GraphQLError, onUnforeseen: (error: unknown) => void): GraphQLError {
  const { message, extensions, ...place } = publicError(error.toJSON(), error)
  if (extensions?.code === 'INTERNAL') onUnforeseen(error)
  return new GraphQLError(message, {
    extensions: extensions ?? {},
    ...(place.path ? { path: place.path } : {}),
  })
}

async function* mapped<T, U>(
  items: AsyncGenerator<T, void>,
  change: (item: T) => U,
): AsyncGenerator<U, void> {
  try {
    for await (const item of items) yield change(item)
  } finally {
    await items.return()
  }
}
