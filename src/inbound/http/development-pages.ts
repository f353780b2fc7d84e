import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../kernel/refusal.ts'
import { pageHeaders } from './page-headers.ts'

/** How one principal of the demo gets in. */
export interface DemoPrincipal {
  readonly token: string
  /** `name=value` of a visitor's cookie. */
  readonly cookie?: string
  readonly purposes: readonly string[]
  readonly defaultPurpose: string | null
  readonly note: string
}

/** What the pages need to know of the demo. */
export interface DemoDesk {
  /** By name; empty where there is no demo. */
  principals(): Promise<Readonly<Record<string, DemoPrincipal>>>
  /** Under which id each principal knows this person of the demo (1, 2, 3 …), by name of the principal. */
  idsOf(person: number): Promise<Readonly<Record<string, string>>>
}

// Everything the pages load comes from this server; they can be put into no frame and send no form.
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const FILES = {
  'pages.css': 'text/css; charset=utf-8',
  'desk.js': 'text/javascript; charset=utf-8',
  'start.js': 'text/javascript; charset=utf-8',
  'query.js': 'text/javascript; charset=utf-8',
} as const

/**
 * Pages of a development gateway: `/` shows one query as several callers see it, `GET /graphql` opened in a browser is a
 * query page. They know nothing that the API does not tell them, except `/demo/desk`: the demo's tokens, for this machine.
 * @param dir folder of the page files, read once.
 */
export function developmentPages(dir: string, desk: DemoDesk): (app: FastifyInstance) => void {
  const read = (name: string) => readFileSync(join(dir, name), 'utf8')
  const [start, query] = [read('start.html'), read('query.html')]
  const files = Object.entries(FILES).map(([name, type]) => ({ name, type, content: read(name) }))
  return (app) => {
    app.get('/', async (_request, reply) => await sendPage(reply, start))
    for (const { name, type, content } of files)
      app.get(`/pages/${name}`, async (_request, reply) => await reply.type(type).send(content))
    app.get('/demo/desk', async (request, reply) => await openDesk(desk, request, reply))
    app.addHook('onRequest', async (request, reply) => {
      if (isBrowserAtGraphql(request)) await sendPage(reply, query)
    })
  }
}

function isBrowserAtGraphql({ method, url, headers }: FastifyRequest): boolean {
  return method === 'GET' && url === '/graphql' && (headers.accept ?? '').includes('text/html')
}

async function sendPage(reply: FastifyReply, page: string): Promise<FastifyReply> {
  return await reply
    .headers({ ...pageHeaders, 'content-security-policy': PAGE_POLICY })
    .type('text/html; charset=utf-8')
    .send(page)
}

async function openDesk(desk: DemoDesk, request: FastifyRequest, reply: FastifyReply) {
  const site = request.headers['sec-fetch-site'] ?? 'none'
  if (!isLoopback(request.ip) || (site !== 'none' && site !== 'same-origin'))
    throw new Refusal(
      'FORBIDDEN',
      'The demo tokens are handed out on this machine only; others take theirs from demo-credentials.json.',
    )
  const { person = '1' } = request.query as { person?: string }
  if (!/^[1-9]\d{0,5}$/.test(person))
    throw new Refusal('BAD_USER_INPUT', 'The person is a number from 1.')
  const principals = await desk.principals()
  const cookie = Object.values(principals).find((one) => one.cookie !== undefined)?.cookie
  if (cookie !== undefined)
    void reply.header('set-cookie', `${cookie}; Path=/; HttpOnly; SameSite=Lax`)
  return await reply.send({ principals, ids: await desk.idsOf(Number(person)) })
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}
