import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import { isApiKey } from '../../../src/domain/access/api-key.ts'
import { checks, type Outcome } from '../../../src/inbound/cli/attack/run.ts'
import { registerAttack } from '../../../src/inbound/cli/attack.ts'
import { RunningGateway } from '../../running-gateway.ts'

let running: RunningGateway
let token: string
let weak: Server
let weakOrigin: string
beforeAll(async () => {
  running = await RunningGateway.start({
    BAUTA_MODE: 'production',
    BAUTA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  })
  token = await running.client({ id: 'support', roles: ['support'], adhoc: false })
  weak = createServer(answerEverything)
  await new Promise<void>((resolve) => weak.listen(0, '127.0.0.1', resolve))
  weakOrigin = `http://127.0.0.1:${(weak.address() as AddressInfo).port}`
})
afterAll(async () => {
  await running.stop()
  await new Promise((resolve) => weak.close(resolve))
})

/** Believes everybody, runs everything, tells everything. */
const answerEverything: Parameters<typeof createServer>[1] = (request, response) => {
  const sent: Buffer[] = []
  request.on('data', (part: Buffer) => sent.push(part))
  request.on('end', () => {
    const body = Buffer.concat(sent).toString('utf8').slice(0, 500)
    const isPage = request.headers.accept === 'text/html'
    response.writeHead(200, {
      'content-type': isPage ? 'text/html' : 'application/json',
      'x-powered-by': 'weakness',
      ...(request.headers.origin && { 'access-control-allow-origin': request.headers.origin }),
    })
    response.end(
      isPage
        ? '<html>GraphiQL</html>'
        : JSON.stringify({
            data: { viewer: { client: 'support' } },
            access_token: 'one',
            errors: Array.from({ length: 10 }, () => ({ message: 'Did you mean "viewer"?' })),
            extensions: { tracing: {}, stack: 'at run (/srv/src/main.js:1:1)', body },
            host: request.headers['x-forwarded-host'] ?? request.headers.host,
          }),
    )
  })
}

/** What `bauta attack` prints and exits with. */
async function attack(...words: string[]): Promise<{ text: string; exitCode: unknown }> {
  let text = ''
  const before = process.exitCode
  process.exitCode = undefined
  const program = new Command()
  registerAttack(program, (printed) => {
    text += printed
  })
  await program.parseAsync(['attack', ...words], { from: 'user' })
  const { exitCode } = process
  process.exitCode = before
  return { text, exitCode }
}

test('nothing is found on a gateway', async () => {
  const { text, exitCode } = await attack(running.origin, '--token', token, '--json')
  const outcomes = JSON.parse(text) as Outcome[]
  expect(outcomes.filter(({ findings }) => findings.length > 0)).toEqual([])
  expect(outcomes.map(({ name }) => name)).toEqual(checks.map(({ name }) => name))
  expect(exitCode).toBeUndefined()
})

test('what a key can not try is said, with what it takes, and a signed token tries it', async () => {
  const { text } = await attack(running.origin, '--token', token, '--json')
  const untried = (JSON.parse(text) as Outcome[]).filter(({ requests }) => requests === 0)
  expect(untried.map(({ name, needs }) => [name, needs])).toEqual([
    ['expired-token', expect.stringContaining('a signed token')],
    ['wrong-audience', expect.stringContaining('a signed token')],
    ['widened-token', expect.stringContaining('a signed token')],
    ['raw-queries', expect.stringContaining('--partner')],
  ])
  const { secret } = await running.gateway.clients.create(
    { id: 'signed', name: 'signed', roles: ['support'] },
    { withSecret: true },
  )
  const granted = await fetch(`${running.origin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'signed',
      client_secret: secret ?? '',
    }),
  })
  const { access_token: signed } = (await granted.json()) as { access_token: string }
  const outcomes = JSON.parse((await attack(running.origin, '--token', signed, '--json')).text)
  expect(outcomes.filter(({ findings }: Outcome) => findings.length > 0)).toEqual([])
  expect(outcomes.flatMap(({ name, requests }: Outcome) => (requests === 0 ? [name] : []))).toEqual(
    ['raw-queries'],
  )
})

test('a made-up key has the checksum of a real one, so that it is looked for', () => {
  const sent = checks
    .find(({ name }) => name === 'forged-key')
    ?.sent({ url: new URL('http://127.0.0.1'), token: '', isPartner: false })
  const keys = sent?.map(({ headers }) => headers.authorization?.slice('Bearer '.length) ?? '')
  expect(keys?.map(isApiKey)).toEqual([true, false])
})

test('every attack finds something on a server that lets everything through', async () => {
  // Signed, so that there is something to alter.
  const jwt = ['{"alg":"EdDSA"}', '{"sub":"acme","exp":1}', 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
  const { text, exitCode } = await attack(weakOrigin, '--token', jwt, '--partner', '--json')
  const outcomes = JSON.parse(text) as Outcome[]
  expect(outcomes.filter(({ findings }) => findings.length === 0)).toEqual([])
  expect(outcomes.length).toBeGreaterThan(30)
  expect(exitCode).toBe(1)
})

test('the report names each attack, what has to hold and what was found, and never the token', async () => {
  const { text } = await attack(weakOrigin, '--token', token)
  for (const { name } of checks) expect(text).toContain(name)
  expect(text).toContain('the schema is told')
  expect(text).toMatch(/raw-queries.+not tried: needs a partner's token/)
  expect(text).not.toContain(token)
})

test('a token that is not valid is told apart from a gateway that withstands', async () => {
  await expect(attack(running.origin, '--token', 'bauta_nonsense')).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  })
})

test.each([
  ['https://gateway.example.com'],
  ['https://gateway.example.com', '--host', 'example.com'],
  ['http://127.0.0.1.example.com'],
  ['http://10.0.0.1'],
])('another machine is attacked only where its host is named again: %p %p %p', async (...words) => {
  await expect(attack(...words, '--token', 'x')).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test.each(['gateway', 'ftp://127.0.0.1', 'http://127.0.0.1/graphql', 'http://a:b@127.0.0.1'])(
  '%p is no address to attack',
  async (address) => {
    await expect(attack(address, '--token', 'x')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  },
)
