import { readFileSync } from 'node:fs'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { pagesDir } from '../../src/config.ts'
import type { AuditEntry } from '../../src/domain/audit/entry.ts'
import { developmentPages } from '../../src/inbound/http/development-pages.ts'
import { unaudited } from '../../src/inbound/http/unaudited.ts'
import { buildGatewayServer } from '../../src/serve.ts'
import { call } from '../inbound/http/call.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'
import { situations } from '../situations.ts'
import { type Met, SmallWorld } from '../small-world.ts'

let running: RunningGateway
let world: SmallWorld
let met: Met
let officer: As
let beginning: readonly AuditEntry[]

beforeAll(async () => {
  running = await RunningGateway.start()
  beginning = await running.entries(100)
  world = await SmallWorld.over(running)
  const situation = situations.find(({ name }) => name === 'all given')
  if (!situation) throw new Error('no situation')
  met = await world.meet(situation)
  officer = {
    token: await running.client({ id: 'officer', roles: ['compliance'] }),
    purpose: 'SUBJECT_RIGHTS',
  }
})
afterAll(async () => await running.stop())

const entriesOf = async (work: () => Promise<unknown>) => await running.entriesOf(work)
const actionsOf = (entries: readonly AuditEntry[]) => entries.map(({ action }) => action?.action)

