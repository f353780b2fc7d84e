import { Agent, request } from 'node:http'
import { newApiKey } from '../../src/domain/access/api-key.ts'
import { randomness } from '../clock-and-randomness.ts'
import { call } from '../inbound/http/call.ts'
import { type As, RunningGateway } from '../running-gateway.ts'

const DENIALS = 20
const ATTEMPTS = 10_000

let running: RunningGateway
let officer: As
let shop: As

beforeAll(async () => {
  running = await RunningGateway.start({ BAUTA_DENIALS_PER_DAY: String(DENIALS) })
  await running.client({ id: 'shop', roles: ['frontend'] })
  const [person] = await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'p',
      identifiers: [{ kind: 'userId', value: 'u-17' }],
      traits: {},
    },
  ])
  if (!person) throw new Error('nobody was taken in')
  shop = { token: await running.tokenFor('shop', person), purpose: 'PERSONALIZATION' }
  const token = await running.client({ id: 'officer', roles: ['compliance'] })
  officer = { token, purpose: 'SUBJECT_RIGHTS' }
})
afterAll(async () => {
  connections.destroy()
  await running.stop()
})
afterEach(async () => {
  jest.restoreAllMocks()
  await running.gateway.reserve.look()
})

const entriesOf = async (work: () => Promise<unknown>) => await running.entriesOf(work)

const connections = new Agent({ keepAlive: true })

/** Asks with a credential; the status of the answer. `fetch` would take three times as long. */
async function knock(authorization: string | undefined): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(authorization && { authorization }) }
  return await new Promise((resolve, reject) => {
    request(
      `${running.origin}/graphql`,
      { method: 'POST', headers, agent: connections },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      },
    )
      .on('error', reject)
      .end('{"query":"{ viewer { client } }"}')
  })
}

