import type { FastifyInstance, RouteOptions } from 'fastify'
import { pino } from 'pino'
import { pagesDir } from '../../../src/config.ts'
import { developmentPages } from '../../../src/inbound/http/development-pages.ts'
import { gpcRoute } from '../../../src/inbound/http/global-privacy-control.ts'
import { Metrics } from '../../../src/inbound/http/metrics.ts'
import { oauthRoutes } from '../../../src/inbound/http/oauth.ts'
import { openDsrRoutes } from '../../../src/inbound/http/opendsr.ts'
import { preferenceRoutes } from '../../../src/inbound/http/preference-page.ts'
import { requestLinkRoutes } from '../../../src/inbound/http/request-links.ts'
import { buildServer } from '../../../src/inbound/http/server.ts'
import { treeRoutes } from '../../../src/inbound/http/tree.ts'
import { unaudited } from '../../../src/inbound/http/unaudited.ts'
import { visitorRoutes } from '../../../src/inbound/http/visitor.ts'
import { AccessHouse } from '../../gateway/access-house.ts'
import { call } from './call.ts'

let app: FastifyInstance
const routes: RouteOptions[] = []
const lines: string[] = []
const asked: number[] = []

const visitorCookie = 'bauta_visitor=v1.a.1.x'
const principal = { purposes: ['SERVICE'], defaultPurpose: 'SERVICE', note: 'a note' }
const desk = {
  principals: async () => ({
    support: { ...principal, token: 'support-token' },
    visitor: { ...principal, token: 'shop-token', cookie: visitorCookie },
  }),
  idsOf: async (person: number) => {
    asked.push(person)
    return { support: `p1support${person}` }
  },
}

const published = {
  checkpoint: async () => 'checkpoint',
  consistency: async () => ({ oldSize: 1, newSize: 2, proof: [] }),
  inclusion: async () => ({ index: 0, size: 2, leafHash: '', proof: [] }),
  keys: async () => ['key'],
  acceptWitness: async () => {},
}
const nobody = async () => await Promise.reject(new Error('nobody is asked for here'))
const openDsr = {
  discovery: () => ({ api_version: '2.0' }),
  certificate: () => 'certificate',
  open: nobody,
  status: nobody,
  cancel: nobody,
}
/** What an address needs to be asked with to be answered at all. */
const asking: Readonly<
  Record<string, { at?: string; query?: string; method?: string; body?: string }>
> = {
  '/v1/confirm/:type/:token': { at: '/v1/confirm/access/alice' },
  '/audit/consistency': { query: 'from=1&to=2' },
  '/audit/inclusion': { query: 'index=0&size=2' },
  '/audit/witness': { method: 'POST', body: 'alice' },
}

beforeAll(async () => {
  const house = await AccessHouse.open()
  app = await buildServer({
    config: { publicUrl: null, allowedOrigins: ['https://shop.example'], requestTimeoutMs: 5_000 },
    metrics: new Metrics(),
    checks: { database: async () => {} },
    pages: (server) => {
      server.addHook('onRoute', (route) => {
        routes.push(route)
      })
      developmentPages(pagesDir, desk)(server)
    },
    routes: [
      oauthRoutes(house.oauth),
      visitorRoutes(house.authenticator, house.visitors, null, house.budgets),
      treeRoutes(published, () => {}),
      openDsrRoutes(openDsr, nobody),
      requestLinkRoutes({
        requests: { confirm: nobody },
        vault: { fetched: nobody },
        newRequestId: () => '',
        onBadLink: () => {},
      }),
      gpcRoute('2025-01-15'),
      preferenceRoutes(pagesDir, ['https://shop.example']),
      async (server) => {
        server.get('/graphql', { config: { audited: 'test' } }, async () => ({ data: null }))
      },
    ],
    log: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }),
  })
})
afterAll(async () => {
  await app.close()
})

describe('the list of unaudited addresses', () => {
  test('names every route that leaves no entry, and nothing else', () => {
    const open = new Set(routes.filter(({ config }) => !config?.audited).map(({ url }) => url))
    expect([...open].sort()).toEqual(unaudited.map(({ path }) => path).sort())
    expect(unaudited.every(({ why }) => why !== '')).toBe(true)
  })

  test('holds no address that would answer about a person, whatever it is asked', async () => {
    for (const { path } of unaudited) {
      if (path === '*' || path === '/demo/desk') continue
      const { at = path, query = '', ...how } = asking[path] ?? {}
      const answer = await call(app, `${at}?${query}&email=alice@example.com`, {
        ...how,
        headers: {
          authorization: 'Bearer alice',
          cookie: 'name=alice',
          'content-type': 'text/plain',
        },
      })
      expect(answer.status).toBe(how.method === 'POST' ? 204 : 200)
      expect(answer.body).not.toContain('alice')
    }
    expect(lines.join('')).not.toContain('alice')
  })
})

