import { join } from 'node:path'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { pino } from 'pino'
import { carriedFiles } from './carried-files.ts'
import { composeGateway, type Gateway } from './compose.ts'
import { type Config, pagesDir } from './config.ts'
import { CREDENTIALS_FILE, prepareDemo } from './demo.ts'
import { demoDesk } from './demo-desk.ts'
import type { Caller } from './gateway/disclose/reception.ts'
import { ListedOrigins } from './gateway/scope/listed-origins.ts'
import { OpenStreams } from './gateway/scope/open-streams.ts'
import { gatewayMetrics } from './gateway-metrics.ts'
import { demoGreeting } from './inbound/demo/greeting.ts'
import { graphqlRoute } from './inbound/graphql/route.ts'
import { streamRoute } from './inbound/graphql/stream-route.ts'
import { auditExportRoutes } from './inbound/http/audit-export.ts'
import { credentialsOf } from './inbound/http/credentials.ts'
import { assertListed } from './inbound/http/cross-origin.ts'
import { developmentPages } from './inbound/http/development-pages.ts'
import { carriesGpc, gpcRoute } from './inbound/http/global-privacy-control.ts'
import { oauthRoutes } from './inbound/http/oauth.ts'
import { openDsrRoutes } from './inbound/http/opendsr.ts'
import { preferenceRoutes } from './inbound/http/preference-page.ts'
import { requestLinkRoutes } from './inbound/http/request-links.ts'
import { buildServer, type ServerParts } from './inbound/http/server.ts'
import { treeRoutes } from './inbound/http/tree.ts'
import { visitorRoutes } from './inbound/http/visitor.ts'
import { failureOf } from './kernel/refusal.ts'
import { startSchedules } from './schedules.ts'
import type { Say } from './stores.ts'

/** Starts the gateway and keeps it running until it is told to stop. */
export async function serve(config: Config, say: Say): Promise<void> {
  const began = Date.now()
  say(`Bauta starts in ${config.mode} mode; data in ${config.dataDir}.`)
  const gateway = await composeGateway(config, { say })
  const { serverVersion, embedded } = gateway.stores.opened
  say(
    `PostgreSQL ${serverVersion}${embedded ? ', embedded' : ''}; policy ${gateway.stores.policy.version}.`,
  )
  const credentials = config.demo ? await prepareDemo(gateway, say) : null
  const pages = credentials ? developmentPages(pagesDir, demoDesk(gateway, credentials)) : undefined
  const server = await buildGatewayServer(gateway, pages ? { pages } : {})
  await server.listen({ host: config.host, port: config.port })
  const schedules = startSchedules(gateway, say)
  const address = `http://${config.host}:${config.port}`
  say(`Ready after ${((Date.now() - began) / 1000).toFixed(1)} s: ${address}`)
  if (credentials) say(demoGreeting(credentials, address, join(config.dataDir, CREDENTIALS_FILE)))
  stopGracefully(async () => {
    await server.close()
    await schedules.stop()
    await gateway.close()
  }, say)
}

/** A second signal means that whoever sent it does not want to wait. */
function stopGracefully(stop: () => Promise<void>, say: Say): void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1)
    stopping = true
    say(`${signal}: finishing what is under way …`)
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        say(error instanceof Error ? error.message : 'stopping failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

/** The HTTP server over a composed gateway, not yet listening. */
export async function buildGatewayServer(
  gateway: Gateway,
  more: Partial<Pick<ServerParts, 'pages' | 'log'>> = {},
): Promise<FastifyInstance> {
  const { config, stores, authenticator, visitors, responder, reception, gate } = gateway
  const { budgets, counters, reserve, trail, requests } = gateway
  const log = more.log ?? pino({ level: config.logLevel })
  const metrics = gatewayMetrics(gateway)
  const listed = new ListedOrigins(stores.clients, gateway.clock)
  const callerOf = async (request: FastifyRequest): Promise<Caller> => {
    const header = request.headers['bauta-purpose']
    const principal = await authenticator.authenticate(credentialsOf(request))
    assertListed(request, principal.client)
    const requestId = reception.newRequestId()
    return {
      principal,
      purposeHeader: typeof header === 'string' && header !== '' ? header : null,
      requestId,
      allowance: budgets.of(principal, requestId),
      gpc: carriesGpc(request.raw.rawHeaders),
    }
  }
  /** Elsewhere than in GraphQL, which spends for itself, as an answer of a stream is no request. */
  const payingCallerOf = async (request: FastifyRequest): Promise<Caller> => {
    const caller = await callerOf(request)
    await caller.allowance?.spendRequest()
    return caller
  }
  const onUnforeseen = (error: unknown) => log.error({ failure: failureOf(error) }, 'unforeseen')
  const streams = new OpenStreams(counters)
  const development = config.mode === 'development'
  return await buildServer({
    config,
    metrics,
    log,
    checks: {
      database: async () => void (await stores.opened.database.query('SELECT 1')),
      audit: async () => {
        trail.alarm.refuseIfRaised()
        if (stores.auditLog.failing) throw new Error('the trail can not be written')
        // Not its size: a journal that could not be synced once is of no use any more.
        await stores.auditLog.durableSize()
      },
      keys: async () => await stores.keys.refresh(),
    },
    warnings: () => [
      ...(reserve.room === 'ample' ? [] : [`storage ${reserve.room}`]),
      ...(stores.redis?.isUp === false ? ['redis gone'] : []),
    ],
    onForeignHost: (requestId) => counters.note('foreign-host', { requestId, clientId: null }),
    isListed: async (origin) => await listed.has(origin),
    onForeignOrigin: (requestId, clientId) =>
      counters.note('foreign-origin', { requestId, clientId }),
    routes: [
      async (app) =>
        await graphqlRoute(app, { responder, callerOf, gate, development, onUnforeseen }),
      async (app) =>
        await streamRoute(app, { responder, callerOf, gate, development, streams, onUnforeseen }),
      oauthRoutes(gateway.oauth),
      preferenceRoutes(pagesDir, config.allowedOrigins),
      gpcRoute(stores.policy.controller?.gpcLastUpdate ?? null),
      visitorRoutes(authenticator, visitors, config.publicUrl, budgets),
      auditExportRoutes({
        trail: gateway.trailExport,
        door: gateway.exportDoor,
        callerOf: payingCallerOf,
        carried: carriedFiles,
      }),
      openDsrRoutes(requests.openDsr, payingCallerOf),
      requestLinkRoutes({
        requests: requests.register,
        vault: requests.vault,
        newRequestId: () => reception.newRequestId(),
        onBadLink: (requestId) => counters.note('bad-token', { requestId, clientId: null }),
      }),
      treeRoutes(trail.published, (requestId) =>
        counters.note('bad-witness', { requestId, clientId: null }),
      ),
    ],
    ...(more.pages && { pages: more.pages }),
  })
}
