import { limits } from '../../src/kernel/limits.ts'
import { requestText } from './raw-socket.ts'
import { CANARY, codeIn, JSON_TYPE, type Surface } from './surface.ts'

/** What becomes of requests that no client sends by accident. */
export function describeOddRequests(at: () => Surface): void {
  describe('a request', () => {
    test.each(['http://evil.example/graphql', 'http://evil.example/health/live'])(
      'whose target names another host is refused, whatever its Host header says: %s',
      async (target) => {
        expect((await at().raw(`GET ${target}`)).status).toBe(421)
      },
    )

    test('whose target names our host is answered', async () => {
      expect((await at().raw('GET http://127.0.0.1/health/live')).status).toBe(200)
    })

    test('says of itself by forwarding headers nothing that is believed', async () => {
      const forwarded = {
        'x-forwarded-for': '10.9.8.7',
        'x-forwarded-proto': 'https',
        forwarded: 'for=10.9.8.7;host=127.0.0.1',
      }
      expect(
        (
          await at().raw('GET /health/live', {
            ...forwarded,
            host: 'evil.example',
            'x-forwarded-host': '127.0.0.1',
          })
        ).status,
      ).toBe(421)
      const { status, head } = await at().raw('GET /health/live', {
        ...forwarded,
        'x-forwarded-host': 'evil.example',
      })
      expect([status, /evil|10\.9/.test(head)]).toEqual([200, false])
      expect(at().running.lines.join('')).not.toContain('10.9.8.7')
    })

    test.each(['x-http-method-override', 'x-http-method', 'x-method-override'])(
      'stays what it is, whatever %s says',
      async (name) => {
        const { status, body } = await at().raw('GET /graphql?query={__typename}&_method=POST', {
          ...at().bearer,
          [name]: 'POST',
        })
        expect([status, body.includes('"data"')]).toEqual([400, false])
      },
    )

    test.each(['TRACE', 'CONNECT', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'NONSENSE'])(
      'by %s is not answered',
      async (method) => {
        const { status, body } = await at().raw(`${method} /graphql`, {
          ...at().bearer,
          'x-canary': CANARY,
        })
        expect([0, 400, 404]).toContain(status)
        expect(body).not.toContain(CANARY)
      },
    )

    test.each([
      '/../../etc/passwd',
      '/pages/../../package.json',
      '/pages/..%2f..%2fpackage.json',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/pages/%5c..%5cpackage.json',
      '/preferences.js%00.html',
      '//evil.example/graphql',
      '/graphql%2f',
    ])('for %s finds nothing', async (path) => {
      expect([400, 404, 421]).toContain((await at().raw(`GET ${path}`)).status)
    })

    test.each(['/%zz', '/%', `/v1/packages/${'a'.repeat(500)}`])(
      'for the address %s, which can not be read, is refused without repeating it',
      async (path) => {
        const { status, head, body } = await at().raw(`GET ${path}?${CANARY}`)
        expect([400, 404, 414]).toContain(status)
        expect(head).toMatch(/x-content-type-options: nosniff/i)
        expect(body).not.toContain(path.slice(1))
        expect(body).toContain('"code"')
      },
    )

    test('with an address or headers of 20 kB is refused with 431', async () => {
      for (const text of [
        requestText(`GET /health/live?${'a'.repeat(20_000)}`),
        requestText('GET /health/live', { cookie: 'a'.repeat(20_000) }),
      ]) {
        const { status, body } = await at().bytes([text])
        expect([status, codeIn(body)]).toEqual([431, 'REQUEST_TOO_LARGE'])
      }
    })

    test.each([
      ['line ends in a header', requestText('GET /health/live', { 'x-a': 'b\nset-cookie: c=d' })],
      ['a header without a name', `GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n: x\r\n\r\n`],
      ['a folded header', `GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: b\r\n c\r\n\r\n`],
      [
        'two hosts',
        `GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`,
      ],
      ['no host', `GET /health/live HTTP/1.1\r\nconnection: close\r\n\r\n`],
      ['no HTTP', `${CANARY}\r\n\r\n`],
    ])('with %s brings nothing of it into the answer', async (what, text) => {
      const { status, head, body } = await at().bytes([text])
      expect(head.toLowerCase()).not.toContain('set-cookie')
      expect(head + body).not.toMatch(/evil|c4n4ry/)
      if (what !== 'line ends in a header' && what !== 'two hosts')
        expect([400, 421]).toContain(status)
    })

    test('leaves nothing of its address, headers and body in the log', async () => {
      await at().raw(`GET /health/live?email=${CANARY}`, { cookie: `a=${CANARY}` })
      await at().raw(
        `POST /graphql?email=${CANARY}`,
        { ...JSON_TYPE, authorization: `Bearer ${CANARY}` },
        `{"query":"${CANARY}"}`,
      )
      await at().bytes([`GET /${CANARY} HTTP/9.9\r\nauthorization: Bearer ${CANARY}\r\n\r\n`])
      expect(at().running.lines.length).toBeGreaterThan(0)
      expect(at().running.lines.join('')).not.toContain(CANARY)
    })

    test('is one of a bounded number of connections', () => {
      expect(at().running.server.server.maxConnections).toBe(limits.connections)
    })
  })
}
