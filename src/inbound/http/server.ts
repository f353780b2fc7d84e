import { randomUUID } from 'node:crypto'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import { limits } from '../../kernel/limits.ts'
import { readJsonOnly, refuseEncodedBodies } from './bodies.ts'
import { challengeStrangers } from './challenge.ts'
import { shareAcrossOrigins } from './cross-origin.ts'
import { keepDeadlines } from './deadlines.ts'
import { type Checks, healthRoutes, RecentRefusals, type Warnings } from './health.ts'
import { hostCheck, hostOf } from './host-check.ts'
import type { Metrics } from './metrics.ts'
import { answerError } from './problem.ts'
import { mayStayUnaudited } from './unaudited.ts'
import { answerUnreadable } from './unreadable.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What leaves the entry on the audit trail before this route answers with data. */
    audited?: string
    /** Open for as long as its reader wants. */
    stream?: true
  }
}

export interface ServerSettings {
  /** Origin under which clients reach the gateway. */
  readonly publicUrl: string | null
  readonly allowedOrigins: readonly string[]
  readonly requestTimeoutMs: number
}

export interface ServerParts {
  readonly config: ServerSettings
  readonly metrics: Metrics
  readonly checks: Checks
  /** None where absent. */
  readonly warnings?: Warnings
  /** Told of a request for a host name that is not ours. */
  readonly onForeignHost?: (requestId: string) => void
  /** Whether any client lists this origin of pages; none where absent. */
  readonly isListed?: (origin: string) => Promise<boolean>
  /** Told of a request from a page of an origin that may not. */
  readonly onForeignOrigin?: (requestId: string, clientId: string | null) => void
  /** Development only: stands before all routes and may answer in their place. */
  readonly pages?: (app: FastifyInstance) => void
  /** Each is registered in a context of its own; each of its routes is audited or on the list of unaudited ones. */
  readonly routes: readonly ((app: FastifyInstance) => Promise<void>)[]
  /** A pino logger, or one like it. */
  readonly log: FastifyBaseLogger
}

// Pages that may load more than nothing say so themselves.
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}
const HSTS = 'max-age=31536000'

/**
 * The HTTP server with all its routes, not yet listening; `close()` lets requests under way finish.
 * @throws Error on a route that is neither marked `config.audited` nor listed in unaudited.ts.
 */
export async function buildServer({
  config,
  metrics,
  checks,
  warnings = () => [],
  onForeignHost = () => {},
  isListed = async () => false,
  onForeignOrigin = () => {},
  pages,
  routes,
  log,
}: ServerParts): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: log,
    // Fastify's own request log holds addresses with their query strings.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: limits.bodyBytes,
    requestTimeout: config.requestTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    routerOptions: { maxParamLength: 200 },
    http: receiving(config.requestTimeoutMs),
    clientErrorHandler: answerUnreadable,
    // What the router can not read; its own answer repeats the address.
    frameworkErrors: (error, request, reply) => {
      void reply.headers(headersOf(config))
      void answerError(error, request, reply)
    },
  }) as unknown as FastifyInstance
  app.server.maxConnections = limits.connections
  readJsonOnly(app)
  app.addHook('onRoute', (route) => {
    if (!route.config?.audited && !mayStayUnaudited(route.url))
      throw new Error(`route ${route.url} is neither audited nor on the list of unaudited ones`)
  })
  guard(app, config, onForeignHost)
  challengeStrangers(app, config.publicUrl)
  const refusals = new RecentRefusals()
  observe(app, metrics, refusals)
  keepDeadlines(app, config.requestTimeoutMs)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(async (_request, reply) => {
    await reply.status(404).send({ code: 'NOT_FOUND', message: 'There is nothing here.' })
  })
  pages?.(app)
  refuseEncodedBodies(app)
  await shareAcrossOrigins(app, { ...config, isListed, onForeignOrigin })
  await app.register(healthRoutes(checks, () => [...warnings(), ...refusals.warnings]))
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await metrics.print()
    return await reply.type(contentType).send(text)
  })
  for (const register of routes) await app.register(register)
  return app
}

/** Whoever sends slowly is cut off within this, looked at twice as often. */
function receiving(requestTimeoutMs: number) {
  const headersTimeout = Math.min(limits.headersMs, requestTimeoutMs)
  return {
    headersTimeout,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.ceil(headersTimeout / 2),
    maxHeaderSize: limits.headerBytes,
  }
}

function headersOf({ publicUrl }: ServerSettings): Readonly<Record<string, string>> {
  return publicUrl?.startsWith('https:')
    ? { ...securityHeaders, 'strict-transport-security': HSTS }
    : securityHeaders
}

function guard(
  app: FastifyInstance,
  config: ServerSettings,
  onForeignHost: (requestId: string) => void,
): void {
  const isOurs = hostCheck(config.publicUrl)
  const headers = headersOf(config)
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(headers).header('request-id', request.id)
    if (isOurs(hostOf(request.url, request.headers.host))) return done()
    onForeignHost(request.id)
    void reply.status(421).send({
      code: 'BAD_USER_INPUT',
      message: 'This host name is not served here; BAUTA_PUBLIC_URL names the one that is.',
    })
  })
}

// The route's pattern is recorded, never the address: people's data may stand in an address that a caller makes up.
function observe(app: FastifyInstance, metrics: Metrics, refusals: RecentRefusals): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched'
    const { method } = request
    const { statusCode: status, elapsedTime } = reply
    metrics.observe(method, route, status, elapsedTime / 1000)
    if (status === 503 && route !== '/health/ready') refusals.note()
    request.log.info({ method, route, status, ms: Math.round(elapsedTime * 10) / 10 }, 'request')
    done()
  })
}
