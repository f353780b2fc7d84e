import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Metrics } from '../../../src/inbound/http/metrics.ts'
import { buildServer, type ServerParts } from '../../../src/inbound/http/server.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'
import { requestText, sendRaw } from '../../abuse/raw-socket.ts'
import { call } from './call.ts'

const CANARY = 'alice@example.com'

let lines: string[]
let app: FastifyInstance
let ready: boolean

const routes: ServerParts['routes'] = [
  async (server) => {
    server.post('/told', { config: { audited: 'test', crossOrigin: 'clients' } }, async () => ({
      told: CANARY,
    }))
    server.get('/breaks/:id', { config: { audited: 'test' } }, async () => {
      throw new Error(`no row for ${CANARY}`)
    })
    server.get('/refuses', { config: { audited: 'test' } }, async () => {
      throw new Refusal('UNAUTHENTICATED', 'Show a token.')
    })
    server.get('/unavailable', { config: { audited: 'test' } }, async () => {
      throw new Refusal('STORE_UNAVAILABLE', 'The disk is full.')
    })
    server.get('/hangs', { config: { audited: 'test' } }, () => new Promise(() => {}))
  },
]

function build(parts: Partial<ServerParts> = {}): Promise<FastifyInstance> {
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
  return buildServer({
    config: { publicUrl: null, allowedOrigins: [], requestTimeoutMs: 5_000 },
    metrics: new Metrics(),
    checks: {
      database: async () => {
        if (!ready) throw new Error('connection refused')
      },
      audit: async () => {},
    },
    routes,
    log,
    ...parts,
  })
}

beforeEach(async () => {
  lines = []
  ready = true
  app = await build()
})
afterEach(async () => {
  await app.close()
})

describe('the server', () => {
  test('forbids caches, frames and guesses on every response, errors included', async () => {
    for (const [method, url] of [
      ['POST', '/told'],
      ['GET', '/refuses'],
      ['GET', '/nowhere'],
      ['GET', '/health/live'],
    ] as const) {
      const { headers } = await call(app, url, { method })
      expect(headers['cache-control']).toBe('no-store')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    }
  })

  test.each(['attacker.example', 'localhost.attacker.example', 'attacker.example:4000'])(
    'refuses the host name %p, which a rebound page would send',
    async (host) => {
      const response = await call(app, '/told', { method: 'POST', headers: { host } })
      expect(response.status).toBe(421)
      expect(response.body).not.toContain(CANARY)
    },
  )

  test.each(['localhost:4000', '127.0.0.1', '[::1]:4000', '10.1.2.3:80'])(
    'answers under the host %p',
    async (host) => {
      expect((await call(app, '/health/live', { headers: { host } })).status).toBe(200)
    },
  )

  test('answers under its public name and tells browsers to stay on https', async () => {
    const named = await build({
      config: { publicUrl: 'https://bauta.example', allowedOrigins: [], requestTimeoutMs: 5_000 },
    })
    const response = await call(named, '/health/live', { headers: { host: 'bauta.example' } })
    expect(response.status).toBe(200)
    expect(response.headers['strict-transport-security']).toMatch(/^max-age=/)
    await named.close()
  })

  test('lets no page of a foreign origin read an answer', async () => {
    const open = await build({
      config: {
        publicUrl: null,
        allowedOrigins: ['https://shop.example'],
        requestTimeoutMs: 5_000,
      },
    })
    const asked = (origin: string) => call(open, '/told', { method: 'POST', headers: { origin } })
    expect((await asked('https://shop.example')).headers['access-control-allow-origin']).toBe(
      'https://shop.example',
    )
    expect((await asked('https://evil.example')).headers['access-control-allow-origin']).toBe(
      undefined,
    )
    await open.close()
  })

  test('says nothing of what went wrong inside, neither to the caller nor to the log', async () => {
    const response = await call(app, `/breaks/${CANARY}?email=${CANARY}`, {
      headers: { authorization: 'Bearer bauta_secret', cookie: 'bauta_visitor=v1.secret' },
    })
    expect(response.status).toBe(500)
    expect(response.json()).toMatchObject({ code: 'INTERNAL' })
    const told = response.body + JSON.stringify(response.headers) + lines.join('')
    expect(lines.length).toBeGreaterThan(0)
    expect(told).not.toContain(CANARY)
    expect(told).not.toContain('secret')
  })

  test('names a failure in the log by the request id that the caller got', async () => {
    const response = await call(app, '/breaks/1')
    expect(lines.join('')).toContain(String(response.headers['request-id']))
  })

  test('asks for a token where one is missing', async () => {
    const response = await call(app, '/refuses')
    expect(response.status).toBe(401)
    expect(response.headers['www-authenticate']).toMatch(
      /^Bearer realm="bauta", resource_metadata="http:\/\/[^"]+", DPoP realm=/,
    )
    expect(response.json()).toEqual({ code: 'UNAUTHENTICATED', message: 'Show a token.' })
  })

  test('refuses bodies that are too large or broken, with a stable code', async () => {
    const post = (body: string) =>
      call(app, '/told', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
    const large = await post(JSON.stringify('x'.repeat(300 * 1024)))
    expect([large.status, large.json().code]).toEqual([413, 'REQUEST_TOO_LARGE'])
    const broken = await post(`{"email": "${CANARY}"`)
    expect([broken.status, broken.json().code]).toEqual([400, 'BAD_USER_INPUT'])
    expect(broken.body).not.toContain(CANARY)
  })

  test('gives up a request that takes too long', async () => {
    const hasty = await build({
      config: { publicUrl: null, allowedOrigins: [], requestTimeoutMs: 100 },
    })
    const late = await call(hasty, '/hangs')
    expect([late.status, late.json().code]).toEqual([504, 'TIMEOUT'])
    await hasty.close()
  })

  test.each([
    ['headers', `POST /told HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ${'y'.repeat(200)}`],
    [
      'a body',
      requestText('POST /told', { 'content-type': 'application/json', 'content-length': '999' }) +
        'x'.repeat(200),
    ],
    ['nothing', ''],
  ])(
    'cuts off who sends %s too slowly, and takes it for no failure of its own',
    async (_what, text) => {
      const hasty = await build({
        config: { publicUrl: null, allowedOrigins: [], requestTimeoutMs: 200 },
      })
      const origin = await hasty.listen({ host: '127.0.0.1', port: 0 })
      // The first half at once, the rest byte by byte: 100 of them would take five seconds.
      const pieces = [text.slice(0, -100), ...text.slice(-100)]
      const { status, body } = await sendRaw(origin, pieces, 50)
      expect([408, 0]).toContain(status)
      if (status === 408) expect(body).toContain('"REQUEST_TOO_SLOW"')
      expect((await call(hasty, '/health/ready')).json()).toMatchObject({ warnings: [] })
      await hasty.close()
    },
  )

  test('does not start with a route that is neither audited nor listed', async () => {
    const forgetful = build({
      routes: [
        async (server) => {
          server.get('/forgotten', async () => 'data')
        },
      ],
    })
    await expect(forgetful).rejects.toThrow('/forgotten')
  })
})