const tokenForm = async (form: Record<string, string>, headers: Record<string, string> = {}) =>
  await fetch(`${running.origin}/oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  })

describe('on the trail stands', () => {
  test('how an installation begins: its keys, its schema, its policy', () => {
    const actions = actionsOf(beginning.toReversed())
    expect(actions.filter((action) => action !== 'schema.migrate')).toEqual([
      'keys.make',
      'policy.change',
    ])
    expect(beginning[0]?.action).toEqual({
      action: 'policy.change',
      before: null,
      now: running.policy.version,
    })
  })

  test('who is let in, looked at, given a new key, and shut out', async () => {
    const { clients } = running.gateway
    const draft = { id: 'passing', name: 'Passing', roles: ['analyst'] }
    const entries = await entriesOf(async () => {
      await clients.create(draft)
      await clients.list()
      await clients.rotate('passing')
      await clients.revoke('passing')
    })
    expect(actionsOf(entries)).toEqual([
      'client.create',
      'client.list',
      'client.rotate',
      'client.revoke',
    ])
    expect(entries.every(({ actor }) => actor.clientId === 'operator')).toBe(true)
  })

  test('segments and items, before they hold, under the request that changed them', async () => {
    const author = {
      token: await running.client({ id: 'author', roles: ['marketer'] }),
      purpose: 'MARKETING',
    }
    const change = `mutation {
      defineSegment(segment: { key: "known", name: "Known", rule: { field: "plan", is: "known" } }) { key }
      upsertItem(item: { id: "tea", title: "Tea", available: true }) { id }
    }`
    const entries = await entriesOf(async () => {
      expect((await running.ask(author, change)).codes).toEqual([])
    })
    expect(actionsOf(entries)).toEqual(['segment.define', 'item.save', undefined])
    expect(new Set(entries.map(({ requestId }) => requestId)).size).toBe(1)
    expect(new Set(entries.map(({ actor }) => actor.clientId))).toEqual(new Set(['author']))
  })

  test('every sign-in of a client that is known, granted or not', async () => {
    const { clients } = running.gateway
    const { secret } = await clients.create(
      { id: 'feeder', name: 'Feeder', roles: ['ingest'], writeKey: 'server' },
      { withSecret: true },
    )
    await running.client({ id: 'web', roles: ['frontend'] })
    await running.tell('crm', met.person, [
      { type: 'profile', recordKey: 'user', identifiers: given({ userId: 'u-17' }), traits: {} },
    ])
    const basic = `Basic ${Buffer.from(`feeder:${secret}`).toString('base64')}`
    const exchange = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'web',
      subject_token_type: 'urn:bauta:identifier:userId',
      subject_token: 'u-17',
    }
    const entries = await entriesOf(async () => {
      await tokenForm({ grant_type: 'client_credentials' }, { authorization: basic })
      await tokenForm(exchange, { authorization: basic })
      await tokenForm({ ...exchange, audience: 'nobody' }, { authorization: basic })
    })
    expect(entries.map(({ outcome, action }) => [outcome, action?.action])).toEqual([
      ['permit', 'token.issue'],
      ['permit', 'token.issue'],
      ['deny', 'token.refuse'],
    ])
    const shop = {
      authorization: `Bearer ${await running.client({ id: 'web2', roles: ['frontend'] })}`,
    }
    const greetings = await entriesOf(async () => {
      await fetch(`${running.origin}/v1/visitor`, { method: 'POST', headers: shop })
      await fetch(`${running.origin}/v1/visitor`, {
        method: 'POST',
        headers: { authorization: `Bearer ${officer.token}` },
      })
    })
    expect(greetings.map(({ outcome, action }) => [outcome, action?.action])).toEqual([
      ['permit', 'visitor.greet'],
      ['deny', 'visitor.greet'],
    ])
  })

  test('what is brought in, and what is taken back with the keys of whoever is left out', async () => {
    const { ingest } = running.gateway
    const entries = await entriesOf(async () => {
      const batch = await ingest.openBatch({ source: 'crm', kind: 'customers', fingerprint: 'f' })
      const input = {
        type: 'profile',
        recordKey: 'k',
        identifiers: given({ email: 'somebody.else@example.com' }),
        traits: {},
      }
      await ingest.accept(batch, [{ rowNumber: 1, input }])
      await ingest.finish(batch)
      await ingest.undo(batch.id)
    })
    expect(actionsOf(entries)).toEqual([
      'import.open',
      'import.finish',
      'import.undo',
      'keys.destroy',
    ])
    expect(entries[1]?.action).toMatchObject({ received: 1, accepted: 1 })
    expect(entries[3]?.action).toMatchObject({ people: 1 })
  })

  test('a fit of the model, a withdrawal, and whoever reads the trail', async () => {
    const entries = await entriesOf(async () => {
      await running.gateway.fit.run()
      await running.client({ id: 'shop', roles: ['frontend'] })
      const shop = {
        token: await running.tokenFor('shop', met.person),
        purpose: 'PERSONALIZATION',
      }
      await running.ask(shop, 'mutation { withdrawConsent(purpose: "MARKETING") { accepted } }')
      await running.ask(officer, 'query Reading { auditTrail(first: 1) { edges { cursor } } }')
    })
    expect(entries.map(({ action, operation }) => action?.action ?? operation.name)).toEqual([
      'fit-recommender',
      'client.create',
      'token.issue',
      null,
      'Reading',
    ])
    expect(entries[3]?.action).toMatchObject({ consentWithdrawn: 'MARKETING' })
  })

  test('a refusal inside an answer, as a denial where nothing else was told', async () => {
    const desk = { token: world.key('partner'), purpose: 'PARTNER_SHARING' }
    const lookUp = 'profileBy(identifier: { kind: USER_ID, value: "u-17" }) { id }'
    const [alone] = await entriesOf(async () => await running.ask(desk, `{ ${lookUp} }`))
    expect(alone).toMatchObject({ outcome: 'deny', code: 'FORBIDDEN', subjects: [] })
    const [beside] = await entriesOf(
      async () => await running.ask(desk, `{ ${lookUp} viewer { client } }`),
    )
    expect(beside).toMatchObject({ outcome: 'permit', code: 'FORBIDDEN' })
  })
})

describe('the list of addresses that leave no entry', () => {
  const routes: RouteOptions[] = []
  let whole: FastifyInstance

  beforeAll(async () => {
    const desk = { principals: async () => ({}), idsOf: async () => ({}) }
    whole = await buildGatewayServer(running.gateway, {
      pages: (app) => {
        app.addHook('onRoute', (route) => void routes.push(route))
        developmentPages(pagesDir, desk)(app)
      },
    })
  })
  afterAll(async () => await whole.close())

  test('names every route of the whole server but those that say what their entry is', () => {
    const open = routes.filter(({ config }) => !config?.audited).map(({ url }) => url)
    const listed = unaudited.map(({ path }) => path)
    expect([...new Set(open)].sort()).toEqual(listed.sort())
    expect(routes.filter(({ config }) => config?.audited).length).toBeGreaterThan(3)
  })

  test('is published as it stands', () => {
    const page = readFileSync('docs/unaudited-endpoints.md', 'utf8')
    const [, addresses = ''] = page.split(/^## /m)
    const rows = [...addresses.matchAll(/^\| `(.+)` \| (.+) \|$/gm)]
    expect(rows.map(([, path, why]) => ({ path, why }))).toEqual(unaudited)
  })

  test('holds none that answers with anything of a person, to whomever asks for it', async () => {
    const canaries = [
      'Rossi',
      'maria',
      'u-17',
      met.person,
      running.pseudonym('officer', met.person),
    ]
    const asks = [
      {},
      { authorization: `Bearer ${officer.token}`, 'bauta-purpose': 'SUBJECT_RIGHTS' },
    ]
    for (const { path } of unaudited)
      for (const headers of asks) {
        const query = `?id=${running.pseudonym('officer', met.person)}&email=x`
        const { body } = await call(whole, path === '*' ? '/nothing' : `${path}${query}`, {
          headers,
        })
        for (const canary of canaries)
          expect([path, canary, body.includes(canary)]).toEqual([path, canary, false])
      }
  })
})
