import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls, { type ConnectionOptions, createServer, type Server, type TLSSocket } from 'node:tls'
import { Forwarder } from '../../../src/gateway/attest/forwarder.ts'
import { SyslogSink } from '../../../src/outbound/delivery/syslog-sink.ts'

/** What this machine is taken to trust: the list of a running process can't be changed. All the rest is as it is. */
let trusted: string | undefined
const connect = tls.connect as (options: ConnectionOptions) => TLSSocket

let dir: string
let server: Server | null = null
const sockets: TLSSocket[] = []
let received: Buffer[] = []

beforeAll(() => {
  const trusting = (options: ConnectionOptions) =>
    connect(trusted === undefined ? options : { ...options, ca: trusted })
  jest.spyOn(tls, 'connect').mockImplementation(trusting as typeof tls.connect)
  syncBuiltinESMExports()
  dir = mkdtempSync(join(tmpdir(), 'bauta-syslog-'))
  certify('localhost', 'DNS:localhost,IP:127.0.0.1')
  certify('elsewhere', 'DNS:elsewhere.example.com')
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server?.close()
  received = []
  trusted = undefined
})
afterAll(() => {
  jest.restoreAllMocks()
  syncBuiltinESMExports()
  rmSync(dir, { recursive: true })
})

const file = (name: string) => readFileSync(join(dir, name), 'utf8')

/** A key, and a certificate that it has signed for itself. */
function certify(name: string, names: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc']
  const files = ['-keyout', join(dir, `${name}.key`), '-out', join(dir, `${name}.pem`)]
  const subject = ['-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`]
  execFileSync('openssl', ['req', '-x509', ...key, ...files, ...subject], { stdio: 'ignore' })
}

/** A receiver of syslog over TLS. @returns its port. */
async function receiver(certificate: string): Promise<number> {
  const credentials = { key: file(`${certificate}.key`), cert: file(`${certificate}.pem`) }
  server = createServer(credentials, (socket) => {
    sockets.push(socket)
    socket.on('data', (bytes) => received.push(bytes))
    socket.on('error', () => {})
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** The frames that have arrived (RFC 5425 §4.3: MSG-LEN SP SYSLOG-MSG). */
function frames(): string[] {
  const bytes = Buffer.concat(received)
  const found: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const end = space + 1 + Number(bytes.toString('latin1', at, space))
    if (space < 0 || !(bytes.length >= end)) break
    found.push(bytes.toString('utf8', space + 1, end))
    at = end
  }
  return found
}

async function arrived(count: number): Promise<string[]> {
  while (frames().length < count) await new Promise((resolve) => setTimeout(resolve, 5))
  return frames()
}

/** A trail of some entries, and how far it was sent. */
class Trail {
  next = 0
  readonly lines = Array.from({ length: 3 }, (_, n) =>
    JSON.stringify({ v: 1, entryId: `entry-${n}`, time: '2026-01-31T09:30:00.000Z', who: 'Zoë' }),
  )

  forwarder(port: number, host = 'localhost'): Forwarder {
    const leaves = this.lines.map((line, index) => ({
      index,
      hash: new Uint8Array(32),
      bytes: Buffer.from(line),
    }))
    return new Forwarder({
      log: { size: async () => leaves.length },
      leaves: {
        at: async () => [],
        range: async function* (first, count) {
          yield leaves.slice(first, first + count)
        },
      },
      position: {
        next: async () => this.next,
        advance: async (next) => {
          this.next = next
        },
        alone: async (work) => await work(),
      },
      sink: new SyslogSink({ host, port, tls: true }),
      format: 'ndjson',
      backOff: { retries: 1, minTimeout: 0 },
    })
  }
}

describe('syslog over TLS', () => {
  test.each([
    ['by its name', 'localhost', 'localhost'],
    ['by its address, which is no name to ask for', '127.0.0.1', false],
  ])('gets every entry in a frame counted in octets, %s', async (_how, host, asked) => {
    trusted = file('localhost.pem')
    const trail = new Trail()
    const forwarder = trail.forwarder(await receiver('localhost'), host)
    await forwarder.run()
    const head = /^<110>1 2026-01-31T09:30:00\.000Z [!-~]+ bauta - (entry-\d) - /
    const got = await arrived(3)
    expect(got.map((frame) => head.exec(frame)?.[1])).toEqual(['entry-0', 'entry-1', 'entry-2'])
    expect(got.map((frame) => frame.replace(head, ''))).toEqual(trail.lines)
    expect(trail.next).toBe(3)
    expect(sockets[0]?.servername).toBe(asked)
    expect(sockets[0]?.getProtocol()).toMatch(/^TLSv1\.[23]$/)
    await forwarder.close()
  })

  test.each([
    ['whose certificate nobody vouches for', 'localhost', undefined],
    ['with the certificate of somebody else', 'elsewhere', 'elsewhere'],
  ])('tells a receiver nothing %s, and loses nothing by it', async (_what, certificate, ca) => {
    trusted = ca && file(`${ca}.pem`)
    const trail = new Trail()
    const refusing = trail.forwarder(await receiver(certificate))
    await expect(refusing.run()).rejects.toThrow(/^Audit sink: the receiver can not be reached\.$/)
    expect([trail.next, refusing.failures, refusing.lag]).toEqual([0, 2, 3])
    await refusing.close()
    server?.close()
    expect(received).toEqual([])
    trusted = file('localhost.pem')
    const forwarder = trail.forwarder(await receiver('localhost'))
    await forwarder.run()
    expect(await arrived(3)).toHaveLength(3)
    expect(trail.next).toBe(3)
    await forwarder.close()
  })
})