/** What clients read once to find everything else: the same for everybody (RFC 8414 §3, RFC 9728 §3). */
const KEPT_FOR_A_WHILE = /^\/(\.well-known\/oauth-|oauth\/jwks)/

/** OWASP's list for REST services; pages for people say more. */
const EVERYWHERE = {
  'cache-control': 'no-store',
  'content-security-policy': /default-src 'none'.*frame-ancestors /,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

describe('the headers', () => {
  test('of every route, whatever its answer, forbid caches, frames, guesses and scripts from elsewhere', async () => {
    const asked = routes.flatMap(({ method, url }) =>
      [method].flat().map((one) => [one, url.replaceAll(':type', 'access').replace('*', '/x')]),
    )
    expect(asked.length).toBeGreaterThan(30)
    for (const [method = '', url = ''] of asked) {
      const { headers } = await call(app, url, { method })
      const isKept = KEPT_FOR_A_WHILE.test(url) && method !== 'OPTIONS'
      const expected = isKept
        ? { ...EVERYWHERE, 'cache-control': 'public, max-age=300' }
        : EVERYWHERE
      for (const [name, value] of Object.entries(expected))
        expect([method, url, headers[name]]).toEqual([method, url, expect.stringMatching(value)])
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers).not.toHaveProperty('x-powered-by')
      expect(headers).not.toHaveProperty('server')
      expect(headers['content-type']?.startsWith('text/html') ?? false).toBe(
        headers['permissions-policy'] !== undefined && !/\.(js|css)$/.test(url),
      )
      const isForFrames = url.startsWith('/preferences')
      expect([url, headers['x-frame-options']]).toEqual([url, isForFrames ? undefined : 'DENY'])
    }
  })
})

describe('the preference page', () => {
  test('loads nothing from elsewhere, and stands only in frames of pages that may call the gateway', async () => {
    const { headers, body } = await call(app, '/preferences')
    expect(headers['content-type']).toContain('text/html')
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain('frame-ancestors https://shop.example')
    expect(policy).not.toContain('unsafe')
    expect(body).not.toMatch(/https?:\/\/|<script>|\son\w+=|\sstyle=/)
    for (const [, file = ''] of body.matchAll(/(?:src|href)="(\/[^"]+)"/g))
      expect((await call(app, file)).status).toBe(200)
  })

  test('takes the token of the person from the fragment or the page around it, never from the address', async () => {
    const { body } = await call(app, '/preferences.js')
    expect(body).not.toMatch(
      /location\.(search|href)|localStorage|sessionStorage|document\.cookie|innerHTML/,
    )
  })
})

describe('development pages', () => {
  test('load nothing from elsewhere and run nothing that stands inside them', async () => {
    const pages = [
      await call(app, '/'),
      await call(app, '/graphql', { headers: { accept: 'text/html,*/*' } }),
    ]
    for (const { status, headers, body } of pages) {
      expect(status).toBe(200)
      expect(headers['content-type']).toContain('text/html')
      expect(headers['content-security-policy']).toContain("script-src 'self'")
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(body).not.toMatch(/https?:\/\/|<script>|\son\w+=|\sstyle=/)
    }
  })

  test('name only files that are there', async () => {
    for (const path of ['/', '/graphql']) {
      const { body } = await call(app, path, { headers: { accept: 'text/html' } })
      const files = [...body.matchAll(/(?:src|href)="(\/pages\/[^"]+)"/g)].map(([, file]) =>
        String(file),
      )
      expect(files.length).toBeGreaterThan(1)
      for (const file of files) expect((await call(app, file)).status).toBe(200)
    }
  })

  test('leave the API at /graphql to programs', async () => {
    const answer = await call(app, '/graphql', { headers: { accept: 'application/json' } })
    expect(answer.json()).toEqual({ data: null })
  })

  test('get the tokens of the demo and the names under which callers know a person', async () => {
    asked.length = 0
    const answer = await call(app, '/demo/desk?person=7')
    expect(answer.json()).toMatchObject({
      principals: { support: { token: 'support-token' } },
      ids: { support: 'p1support7' },
    })
    expect(answer.headers['set-cookie']).toEqual([
      `${visitorCookie}; Path=/; HttpOnly; SameSite=Lax`,
    ])
    expect(asked).toEqual([7])
  })

  test.each(['0', '-1', '1e3', 'x', '9999999'])('know no person %p', async (person) => {
    expect((await call(app, `/demo/desk?person=${person}`)).status).toBe(400)
  })

  test.each(['cross-site', 'same-site'])('hand no token to a page that is %s', async (site) => {
    const answer = await call(app, '/demo/desk', { headers: { 'sec-fetch-site': site } })
    expect(answer.status).toBe(403)
    expect(answer.body).not.toContain('support-token')
  })
})
