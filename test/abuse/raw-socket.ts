import { connect } from 'node:net'

export interface RawAnswer {
  /** 0 where nothing came. */
  readonly status: number
  readonly head: string
  readonly body: string
  readonly milliseconds: number
}

/**
 * Sends bytes as they are, piece by piece with a pause between, and takes what comes until the other side closes.
 * A server that keeps the connection is asked with `connection: close`.
 */
export async function sendRaw(
  origin: string,
  pieces: Iterable<string | Buffer>,
  pause = 0,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin)
  const began = performance.now()
  return await new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    const came: Buffer[] = []
    socket.on('data', (chunk) => came.push(chunk))
    // What is cut off while it still sends.
    socket.on('error', () => {})
    socket.on('close', () => {
      const [head = '', body = ''] = Buffer.concat(came).toString('latin1').split('\r\n\r\n', 2)
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)
      resolve({ status, head, body, milliseconds: performance.now() - began })
    })
    const queue = pieces[Symbol.iterator]()
    const next = () => {
      const { done, value } = queue.next()
      if (done || socket.destroyed) return
      socket.write(value, () => (pause > 0 ? setTimeout(next, pause) : next()))
    }
    socket.on('connect', next)
  })
}

/** The text of a request, `connection: close` and the lengths of its body included. */
export function requestText(
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const all = {
    host: '127.0.0.1',
    connection: 'close',
    ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`${line} HTTP/1.1`, ...lines, '', body].join('\r\n')
}
