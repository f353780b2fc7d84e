import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  parse,
} from 'graphql'
import { createHandler } from 'graphql-sse/lib/use/fastify'
import type { Caller } from '../../gateway/disclose/reception.ts'
import type { DocumentGate } from '../../gateway/scope/document-gate.ts'
import type { OpenStreams } from '../../gateway/scope/open-streams.ts'
import { limits } from '../../kernel/limits.ts'
import { errorsFor, publicError, refusalBody } from './errors.ts'
import { addRateLimitFields } from './rate-limit-fields.ts'
import type { Responder } from './responder.ts'
import { TrustedDocumentRequests } from './trusted-documents.ts'
import { firstError } from './validation.ts'

/** `/graphql/stream`: subscriptions by the GraphQL over SSE protocol, one connection each. */
export async function streamRoute(
  app: FastifyInstance,
  parts: {
    readonly responder: Responder
    readonly callerOf: (request: FastifyRequest) => Promise<Caller>
    readonly gate: DocumentGate
    readonly development: boolean
    readonly streams: OpenStreams
    readonly onUnforeseen: (error: unknown) => void
  },
): Promise<void> {
  const { responder, callerOf, gate, development, streams, onUnforeseen } = parts
  const requests = new TrustedDocumentRequests(callerOf, gate)
  const shown = (caller: Caller, { errors, ...rest }: ExecutionResult): ExecutionResult => ({
    ...rest,
    ...(errors && { errors: shownErrors(caller, errors, onUnforeseen) }),
  })
  const handler = createHandler({
    schema: responder.schema,
    // One connection per operation: a token for many would be one more credential to guard.
    authenticate: () => null,
    async onSubscribe(request, params) {
      const { query, operationName = null, variables = {} } = params
      const { received } = request.raw
      if (!received) throw new Error('the request has no caller')
      const { caller } = received
      const { document, errors } = readDocument(responder.schema, query, development)
      // The library takes a result without data for arguments of its own.
      if (!document) return once(shown(caller, { errors })) as never
      const results = responder.follow(
        {
          document,
          documentHash: createHash('sha256').update(query).digest('hex'),
          operationName: operationName ?? null,
          variables: (variables ?? {}) as Record<string, unknown>,
          ...received,
        },
        async () => await requests.callerNow(request.raw),
      )
      return mapped(results, (result) => shown(caller, result)) as never
    },
  })
  app.decorateRequest('received', null)
  app.decorateRequest('allowance', null)
  app.setErrorHandler(async (error, _request, reply) => {
    const { status, code, body } = refusalBody(error)
    if (code === 'INTERNAL') onUnforeseen(error)
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
    preHandler: async (request, reply) => {
      try {
        request.received = await requests.receive(request)
        const { principal, requestId } = request.received.caller
        const close = streams.open(principal, requestId)
        // Whoever has gone meanwhile is not told of by an event any more.
        if (reply.raw.destroyed || reply.raw.closed) close()
        else reply.raw.once('close', close)
      } finally {
        if (request.allowance) addRateLimitFields(reply, request.allowance)
      }
    },
    handler: async (request, reply) => {
      await handler(request, reply)
      return reply
    },
  })
}

function readDocument(
  schema: GraphQLSchema,
  text: string,
  development: boolean,
):
  | { readonly document: DocumentNode; readonly errors?: never }
  | { readonly document: null; readonly errors: readonly GraphQLError[] } {
  try {
    const document = parse(text, { maxTokens: limits.queryTokens })
    const error = firstError(schema, document, { suggests: development })
    return error ? { document: null, errors: [error] } : { document }
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const extensions = { code: 'GRAPHQL_PARSE_FAILED' }
    const { message, nodes = null } = error
    return { document: null, errors: [new GraphQLError(message, { nodes, extensions })] }
  }
}

function shownErrors(
  caller: Caller,
  errors: readonly GraphQLError[],
  onUnforeseen: (error: unknown) => void,
): readonly GraphQLError[] {
  const shown = errors.map((error) => {
    const told = publicError(error.toJSON(), error)
    if (told.extensions?.code === 'INTERNAL') onUnforeseen(error)
    return told
  })
  return errorsFor(caller, shown).map(
    ({ message, extensions, path }) =>
      new GraphQLError(message, { extensions: extensions ?? {}, ...(path ? { path } : {}) }),
  )
}

async function* once<T>(item: T): AsyncGenerator<T, void> {
  yield item
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
