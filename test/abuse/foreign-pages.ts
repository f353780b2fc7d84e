import { codeIn, JSON_TYPE, OTHER, QUERY, SHOP, type Surface } from './surface.ts'

const NOBODY = 'https://evil.example'

/** What pages of other origins can do. */
export function describeForeignPages(at: () => Surface): void {
  describe('a page of another origin', () => {
    const ask = async (origin: string, token: string, path = '/graphql') =>
      await at().fetch(path, {
        method: 'POST',
        headers: {
          origin,
          authorization: `Bearer ${token}`,
          ...(path === '/graphql' ? JSON_TYPE : {}),
        },
        body: path === '/graphql' ? QUERY : null,
      })
    const preflight = async (origin: string, path: string) =>
      await at().fetch(path, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      })

    test.each(['/graphql', '/v1/visitor'])(
      'may call %s in the name of the client that lists it, and read the answer',
      async (path) => {
        const leave = await preflight(SHOP, path)
        expect([leave.status, leave.headers.get('access-control-allow-origin')]).toEqual([
          204,
          SHOP,
        ])
        expect(leave.headers.get('access-control-allow-headers')).toContain('authorization')
        const answer = await ask(SHOP, at().shop, path)
        expect(answer.ok).toBe(true)
        expect(answer.headers.get('access-control-allow-origin')).toBe(SHOP)
        expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
        expect(answer.headers.get('vary')).toMatch(/origin/i)
      },
    )

    test.each(['/graphql', '/v1/visitor'])(
      'may not call %s in the name of another client, nor read that it may not',
      async (path) => {
        // The preflight does not know for whom.
        expect((await preflight(OTHER, path)).status).toBe(204)
        const answer = await ask(OTHER, at().shop, path)
        expect([answer.status, codeIn(await answer.text())]).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
        expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
        expect((await ask(OTHER, at().other, path)).ok).toBe(true)
      },
    )

    test.each([NOBODY, 'null', `${SHOP}.evil.example`, 'http://shop.example', 'https://127.0.0.1'])(
      'that nobody lists is refused (%p), whatever it shows',
      async (origin) => {
        for (const path of ['/graphql', '/v1/visitor']) {
          const leave = await preflight(origin, path)
          expect([leave.status, leave.headers.get('access-control-allow-origin')]).toEqual([
            404,
            null,
          ])
          const answer = await ask(origin, at().shop, path)
          expect([answer.status, codeIn(await answer.text())]).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
          expect(answer.headers.get('access-control-allow-origin')).toBeNull()
        }
      },
    )

    test('is let in by the installation for every client, and our own pages are no foreign ones', async () => {
      for (const origin of ['https://house.example', at().running.origin])
        for (const token of [at().shop, at().other])
          expect((await ask(origin, token)).status).toBe(200)
    })

    test('learns that a token is not valid any more, so that it can fetch another', async () => {
      const answer = await ask(SHOP, 'nonsense')
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
        401,
        SHOP,
      ])
    })

    test('may read what is public, without credentials, and nothing else', async () => {
      const headers = { origin: NOBODY }
      for (const path of ['/.well-known/gpc.json', '/audit/keys']) {
        const answer = await at().fetch(path, { headers })
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
          200,
          '*',
        ])
        expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
      }
      for (const path of [
        '/metrics',
        '/health/ready',
        '/preferences',
        '/audit/export',
        '/oauth/token',
      ])
        expect(
          (await at().fetch(path, { headers })).headers.get('access-control-allow-origin'),
        ).toBeNull()
    })

    test('is counted when it is refused, with the client in whose name it asked', async () => {
      await ask(OTHER, at().shop)
      await at().running.gateway.counters.flush()
      const now = at().running.gateway.clock.now()
      const counts = await at().running.gateway.stores.securityCounts.find(
        now - 600_000,
        now + 1,
        100,
      )
      const [counted] = counts.filter(({ event }) => event === 'foreign-origin')
      expect(counted?.samples.map(({ clientId }) => clientId)).toContain('shop')
    })

    test('stops being let in within a second of the revocation of the client that listed it', async () => {
      const late = 'https://late.example'
      await at().running.client({ id: 'late', roles: ['frontend'], origins: [late] })
      const seen = async (status: number) => {
        for (let tries = 0; tries < 30; tries++) {
          if ((await preflight(late, '/graphql')).status === status) return true
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return false
      }
      expect(await seen(204)).toBe(true)
      await at().running.gateway.clients.revoke('late')
      expect(await seen(404)).toBe(true)
    })
  })

  describe('what a page can send without being asked for leave', () => {
    test.each([
      ['text/plain', QUERY],
      ['application/x-www-form-urlencoded', 'query={viewer{client}}'],
      ['multipart/form-data; boundary=x', '--x\r\n\r\n\r\n--x--'],
    ])('is not read as a query: %s', async (type, body) => {
      const answer = await at().fetch('/graphql', {
        method: 'POST',
        headers: { ...at().bearer, 'content-type': type },
        body,
      })
      expect([answer.status, codeIn(await answer.text())]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
      const greeted = await at().fetch('/v1/visitor', {
        method: 'POST',
        headers: { ...at().bearer, 'content-type': type },
        body,
      })
      expect([greeted.status, greeted.headers.get('set-cookie')]).toEqual([415, null])
    })

    test('is no query in an address without a header that only scripts can set', async () => {
      const path = `/graphql?query=${encodeURIComponent('{ viewer { client } }')}`
      expect((await at().fetch(path, { headers: at().bearer })).status).toBe(400)
      const asked = { ...at().bearer, 'apollo-require-preflight': 'true' }
      expect((await at().fetch(path, { headers: asked })).status).toBe(200)
    })
  })
}
