import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { requestText } from './raw-socket.ts'
import { CANARY, codeIn, JSON_TYPE, QUERY, type Surface } from './surface.ts'

/** What becomes of bodies that are packed, endless or broken. */
export function describeOddBodies(at: () => Surface): void {
  describe('a body', () => {
    const post = async (body: Buffer | string, headers: Record<string, string>) =>
      await at().fetch('/graphql', {
        method: 'POST',
        headers: { ...at().bearer, ...JSON_TYPE, ...headers },
        body,
      })

    // A thousand times larger when unpacked.
    const zeros = Buffer.alloc(4 * 1024 * 1024)
    test.each([
      ['gzip', gzipSync(zeros)],
      ['br', brotliCompressSync(zeros, { params: { 1: 1 } })],
      ['deflate', deflateSync(zeros)],
      ['gzip, gzip', gzipSync(gzipSync(zeros))],
      ['GZIP', gzipSync(QUERY)],
      ['zstd', Buffer.from(QUERY)],
      ['nonsense', Buffer.from(QUERY)],
      ['identity, gzip', gzipSync(QUERY)],
    ])('that is encoded as %s is refused unread', async (encoding, body) => {
      const answer = await post(body, { 'content-encoding': encoding })
      expect([answer.status, codeIn(await answer.text())]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
      expect(answer.headers.get('accept-encoding')).toBe('identity')
    })

    test('that is said to be as it is, is read', async () => {
      expect((await post(QUERY, { 'content-encoding': 'identity' })).status).toBe(200)
    })

    test('of 10 MB is refused before it has come, and the connection closed', async () => {
      const { status, head, body } = await at().bytes([
        requestText('POST /graphql', {
          ...at().bearer,
          ...JSON_TYPE,
          'content-length': '10485760',
          connection: 'keep-alive',
        }),
      ])
      expect([status, codeIn(body)]).toEqual([413, 'REQUEST_TOO_LARGE'])
      expect(head).toMatch(/connection: close/i)
    })

    test('in chunks without an end is refused at the limit, and the connection closed', async () => {
      const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
      let sent = 0
      function* pieces() {
        yield requestText('POST /graphql', {
          ...at().bearer,
          ...JSON_TYPE,
          'transfer-encoding': 'chunked',
          connection: 'keep-alive',
        })
        for (; sent < 640; sent++) yield chunk
      }
      const answer = await at().bytes(pieces())
      // What was not read may have made the answer unreadable; more than the limit and what lies in buffers never came.
      expect([0, 413]).toContain(answer.status)
      expect(sent * 0x4000).toBeLessThan(10 * 1024 * 1024)
    })

    test.each([
      [
        'with two lengths',
        requestText('POST /graphql', { ...JSON_TYPE, 'content-length': '2, 3' }, '{}'),
      ],
      [
        'with a length and in chunks',
        requestText('POST /graphql', { ...JSON_TYPE, 'transfer-encoding': 'chunked' }, '0\r\n\r\n'),
      ],
      [
        'with a negative length',
        requestText('POST /graphql', { ...JSON_TYPE, 'content-length': '-1' }),
      ],
      [
        'in an encoding of transfer that is none',
        requestText('POST /graphql', { ...JSON_TYPE, 'transfer-encoding': 'gzip' }, '{}'),
      ],
    ])(
      '%s is not read',
      async (_what, text) => {
        const { status } = await at().bytes([text])
        expect(status === 0 || (status >= 400 && status < 500)).toBe(true)
      },
      10_000,
    )

    test.each([
      ['with __proto__', '{"query":"{ viewer { client } }","__proto__":{"isAdmin":true}}'],
      [
        'with a constructor',
        '{"query":"{ viewer { client } }","constructor":{"prototype":{"x":1}}}',
      ],
      ['that ends early', '{"query":"{ viewer'],
      ['that is no JSON', `${CANARY}`],
      ['that is empty', ''],
      ['with a NUL', '{"query":"{ viewer { client\u0000 } }"}'],
      ['that is a list', `[${QUERY},${QUERY}]`],
      ['that is a number', '1'],
      ['that is null', 'null'],
    ])('%s is refused with 400 and is not repeated', async (_what, body) => {
      const answer = await post(body, {})
      const text = await answer.text()
      expect([answer.status, text.includes(CANARY)]).toEqual([400, false])
      expect(({} as Record<string, unknown>).isAdmin).toBeUndefined()
    })

    test.each(['{', '', '{"query":"{ viewer', '{"__proto__":{}}'])(
      'that is no JSON is told so: %p',
      async (body) => {
        expect(await (await post(body, {})).text()).toContain('The body is no JSON')
      },
    )

    test('in which a key stands twice counts as its last, as it does to everybody behind', async () => {
      const answer = await post(`{"query":"{ nothing }",${QUERY.slice(1)}`, {})
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('shop')])
    })

    test('that is no UTF-8 is refused', async () => {
      const answer = await post(
        Buffer.concat([
          Buffer.from('{"query":"{ viewer { client } } # '),
          Buffer.from([0xc3, 0x28]),
          Buffer.from('"}'),
        ]),
        {},
      )
      expect(answer.status).toBe(400)
    })
  })
}
