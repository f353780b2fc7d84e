import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../kernel/refusal.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Which pages of other origins may use this route: `clients` those that the calling client lists (and those of the
     * installation), with credentials; `open` all, without; absent: none.
     */
    crossOrigin?: 'clients' | 'open'
  }
  interface FastifyRequest {
    /** The page that asks, where some client lists it; null: no page of another origin, or one that everybody may use. */
    foreignPage: ForeignPage | null
  }
}

interface ForeignPage {
  readonly origin: string
  /** Counts it, and takes back that the page may read the answer. */
  refuse(clientId: string): void
}

export interface CrossOriginParts {
  /** Origin under which clients reach the gateway. */
  readonly publicUrl: string | null
  /** Those that may use any client. */
  readonly allowedOrigins: readonly string[]
  /** Whether any client lists this origin. */
  readonly isListed: (origin: string) => Promise<boolean>
  readonly onForeignOrigin: (requestId: string, clientId: string | null) => void
}

const CLIENTS: FastifyCorsOptions = {
  credentials: true,
  methods: ['GET', 'POST'],
  allowedHeaders: [
    'authorization',
    'content-type',
    'dpop',
    'bauta-purpose',
    'apollo-require-preflight',
    'x-graphql-event-stream-token',
  ],
  exposedHeaders: [
    'request-id',
    'retry-after',
    'ratelimit',
    'ratelimit-policy',
    'www-authenticate',
    'dpop-nonce',
  ],
  maxAge: 600,
}
const OPEN: FastifyCorsOptions = { origin: '*', methods: ['GET'], maxAge: 600 }
const CLOSED: FastifyCorsOptions = { origin: false }

/**
 * Cross-origin resource sharing, and with it the end of requests that a foreign page sends in the name of its reader: a
 * route for clients is refused to pages that nobody lists, before its body is read. A preflight does not say for which
 * client it asks, so it is answered for all that any client lists; `assertListed` then holds the page against the client.
 */
export async function shareAcrossOrigins(
  app: FastifyInstance,
  parts: CrossOriginParts,
): Promise<void> {
  const sharing = new Map<string, 'clients' | 'open'>()
  app.addHook('onRoute', ({ url, config }) => {
    if (!config?.crossOrigin) return
    // A preflight names an address, not a route.
    if (/[:*]/.test(url)) throw new Error(`route ${url} has parameters and can not be shared`)
    sharing.set(url, config.crossOrigin)
  })
  app.decorateRequest('foreignPage', null)
  const sharedOf = (request: FastifyRequest) =>
    request.method === 'OPTIONS'
      ? sharing.get(pathOf(request))
      : request.routeOptions.config.crossOrigin
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    if (origin === undefined || sharedOf(request) !== 'clients') return done()
    if (isOwn(origin, request, parts.publicUrl) || parts.allowedOrigins.includes(origin))
      return done()
    parts.isListed(origin).then((isListed) => {
      if (isListed)
        request.foreignPage = { origin, refuse: (clientId) => withdraw(request, reply, clientId) }
      else if (request.method !== 'OPTIONS') {
        parts.onForeignOrigin(request.id, null)
        return done(notAllowed())
      }
      done()
    }, done)
  })
  function withdraw(request: FastifyRequest, reply: FastifyReply, clientId: string): void {
    parts.onForeignOrigin(request.id, clientId)
    for (const name of Object.keys(reply.getHeaders()))
      if (name.startsWith('access-control-')) void reply.removeHeader(name)
  }
  await app.register(cors, {
    delegator: (request, done) => {
      const { origin } = request.headers
      const shared = origin === undefined ? undefined : sharedOf(request)
      if (origin === undefined || shared === undefined) return done(null, CLOSED)
      if (shared === 'open') return done(null, OPEN)
      const mayRead = request.foreignPage !== null || parts.allowedOrigins.includes(origin)
      done(null, mayRead ? { ...CLIENTS, origin } : CLOSED)
    },
  })
}

/** @throws Refusal ORIGIN_NOT_ALLOWED where the page that asks is none of those that this client lists. */
export function assertListed(
  { foreignPage }: Pick<FastifyRequest, 'foreignPage'>,
  client: { readonly id: string; readonly origins: readonly string[] },
): void {
  if (!foreignPage || client.origins.includes(foreignPage.origin)) return
  foreignPage.refuse(client.id)
  throw notAllowed()
}

function notAllowed(): Refusal {
  return new Refusal(
    'ORIGIN_NOT_ALLOWED',
    'Pages of this origin may not call here; the registration of the client lists those that may.',
  )
}

function pathOf({ url }: FastifyRequest): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

/** Browsers name the origin of our own pages too. The host was checked before. */
function isOwn(origin: string, { headers }: FastifyRequest, publicUrl: string | null): boolean {
  const { host } = headers
  if (publicUrl !== null && (origin === publicUrl || host === new URL(publicUrl).host))
    return origin === publicUrl
  return origin === `http://${host}`
}
