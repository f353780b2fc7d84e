import { type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  json(): Record<string, unknown>
}

export interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Asks a server over a real socket; unlike `fetch` it may send any Host header. */
export async function call(
  app: FastifyInstance,
  path: string,
  options: Call = {},
): Promise<Answer> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const { method = 'GET', headers = {}, body } = options
  return await new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (got) => {
        let text = ''
        got.setEncoding('utf8')
        got.on('data', (chunk: string) => {
          text += chunk
        })
        got.on('end', () =>
          resolve({
            status: got.statusCode ?? 0,
            headers: got.headers,
            body: text,
            json: () => JSON.parse(text) as Record<string, unknown>,
          }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
