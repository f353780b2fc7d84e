import { RunningGateway } from '../running-gateway.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const DENIALS = 5

let running: RunningGateway
let key: string

beforeAll(async () => {
  running = await RunningGateway.start({ BAUTA_DENIALS_PER_DAY: String(DENIALS) })
  await running.client({ id: 'shop', roles: ['frontend'] })
  const identifiers = [{ kind: 'email' as const, value: 'vic@example.com' }]
  await running.take('crm', [{ type: 'profile', recordKey: 'vic', identifiers, traits: {} }])
})
afterAll(async () => await running.stop())

async function ask(value: string) {
  const answer = await fetch(`${running.origin}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: new URLSearchParams({
      grant_type: EXCHANGE,
      audience: 'shop',
      subject_token: value,
      subject_token_type: 'urn:bauta:identifier:email',
    }),
  })
  const { error, code } = (await answer.json()) as { error?: string; code?: string }
  return [answer.status, error ?? code]
}
const known = () => ask('vic@example.com')
const absent = () => ask('nobody@example.com')

test('a client with a budget of look-ups asks for nobody beyond it, by exchange as little as by query', async () => {
  key = await running.client({ id: 'counted', roles: ['ingest'], lookupsPerDay: 2 })
  expect(await known()).toEqual([200, undefined])
  expect(await absent()).toEqual([400, 'invalid_request'])
  const entries = await running.entriesOf(async () => {
    expect(await known()).toEqual([429, 'BUDGET_EXHAUSTED'])
    expect(await absent()).toEqual([429, 'BUDGET_EXHAUSTED'])
  })
  const refusal = { outcome: 'deny', code: 'BUDGET_EXHAUSTED', actor: { clientId: 'counted' } }
  expect(entries).toMatchObject([refusal, refusal])
})

test('a client that was refused too often is told of nobody, known or not', async () => {
  key = await running.client({ id: 'guesser', roles: ['ingest'] })
  for (let time = 0; time < DENIALS; time++) {
    expect(await known()).toEqual([200, undefined])
    expect(await absent()).toEqual([400, 'invalid_request'])
  }
  const entries = await running.entriesOf(async () => {
    for (let time = 0; time < 3; time++) {
      expect(await known()).toEqual([429, 'RATE_LIMITED'])
      expect(await absent()).toEqual([429, 'RATE_LIMITED'])
    }
  })
  expect(entries).toMatchObject([{ action: { action: 'denials.use-up' } }])
})