describe('the trail does not grow', () => {
  test('by 10,000 bad tokens, which are counted by what was wrong with them', async () => {
    const { key: gone } = await running.gateway.clients.create({
      id: 'gone',
      name: 'Gone',
      roles: ['analyst'],
    })
    await running.gateway.clients.revoke('gone')
    const forged = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`
    const cheap = [undefined, 'Bearer nonsense', `Bearer ${forged}`]
    const lookedUp = [`Bearer ${newApiKey(randomness)}`, `Bearer ${gone}`]
    // One in ten costs the database a look.
    const credentialOf = (n: number) =>
      n % 10 === 0 ? lookedUp[(n / 10) % 2] : cheap[Math.floor(n / 10) % 3]
    const before = new Map(running.gateway.counters.totals())
    const statuses = new Set<number>()
    const entries = await entriesOf(async () => {
      let sent = 0
      const sender = async () => {
        while (sent < ATTEMPTS) statuses.add(await knock(credentialOf(sent++)))
      }
      await Promise.all(Array.from({ length: 32 }, sender))
    })
    expect(entries).toEqual([])
    expect([...statuses]).toEqual([401])
    const since = new Map(
      [...running.gateway.counters.totals()].map(([event, total]) => [
        event,
        total - (before.get(event) ?? 0),
      ]),
    )
    const kinds = ['no-credential', 'bad-token', 'retired-token'] as const
    expect(kinds.map((kind) => since.get(kind))).toEqual([3_006, 6_494, 500])
  })

  test('by strangers at the token endpoint or under a foreign name', async () => {
    const entries = await entriesOf(async () => {
      for (const client of [{ client_id: 'officer', client_secret: 'x' }, {}])
        await fetch(`${running.origin}/oauth/token`, {
          method: 'POST',
          body: new URLSearchParams({ grant_type: 'client_credentials', ...client }),
        })
      await call(running.server, '/graphql', { headers: { host: 'evil.example' } })
      await call(running.server, '/audit/witness', {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: 'no note',
      })
    })
    expect(entries).toEqual([])
    const totals = running.gateway.counters.totals()
    expect([totals.get('foreign-host'), totals.get('bad-witness')]).toEqual([1, 1])
  })

  test('and what was counted can be read by compliance, with samples that name nobody', async () => {
    const answer = await running.ask(
      officer,
      '{ securityCounts(first: 1000) { event count samples { at requestId client } } }',
    )
    const sums = new Map<string, number>()
    // biome-ignore lint/suspicious/noExplicitAny: the answer's shape is in the query
    for (const { event, count, samples } of answer.data.securityCounts as any[]) {
      sums.set(event, (sums.get(event) ?? 0) + count)
      expect(samples.length).toBeLessThanOrEqual(5)
      for (const { requestId } of samples) expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    }
    for (const [event, total] of running.gateway.counters.totals())
      expect([event, sums.get(event) ?? 0]).toEqual([event, total])
    expect(answer.body).toContain('"client":"officer"')
    expect(answer.body).toContain('"client":"gone"')
    expect(answer.body).not.toContain('nonsense')
    const metrics = await (await fetch(`${running.origin}/metrics`)).text()
    expect(metrics).toMatch(/bauta_security_events_total\{event="bad-token"\} 6494\n/)
    const refused = await running.ask(shop, '{ securityCounts { count } }')
    expect(refused.codes).toEqual(['FORBIDDEN'])
  })

  test('by denials of one client beyond its budget of the day, and what it may do it still may', async () => {
    const token = await running.client({ id: 'stubborn', roles: ['analyst'] })
    const stubborn = { token, purpose: 'ANALYTICS' }
    const codes: string[][] = []
    const entries = await entriesOf(async () => {
      for (let n = 0; n < DENIALS + 10; n++)
        codes.push([...(await running.ask(stubborn, '{ auditTrail { edges { cursor } } }')).codes])
    })
    expect(codes.slice(0, DENIALS).flat()).toEqual(Array(DENIALS).fill('FORBIDDEN'))
    expect(codes.slice(DENIALS).flat()).toEqual(Array(10).fill('RATE_LIMITED'))
    expect(entries).toHaveLength(DENIALS + 1)
    expect(entries.at(-1)).toMatchObject({
      actor: { clientId: 'stubborn' },
      action: { action: 'denials.use-up', perDay: DENIALS },
    })
    const limited = await running.post(stubborn, '{"query":"{ auditTrail { edges { cursor } } }"}')
    expect([limited.status, limited.data]).toEqual([429, undefined])
    expect((await running.ask(stubborn, '{ viewer { client } }')).data.viewer.client).toBe(
      'stubborn',
    )
    expect(running.gateway.counters.totals().get('denied-beyond-budget')).toBe(11)
  })
})

describe('when only the reserve of the disk is left', () => {
  const MEGABYTE = 1024 * 1024
  const left = async (megabytes: number) => {
    jest.spyOn(running.gateway.stores.space, 'free').mockResolvedValue(megabytes * MEGABYTE)
    await running.gateway.reserve.look()
  }
  const ready = async () => await (await fetch(`${running.origin}/health/ready`)).json()

  test('a warning comes well before, and the gateway stays ready', async () => {
    await left(900)
    expect(await ready()).toMatchObject({ status: 'ready', warnings: ['storage low'] })
    expect((await running.ask(officer, '{ viewer { client } }')).status).toBe(200)
    await left(2_000)
    expect(await ready()).toMatchObject({ status: 'ready', warnings: [] })
  })

  test('reads, events and imports are refused before anything is done', async () => {
    const visitorKey = await running.client({ id: 'shop2', roles: ['frontend'] })
    await left(100)
    const { ingest } = running.gateway
    const entries = await entriesOf(async () => {
      for (const query of [
        '{ viewer { client } }',
        'mutation { track(event: { messageId: "m", event: "Seen" }) { accepted } }',
        'mutation { withdrawConsent(purpose: "MARKETING") { accepted } track(event: { messageId: "m", event: "Seen" }) { accepted } }',
      ]) {
        const answer = await running.ask(shop, query)
        expect([answer.status, answer.codes, answer.data]).toEqual([
          503,
          ['AUDIT_UNAVAILABLE'],
          undefined,
        ])
      }
      const greeting = await fetch(`${running.origin}/v1/visitor`, {
        method: 'POST',
        headers: { authorization: `Bearer ${visitorKey}` },
      })
      expect(greeting.status).toBe(503)
      const batch = { source: 'crm', kind: 'customers', fingerprint: 'late' } as const
      await expect(ingest.openBatch(batch)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    })
    expect(entries).toEqual([])
    expect(await ready()).toMatchObject({
      status: 'ready',
      warnings: ['storage reserved', 'answers refused'],
    })
    expect(await (await fetch(`${running.origin}/metrics`)).text()).toContain(
      'bauta_storage_reserved 1',
    )
  })

  test('withdrawals, revocations and the sign-ins that they need go on', async () => {
    await running.client({ id: 'leaked', roles: ['analyst'] })
    await left(100)
    const answer = await running.ask(
      shop,
      'mutation { withdrawConsent(purpose: "ANALYTICS") { accepted } }',
    )
    expect(answer.data).toEqual({ withdrawConsent: { accepted: true } })
    await running.gateway.clients.revoke('leaked')
    expect((await running.gateway.stores.clients.find('leaked'))?.disabledAt).not.toBeNull()
  })
})
