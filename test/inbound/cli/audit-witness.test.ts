import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { openCheckpoint } from '../../../src/domain/audit/checkpoint.ts'
import { formatVerifierKey, parseVerifierKey } from '../../../src/domain/audit/signed-note.ts'
import { consistencyProof } from '../../../src/domain/audit/tree-proofs.ts'
import { registerAuditWitness } from '../../../src/inbound/cli/audit-witness.ts'
import { witnessPorts } from '../../../src/witness-ports.ts'
import { logKey, SmallLog } from '../../gateway/attest/exported-log.ts'
import { RunningGateway } from '../../running-gateway.ts'

const temporary = mkdtempSync(join(tmpdir(), 'witness-'))
let dir: string
let printed: string
let said: string

/** @returns the exit code. */
async function witness(...words: string[]): Promise<unknown> {
  const program = new Command()
  registerAuditWitness(program, {
    ...witnessPorts,
    print: (text) => {
      printed += `${text}\n`
    },
    say: (text) => {
      said += `${text}\n`
    },
  })
  try {
    await program.parseAsync(['witness', ...words], { from: 'user' })
    return process.exitCode
  } finally {
    process.exitCode = undefined
  }
}

const sign = async (url: string, log = formatVerifierKey(logKey)) =>
  await witness(
    ...['--url', url, '--log-key', log],
    ...['--key', join(dir, 'key'), '--state', join(dir, 'state')],
  )

/** @returns the public key. */
async function keygen(): Promise<string> {
  expect(await witness('keygen', '--name', 'example.com/officer', '--key', join(dir, 'key'))).toBe(
    0,
  )
  const vkey = printed.trim()
  printed = ''
  return vkey
}

beforeEach(() => {
  dir = mkdtempSync(join(temporary, 'officer-'))
  printed = ''
  said = ''
})
afterAll(() => rmSync(temporary, { recursive: true }))

describe('bauta audit witness', () => {
  test('makes a key that only its owner reads, and never replaces one', async () => {
    const vkey = await keygen()
    expect(parseVerifierKey(vkey).name).toBe('example.com/officer')
    const before = readFileSync(join(dir, 'key'), 'utf8')
    expect(before).toMatch(/^PRIVATE\+KEY\+example\.com\/officer\+/)
    expect(statSync(join(dir, 'key')).mode & 0o077).toBe(0)
    expect(await witness('keygen', '--name', 'another', '--key', join(dir, 'key'))).toBe(2)
    expect(readFileSync(join(dir, 'key'), 'utf8')).toBe(before)
    expect(printed).toBe('')
  })
})

describe('a witness of a log that changes its past', () => {
  let server: Server
  let url: string
  let log = SmallLog.of(100)
  let size = 40
  let status = 200
  let answer: string | null = null
  const submitted: string[] = []

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://log')
      response.statusCode = status
      if (pathname === '/audit/checkpoint')
        response.end(answer ?? (await log.checkpoint(size, null)))
      else if (pathname === '/audit/consistency') {
        const [oldSize, newSize] = ['from', 'to'].map((name) => Number(searchParams.get(name)))
        const proof = await consistencyProof(oldSize as number, newSize as number, log)
        const told = proof.map((hash) => Buffer.from(hash).toString('base64'))
        response.end(JSON.stringify({ oldSize, newSize, proof: told }))
      } else {
        const pieces: Buffer[] = []
        for await (const piece of request) pieces.push(piece as Buffer)
        submitted.push(Buffer.concat(pieces).toString())
        response.end()
      }
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => void server.close())
  afterEach(() => {
    log = SmallLog.of(100)
    size = 40
    status = 200
    answer = null
    submitted.length = 0
  })

  test('signs while it grows', async () => {
    await keygen()
    expect(await sign(url)).toBe(0)
    size = 100
    expect(await sign(`${url}/`)).toBe(0)
    expect(printed).toContain('Signed 100 entries of example.com/trail: it extends the 40 entries')
    expect(submitted).toHaveLength(2)
    expect(submitted[1]).toBe(readFileSync(join(dir, 'state'), 'utf8'))
  })

  test('exits with 1 and the evidence when it does not extend what was signed', async () => {
    await keygen()
    await sign(url)
    log = new SmallLog(
      SmallLog.of(100).entries.map((entry, at) => (at === 3 ? Buffer.from('{}') : entry)),
    )
    size = 90
    expect(await sign(url)).toBe(1)
    expect(said).toContain('ALARM')
    expect(said).toContain(submitted[0] as string)
    expect(said).toContain(await log.checkpoint(90, null))
    expect(submitted).toHaveLength(1)
  })

  test('exits with 3 where the log can not be reached, or answers with nonsense', async () => {
    await keygen()
    status = 503
    expect(await sign(url)).toBe(3)
    expect(said).toContain('/audit/checkpoint answered with status 503')
    status = 200
    answer = 'x'.repeat(100_000)
    expect(await sign(url)).toBe(3)
    expect(said).toContain('longer than any can be')
    answer = '<html></html>'
    expect(await sign(url)).toBe(3)
    expect(said).toContain('What answers is not the log example.com/trail')
    const gone = createServer()
    await new Promise<void>((resolve) => void gone.listen(0, '127.0.0.1', resolve))
    const { port } = gone.address() as AddressInfo
    await new Promise((resolve) => void gone.close(resolve))
    expect(await sign(`http://127.0.0.1:${port}`)).toBe(3)
    expect(said).toContain('ECONNREFUSED')
    expect(submitted).toEqual([])
  })

  test('exits with 2 where it is not asked properly', async () => {
    expect(await sign(url)).toBe(2)
    await keygen()
    expect(await sign(url, 'no+such+key')).toBe(2)
  })
})

describe('a witness of a gateway', () => {
  let running: RunningGateway
  afterAll(async () => await running.stop())

  test('signs its checkpoints, and the gateway shows that', async () => {
    const vkey = await keygen()
    running = await RunningGateway.start({ BAUTA_AUDIT_WITNESS_KEY: vkey })
    const text = async (path: string) => await (await fetch(`${running.origin}${path}`)).text()
    const [logVkey = ''] = (await text('/audit/keys')).split('\n')
    const officer = parseVerifierKey(vkey)
    for (const times of [1, 2, 3]) {
      await running.gateway.recorder.recordAction({ action: 'test', times })
      await running.gateway.trail.watch.look()
      expect(await sign(running.origin, logVkey)).toBe(0)
      const shown = openCheckpoint(await text('/audit/checkpoint'), parseVerifierKey(logVkey), [
        officer,
      ])
      expect(shown.signedBy).toContain(officer)
      expect(shown.size).toBe(await running.gateway.stores.auditLog.size())
    }
    expect(said).toBe('')
  })
})
