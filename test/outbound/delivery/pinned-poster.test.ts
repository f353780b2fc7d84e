import type { LookupAddress } from 'node:dns'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { PinnedPoster } from '../../../src/outbound/delivery/pinned-poster.ts'
import { isPublicAddress } from '../../../src/outbound/delivery/public-address.ts'

const FORBIDDEN = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
]
const PUBLIC = ['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '::ffff:1.1.1.1']

const asHost = (address: string) => (address.includes(':') ? `[${address}]` : address)

describe('addresses that others chose', () => {
  const poster = new PinnedPoster({ loopback: false })

  test.each(FORBIDDEN)('%s is none that a message is sent to', async (address) => {
    expect(isPublicAddress(address)).toBe(false)
    const url = `https://${asHost(address)}/hook`
    expect(poster.objectionTo(url)).toBe('must be a public address')
    expect(await poster.post(url, {}, '{}')).toEqual({ failure: 'forbidden_address' })
    const byName = new PinnedPoster({
      loopback: false,
      resolve: (_name, done) => done(null, [{ address, family: address.includes(':') ? 6 : 4 }]),
    })
    expect(await byName.post('https://innocent.example.com/', {}, '{}')).toEqual({
      failure: 'forbidden_address',
    })
  })

  test.each(PUBLIC)('%s is one', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  test.each([
    ['this machine as a number', 'https://2130706433/'],
    ['this machine in hexadecimal', 'https://0x7f000001/'],
    ['this machine in octal', 'https://0177.0.0.1/'],
    ['this machine, shortened', 'https://127.1/'],
    ['this machine by name', 'https://localhost/'],
    ['this machine by a name with a dot', 'https://localhost./'],
    ['a name of the own network', 'https://intranet/'],
    ['plain http', 'http://example.com/'],
    ['a file', 'file:///etc/passwd'],
    ['another protocol', 'gopher://example.com/'],
    ['a password', 'https://user:secret@example.com/'],
    ['a fragment', 'https://example.com/#part'],
    ['no URL', 'example.com'],
    ['an endless URL', `https://example.com/${'a'.repeat(3_000)}`],
  ])('%s is refused', async (_what, url) => {
    expect(poster.objectionTo(url)).not.toBeNull()
    expect(await poster.post(url, {}, '{}')).toEqual({ failure: 'forbidden_address' })
  })

  test('a name that also leads to a forbidden address is refused, whichever comes first', async () => {
    const both: LookupAddress[] = [
      { address: '1.1.1.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]
    for (const addresses of [both, both.toReversed()]) {
      const mixed = new PinnedPoster({
        loopback: false,
        resolve: (_n, done) => done(null, addresses),
      })
      expect(await mixed.post('https://mixed.example.com/', {}, '{}')).toEqual({
        failure: 'forbidden_address',
      })
    }
  })

  test('no address of the private networks is taken for a public one, however it is written', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const privately = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    )
    fc.assert(
      fc.property(privately, (octets) => {
        const number = octets.reduce((sum, one) => sum * 256 + one, 0)
        const forms = [
          octets.join('.'),
          String(number),
          `0x${number.toString(16)}`,
          octets.map((one) => `0${one.toString(8)}`).join('.'),
          `[::ffff:${octets.join('.')}]`,
          `[::${octets.join('.')}]`,
        ]
        for (const form of forms) expect(poster.objectionTo(`https://${form}/`)).not.toBeNull()
      }),
    )
  })
})

describe('a connection', () => {
  let port: number
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let hits = 0
  const server = createServer((request, response) => {
    hits += 1
    answer(request, response)
  })
  const local = (path = '/') => `http://localhost:${port}${path}`
  const home: LookupAddress = { address: '127.0.0.1', family: 4 }

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  test('asks for the name once and goes to what was looked at: a second answer would come too late', async () => {
    answer = (_request, response) => void response.writeHead(204).end()
    let asked = 0
    const poster = new PinnedPoster({
      loopback: true,
      resolve: (_name, done) => {
        asked += 1
        done(null, [asked === 1 ? home : { address: '10.0.0.1', family: 4 }])
      },
    })
    expect(await poster.post(local(), {}, '{}')).toEqual({ status: 204 })
    expect(asked).toBe(1)
  })

  test('carries headers and body as they are', async () => {
    let seen = ''
    answer = (request, response) => {
      request.on('data', (piece) => {
        seen += String(piece)
      })
      request.on('end', () => {
        seen += ` ${request.method} ${request.headers['webhook-id']}`
        response.writeHead(200).end('thanks')
      })
    }
    const poster = new PinnedPoster({ loopback: true })
    const headers = { 'content-type': 'application/json', 'webhook-id': 'm-1' }
    expect(await poster.post(`http://127.0.0.1:${port}/`, headers, '{"ü":1}')).toEqual({
      status: 200,
    })
    expect(seen).toBe('{"ü":1} POST m-1')
  })

  test('follows no redirect', async () => {
    hits = 0
    answer = (_request, response) =>
      void response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end()
    expect(await new PinnedPoster({ loopback: true }).post(local(), {}, '{}')).toEqual({
      status: 307,
    })
    expect(hits).toBe(1)
  })

  test('ends when the answer does not end', async () => {
    answer = (_request, response) => void response.writeHead(200).write('a')
    const poster = new PinnedPoster({ loopback: true, timeout: 200 })
    expect(await poster.post(local(), {}, '{}')).toEqual({ failure: 'timeout' })
  })

  test('ends when the answer is longer than any needs to be', async () => {
    answer = (_request, response) => {
      response.on('error', () => {})
      response.writeHead(200).end(Buffer.alloc(1024 * 1024))
    }
    expect(await new PinnedPoster({ loopback: true }).post(local(), {}, '{}')).toEqual({
      failure: 'answer_too_long',
    })
  })

  test('to where nobody listens fails', async () => {
    const poster = new PinnedPoster({ loopback: true })
    expect(await poster.post('http://127.0.0.1:1/', {}, '{}')).toEqual({ failure: 'unreachable' })
  })

  test('to this machine is none outside development, and in development to nowhere else', async () => {
    hits = 0
    answer = (_request, response) => void response.writeHead(204).end()
    const strict = new PinnedPoster({ loopback: false })
    expect(await strict.post(local(), {}, '{}')).toEqual({ failure: 'forbidden_address' })
    const lured = new PinnedPoster({
      loopback: true,
      resolve: (_name, done) => done(null, [{ address: '10.0.0.1', family: 4 }]),
    })
    expect(await lured.post(local(), {}, '{}')).toEqual({ failure: 'forbidden_address' })
    expect(hits).toBe(0)
  })
})
