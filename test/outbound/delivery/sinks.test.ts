import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import type { SinkRecord } from '../../../src/domain/audit/audit-sink.ts'
import { HttpsSink } from '../../../src/outbound/delivery/https-sink.ts'
import { SyslogSink } from '../../../src/outbound/delivery/syslog-sink.ts'

const record = (n: number, line = `{"n":${n}}`): SinkRecord => ({
  time: Date.UTC(2026, 0, 31, 9, 30),
  entryId: `entry-${n}`,
  line,
})
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function listening<S extends Server | HttpServer>(server: S): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A syslog server: what arrived, as frames. */
async function syslogServer() {
  let received = Buffer.alloc(0)
  const sockets: Socket[] = []
  const server = createTcpServer((socket) => {
    sockets.push(socket)
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
    })
    socket.on('error', () => {})
  })
  const port = await listening(server)
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
  })
  const frames = () => {
    const found: string[] = []
    for (let at = 0; at < received.length; ) {
      const space = received.indexOf(0x20, at)
      const length = Number(received.toString('latin1', at, space))
      if (space < 0 || received.length < space + 1 + length) break
      found.push(received.toString('utf8', space + 1, space + 1 + length))
      at = space + 1 + length
    }
    return found
  }
  const arrived = async (count: number) => {
    while (frames().length < count) await new Promise((resolve) => setTimeout(resolve, 5))
    return frames()
  }
  return { port, arrived, sockets }
}

describe('syslog', () => {
  test('gets RFC 5424 messages, each counted in octets', async () => {
    const { port, arrived } = await syslogServer()
    const sink = new SyslogSink({ host: '127.0.0.1', port, tls: false })
    await sink.send([record(1), record(2, '{"who":"Zoë"}')])
    const frames = await arrived(2)
    expect(frames[0]).toMatch(
      /^<110>1 2026-01-31T09:30:00\.000Z [!-~]+ bauta - entry-1 - \{"n":1\}$/,
    )
    expect(frames[1]).toContain(' - {"who":"Zoë"}')
    await sink.close()
  })

  test('gets the batch before again after the connection broke', async () => {
    const { port, arrived, sockets } = await syslogServer()
    const sink = new SyslogSink({ host: '127.0.0.1', port, tls: false })
    await sink.send([record(1)])
    await arrived(1)
    const [socket] = sockets
    socket?.destroy()
    // The sink hears of it with a turn of the event loop; until then a batch may still go the old way.
    await new Promise((resolve) => setTimeout(resolve, 100))
    await sink.send([record(2)])
    const numbers = (await arrived(3)).map((frame) => /entry-(\d)/.exec(frame)?.[1])
    expect(numbers).toEqual(['1', '1', '2'])
    await sink.close()
  })

  test('that does not answer is an error without anything of an entry', async () => {
    const port = await listening(createTcpServer())
    ends.splice(0).forEach((end) => {
      end()
    })
    const sink = new SyslogSink({ host: '127.0.0.1', port, tls: false })
    await expect(sink.send([record(1, 'secret')])).rejects.toThrow(
      /^Audit sink: the receiver can not be reached\.$/,
    )
  })
})

describe('https', () => {
  const receiver = async (status: number) => {
    const seen: { request: IncomingMessage; body: string }[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += String(chunk)
      })
      request.on('end', () => {
        seen.push({ request, body })
        response.writeHead(status, { location: '/elsewhere' }).end('thank you')
      })
    })
    return { port: await listening(server), seen }
  }

  test('gets a batch as NDJSON, with credentials that do not stand in its address', async () => {
    const { port, seen } = await receiver(202)
    await new HttpsSink(new URL(`http://user:p%40ss@127.0.0.1:${port}/in?index=bauta`)).send([
      record(1),
      record(2),
    ])
    expect(seen[0]?.body).toBe('{"n":1}\n{"n":2}\n')
    expect(seen[0]?.request).toMatchObject({ method: 'POST', url: '/in?index=bauta' })
    expect(seen[0]?.request.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    })
  })

  test.each([400, 429, 500, 302])('takes %i for a no', async (status) => {
    const { port, seen } = await receiver(status)
    const sink = new HttpsSink(new URL(`http://127.0.0.1:${port}/`))
    await expect(sink.send([record(1, 'secret')])).rejects.toThrow(/^Audit sink: the receiver/)
    expect(seen).toHaveLength(1)
  })
})