describe('health', () => {
  test('is ready while every part is, and names the one that is not', async () => {
    expect((await call(app, '/health/ready')).json()).toEqual({
      status: 'ready',
      parts: { database: true, audit: true },
      warnings: [],
    })
    ready = false
    const response = await call(app, '/health/ready')
    expect(response.status).toBe(503)
    expect(response.json()).toEqual({
      status: 'not ready',
      parts: { database: false, audit: true },
      warnings: [],
    })
    expect((await call(app, '/health/live')).status).toBe(200)
  })

  test('warns of a fault that comes and goes, although every part works when it is asked', async () => {
    expect((await call(app, '/unavailable')).status).toBe(503)
    const response = await call(app, '/health/ready')
    expect(response.status).toBe(200)
    expect(response.json()).toMatchObject({ status: 'ready', warnings: ['answers refused'] })
  })

  test('does not take its own being unready, or what a caller did wrong, for such a fault', async () => {
    ready = false
    await call(app, '/health/ready')
    await call(app, '/refuses')
    ready = true
    expect((await call(app, '/health/ready')).json()).toMatchObject({ warnings: [] })
  })
})

describe('metrics', () => {
  test('count requests by route pattern and status, and hold nothing from an address', async () => {
    await call(app, `/breaks/${CANARY}?email=${CANARY}`)
    await call(app, `/profiles/${CANARY}`)
    const { body } = await call(app, '/metrics')
    expect(body).toContain('_count{method="GET",route="/breaks/:id",status="500"} 1')
    expect(body).toContain('_count{method="GET",route="unmatched",status="404"} 1')
    expect(body).not.toContain('alice')
  })

  test('show what a part keeps count of', async () => {
    const metrics = new Metrics()
    let queued = 3
    metrics.watch('audit_queue_entries', 'Entries that wait to become durable.', () => queued)
    expect((await metrics.print()).text).toContain('bauta_audit_queue_entries 3')
    queued = 0
    expect((await metrics.print()).text).toContain('bauta_audit_queue_entries 0')
  })
})
