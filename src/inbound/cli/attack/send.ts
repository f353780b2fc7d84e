import { request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { Answer, Sent } from './check.ts'

const PATIENCE_MS = 10_000
/** Longer answers than this tell nothing more. */
const ANSWER_BYTES = 1024 * 1024

/**
 * Sends one request on a connection of its own and follows nothing. Unlike `fetch` it may name another host and any target.
 * @returns status 0 where the other side closes without an answer.
 * @throws Error where nobody answers at all.
 */
export async function send(url: URL, { method, path, headers, body }: Sent): Promise<Answer> {
  const request = url.protocol === 'https:' ? overHttps : overHttp
  return await new Promise((resolve, reject) => {
    const { hostname, port } = url
    const sent = request(
      {
        host: hostname.replace(/^\[|\]$/g, ''),
        ...(port && { port }),
        method,
        path,
        headers: {
          ...headers,
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        },
        agent: false,
        timeout: PATIENCE_MS,
      },
      (came) => {
        const parts: Buffer[] = []
        let size = 0
        const done = () =>
          resolve({
            status: came.statusCode ?? 0,
            headers: Object.fromEntries(
              Object.entries(came.headers).map(([name, value]) => [name, String(value)]),
            ),
            body: Buffer.concat(parts).toString('utf8'),
          })
        came.on('data', (part: Buffer) => {
          parts.push(part)
          size += part.length
          if (size > ANSWER_BYTES) sent.destroy()
        })
        came.on('close', done)
      },
    )
    sent.on('timeout', () => sent.destroy(new Error('no answer within ten seconds')))
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const wasClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE'
      if (wasClosed) resolve({ status: 0, headers: {}, body: '' })
      else reject(error)
    })
    sent.end(body)
  })
}
