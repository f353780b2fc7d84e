import {
  ApolloServer,
  type ApolloServerOptionsWithGateway,
  type ApolloServerPlugin,
  type BaseContext,
} from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql'
import type { Caller } from '../../gateway/disclose/reception.ts'
import type { DocumentGate } from '../../gateway/scope/document-gate.ts'
import { limits } from '../../kernel/limits.ts'
import { errorsFor, publicError, refusalBody } from './errors.ts'
import { introspects } from './introspection.ts'
import { KnownDocuments, plainRequestOf, textOf } from './known-documents.ts'
import { addRateLimitFields } from './rate-limit-fields.ts'
import type { Responder } from './responder.ts'
import { type Received, TrustedDocumentRequests } from './trusted-documents.ts'
import { firstError } from './validation.ts'

interface RequestContext extends BaseContext, Received {
  /** Already found, and with errors: Apollo Server only gives them their form. */
  readonly answered: ExecutionResult | null
}

declare module 'fastify' {
  interface FastifyRequest {
    answered: ExecutionResult | null
  }
}

export interface GraphqlRouteParts {
  readonly responder: Responder
  /** Finds out who calls. @throws Refusal UNAUTHENTICATED */
  readonly callerOf: (request: FastifyRequest) => Promise<Caller>
  readonly gate: DocumentGate
  readonly development: boolean
  /** The private half of errors that nobody foresaw. */
  readonly onUnforeseen: (error: unknown) => void
}

/** `/graphql` over Apollo Server, with our own executor behind it. */
export async function graphqlRoute(app: FastifyInstance, parts: GraphqlRouteParts): Promise<void> {
  const known = new KnownDocuments()
  const apollo = new ApolloServer<RequestContext>({
    gateway: executorOf(parts.responder, known),
    // Who may is asked below.
    introspection: true,
    includeStacktraceInErrorResponses: false,
    // It would have no bounds before it and stop at no error; `onlyValidDocuments` has and does.
    dangerouslyDisableValidation: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    parseOptions: { maxTokens: limits.queryTokens },
    stopOnTerminationSignals: false,
    formatError(formatted, error) {
      const shown = publicError(formatted, error)
      if (shown.extensions?.code === 'INTERNAL') parts.onUnforeseen(error)
      return shown
    },
    plugins: [
      // Left on, it wraps every field's resolver: more than half of the throughput of lists.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      onlyValidDocuments(parts.responder.schema, parts.development),
      introspectionIsFor(parts.gate),
      partnersAreToldNothing,
      plainJsonSaysOk,
    ],
  })
  await apollo.start()
  app.addHook('onClose', async () => await apollo.stop())
  app.decorateRequest('received', null)
  app.decorateRequest('allowance', null)
  app.decorateRequest('answered', null)
  app.setErrorHandler(async (error, _request, reply) => {
    const { status, code, body } = refusalBody(error)
    if (code === 'INTERNAL') parts.onUnforeseen(error)
    return await reply.status(status).send(body)
  })
  app.addHook('onSend', async ({ allowance }: FastifyRequest, reply: FastifyReply) => {
    if (allowance) addRateLimitFields(reply, allowance)
  })
  const { responder } = parts
  const requests = new TrustedDocumentRequests(parts.callerOf, parts.gate)
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    config: {
      audited: 'one entry per response, in gateway/disclose/record-response.ts',
      crossOrigin: 'clients',
    },
    preHandler: [
      async (request: FastifyRequest, _reply: FastifyReply) => {
        request.received = await requests.receive(request)
      },
      async (request: FastifyRequest, reply: FastifyReply) =>
        await answerKnown(responder, known, request, reply),
    ],
    handler: fastifyApolloHandler(apollo, {
      context: async ({ received, answered }) => {
        if (!received) throw new Error('the request has no caller')
        return { ...received, answered }
      },
    }),
  })
}

/** Answers plain requests with known documents; errors, and everything else, are left to Apollo Server. */
async function answerKnown(
  responder: Responder,
  known: KnownDocuments,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const plain = plainRequestOf(request)
  const found = plain && known.find(plain.query)
  const { received } = request
  if (!plain || !found || !received) return undefined
  const { variables, operationName, type } = plain
  const { document, hash: documentHash } = found
  const asked = { document, documentHash, operationName, variables, ...received }
  const answer = await responder.respond(asked)
  if (!answer.errors) return await reply.type(type).send(textOf(answer))
  request.answered = answer
  return undefined
}

function executorOf(
  responder: Responder,
  known: KnownDocuments,
): ApolloServerOptionsWithGateway<BaseContext>['gateway'] {
  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: responder.schema, coreSupergraphSdl: '' })
      return () => {}
    },
    load: async () => ({
      executor: async ({ document, request, queryHash, context }) => {
        const { caller, registered, answered } = context as RequestContext
        if (answered) return answered
        if (request.query) known.remember(request.query, { document, hash: queryHash })
        return await responder.respond({
          document,
          documentHash: queryHash,
          // As it was asked for: Apollo's own is null where there is none of that name.
          operationName: request.operationName ?? null,
          variables: request.variables ?? {},
          caller,
          registered,
        })
      },
    }),
    stop: async () => {},
  }
}

/** Validates in the place of Apollo Server, each document once for as long as that remembers it. */
function onlyValidDocuments(
  schema: GraphQLSchema,
  suggests: boolean,
): ApolloServerPlugin<RequestContext> {
  const valid = new WeakSet<DocumentNode>()
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ document }) {
          if (valid.has(document)) return
          const error = firstError(schema, document, { suggests })
          if (error) throw error
          valid.add(document)
        },
      }
    },
  }
}

/** Asked for every document, known to Apollo Server or not: it validates one only once. */
function introspectionIsFor(gate: DocumentGate): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ document, contextValue: { caller } }) {
          if (!introspects(document) || gate.mayIntrospect(caller.principal)) return
          const extensions = { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } }
          throw new GraphQLError('Introspection is off for this caller.', { extensions })
        },
      }
    },
  }
}

const partnersAreToldNothing: ApolloServerPlugin<RequestContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response: { body }, contextValue: { caller } }) {
        if (body.kind !== 'single' || !body.singleResult.errors) return
        body.singleResult.errors = errorsFor(caller, body.singleResult.errors)
      },
    }
  },
}

const BEFORE_EXECUTION: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'OPERATION_RESOLUTION_FAILURE',
])

/** A client that takes `application/json` alone expects 200 for what is wrong with its document (GraphQL over HTTP §6.4.1). */
const plainJsonSaysOk: ApolloServerPlugin<RequestContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ request, response }) {
        const accepts = request.http?.headers.get('accept') ?? ''
        if (!accepts.includes('application/json') || accepts.includes('graphql-response+json'))
          return
        const errors =
          response.body.kind === 'single' ? response.body.singleResult.errors : undefined
        const early = errors?.every((error) => BEFORE_EXECUTION.has(error.extensions?.code))
        if (response.http.status === 400 && early) response.http.status = 200
      },
    }
  },
}
