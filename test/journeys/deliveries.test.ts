import { Command } from 'commander'
import { Webhook } from 'standardwebhooks'
import type { OutboxMessage } from '../../src/domain/delivery/outbox.ts'
import { sealMessage } from '../../src/domain/delivery/seal-message.ts'
import { registerDeliveries } from '../../src/inbound/cli/deliveries.ts'
import { uuidV7 } from '../../src/kernel/ids.ts'
import { Receiver } from '../receiver.ts'
import { StaffedGateway } from '../staffed-gateway.ts'

describe('messages to partners', () => {
  const receiver = new Receiver()
  let staffed: StaffedGateway
  let url: string
  let secret: string

  beforeAll(async () => {
    url = await receiver.open()
    staffed = await StaffedGateway.open()
    secret = await registered()
  })
  beforeEach(() => {
    receiver.taken.length = 0
    receiver.status = 204
  })
  afterAll(async () => {
    receiver.close()
    await staffed.stop()
  })

  const needs = {
    purpose: 'PERSONALIZATION',
    recipient: null,
    categories: ['user.behavior.activity'],
  }
  const gateway = () => staffed.running.gateway
  const ask = async (role: string, query: string, variables = {}) =>
    await staffed.running.ask(staffed.as(role), query, variables)

  async function registered(kinds = ['subject.rectified', 'subject.erased']): Promise<string> {
    const { data } = await ask(
      'admin',
      `mutation ($endpoint: EndpointInput!) {
        registerEndpoint(endpoint: $endpoint) { secret endpoint { client url kinds } } }`,
      { endpoint: { client: 'partner', url, kinds } },
    )
    expect(data.registerEndpoint.endpoint).toEqual({ client: 'partner', url, kinds })
    return data.registerEndpoint.secret
  }

  async function put(more: Partial<OutboxMessage> = {}): Promise<string> {
    const { stores, clock, randomness } = gateway()
    const id = uuidV7(clock.now(), randomness)
    const sealed = sealMessage(
      {
        id,
        kind: 'subject.rectified',
        to: { audience: 'partner' },
        data: { id: staffed.pseudonym('partner') },
        subject: staffed.person,
        needs: null,
        fields: [{ path: 'id', treatment: 'PSEUDONYM' }],
        at: clock.now(),
        ...more,
      },
      stores.keys,
      randomness,
    )
    if (!sealed) throw new Error('the person has no key')
    await stores.outbox.put([sealed])
    return id
  }

  const run = async () => await gateway().delivery.deliver.run()
  const makeDue = async () =>
    await gateway().stores.opened.database.query('UPDATE delivery SET next_at = created_at')
  const stateOf = async (id: string) => (await gateway().stores.deliveryQueue.find(id))[0]

  test('arrive signed as Standard Webhooks asks, and stand on the trail', async () => {
    const id = await put()
    const entries = await staffed.running.entriesOf(run)
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.taken
    const told = new Webhook(secret).verify(body, headers as Record<string, string>)
    expect(told).toMatchObject({
      type: 'subject.rectified',
      data: { id: staffed.pseudonym('partner') },
    })
    expect(headers['webhook-id']).toBe(id)
    expect(entries).toMatchObject([
      {
        requestId: id,
        audience: 'partner',
        sets: [{ fields: [{ path: 'id', treatment: 'PSEUDONYM' }] }],
        subjects: [{ ref: gateway().stores.keys.auditRefOf(staffed.person) }],
        action: {
          action: 'delivery.send',
          kind: 'subject.rectified',
          client: 'partner',
          attempt: 1,
        },
      },
    ])
    expect(await stateOf(id)).toMatchObject({ state: 'delivered', attempts: 1 })
  })

  test('are signed by both secrets while they are exchanged, and only the new one later', async () => {
    const { data } = await ask(
      'admin',
      'mutation { rotateEndpointSecret(client: "partner") { secret } }',
    )
    const newer: string = data.rotateEndpointSecret.secret
    expect(newer).toMatch(/^whsec_/)
    await put()
    await run()
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.taken
    for (const one of [secret, newer])
      new Webhook(one).verify(body, headers as Record<string, string>)
    await gateway().stores.opened.database.query(
      `UPDATE delivery_endpoint SET previous_until = now() - interval '1 second'`,
    )
    receiver.taken.length = 0
    await put()
    await run()
    const later = receiver.taken[0] ?? { headers: {}, body: '' }
    new Webhook(newer).verify(later.body, later.headers as Record<string, string>)
    expect(() =>
      new Webhook(secret).verify(later.body, later.headers as Record<string, string>),
    ).toThrow()
    secret = newer
  })

  test('that were not taken come again under the same id, until they are', async () => {
    const id = await put()
    receiver.status = 500
    await run()
    expect(await stateOf(id)).toMatchObject({ state: 'waiting', reason: 'http_500', attempts: 1 })
    await run()
    expect(receiver.taken).toHaveLength(1)
    await makeDue()
    receiver.status = 204
    await run()
    expect(receiver.taken.map(({ headers }) => headers['webhook-id'])).toEqual([id, id])
    expect(await stateOf(id)).toMatchObject({ state: 'delivered', reason: null, attempts: 2 })
  })

  test('that need a consent are sent while it stands, and not any more once it was withdrawn', async () => {
    const before = await put({ needs })
    await run()
    expect(await stateOf(before)).toMatchObject({ state: 'delivered' })
    const waiting = await put({ needs })
    const withdrawn = await staffed.running.ask(
      staffed.shop,
      'mutation { withdrawConsent(purpose: "PERSONALIZATION") { accepted } }',
    )
    expect(withdrawn.data.withdrawConsent.accepted).toBe(true)
    const legal = await put()
    receiver.taken.length = 0
    expect(await staffed.running.entriesOf(run)).toHaveLength(1)
    expect(await stateOf(waiting)).toMatchObject({ state: 'dropped', reason: 'consent' })
    expect(receiver.taken.map(({ headers }) => headers['webhook-id'])).toEqual([legal])
  })

  test('whose consent can not be decided are not sent', async () => {
    for (const change of [{ purpose: 'NO_SUCH_PURPOSE' }, { categories: [] }]) {
      const id = await put({ needs: { ...needs, ...change } })
      await run()
      expect(await stateOf(id)).toMatchObject({ state: 'dropped', reason: 'consent' })
    }
    expect(receiver.taken).toEqual([])
  })

  test('are not sent where the trail can not be written, and wait', async () => {
    const id = await put()
    const { auditLog } = gateway().stores
    const append = auditLog.append.bind(auditLog)
    auditLog.append = async () => await Promise.reject(new Error('disk full'))
    try {
      await expect(run()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    } finally {
      auditLog.append = append
    }
    expect(receiver.taken).toEqual([])
    expect(await stateOf(id)).toMatchObject({ state: 'waiting' })
    await makeDue()
    await run()
    expect(await stateOf(id)).toMatchObject({ state: 'delivered' })
  })

  test('end where a receiver says that it is gone; they are replayed when it is back', async () => {
    receiver.status = 410
    const id = await put()
    await run()
    const { data } = await ask('admin', '{ endpoints { client disabledAt } }')
    expect(data.endpoints).toMatchObject([{ client: 'partner', disabledAt: expect.any(String) }])
    const nobody = await put()
    const dead = await ask('admin', '{ deliveries(state: "dead") { id client reason nextAt } }')
    expect(dead.data.deliveries).toEqual(
      expect.arrayContaining([
        { id, client: 'partner', reason: 'http_410', nextAt: null },
        { id: nobody, client: null, reason: 'no_endpoint', nextAt: null },
      ]),
    )
    const metrics = await (await fetch(`${staffed.running.origin}/metrics`)).text()
    expect(metrics).toContain('bauta_deliveries_dead')
    receiver.status = 204
    secret = await registered()
    for (const one of [id, nobody]) {
      const replayed = await ask('admin', 'mutation ($id: String!) { replayDelivery(id: $id) }', {
        id: one,
      })
      expect(replayed.data.replayDelivery).toBe(1)
    }
    await run()
    expect(
      receiver.taken
        .map(({ headers }) => headers['webhook-id'])
        .slice(-2)
        .sort(),
    ).toEqual([id, nobody].sort())
  })

  test('are nobody’s business but the administrators’', async () => {
    const documents = [
      '{ endpoints { url } }',
      '{ deliveries { id } }',
      `mutation { replayDelivery(id: "${await put()}") }`,
      'mutation { removeEndpoint(client: "partner") }',
      'mutation { rotateEndpointSecret(client: "partner") { secret } }',
      `mutation { registerEndpoint(endpoint: { client: "partner", url: "${url}", kinds: ["subject.erased"] }) { secret } }`,
    ]
    for (const [role, as] of staffed.everybody)
      for (const document of documents)
        if (role !== 'admin')
          expect([role, (await staffed.running.ask(as, document)).codes]).toEqual([
            role,
            ['FORBIDDEN'],
          ])
  })

  test.each([
    ['an unknown client', { client: 'nobody' }, 'NOT_FOUND'],
    ['an unknown kind', { kinds: ['profile.everything'] }, 'BAD_USER_INPUT'],
    ['no kind', { kinds: [] }, 'BAD_USER_INPUT'],
    ['an address of the own network', { url: 'https://10.0.0.1/' }, 'BAD_USER_INPUT'],
    ['plain http', { url: 'http://example.com/' }, 'BAD_USER_INPUT'],
    ['addresses of people, for a partner', { kinds: ['request.verify'] }, 'BAD_USER_INPUT'],
  ])('are refused to %s', async (_what, change, code) => {
    const endpoint = { client: 'partner', url, kinds: ['subject.erased'], ...change }
    const { codes } = await ask(
      'admin',
      'mutation ($endpoint: EndpointInput!) { registerEndpoint(endpoint: $endpoint) { secret } }',
      { endpoint },
    )
    expect(codes).toEqual([code])
  })

  test('leave nothing of their content in log, table or list', async () => {
    await put({ data: { note: 'canary-in-a-message' } })
    const rows = await gateway().stores.opened.database.query(
      `SELECT encode(sealed, 'escape') AS sealed, delivery::text AS row FROM delivery`,
    )
    expect(JSON.stringify(rows)).not.toContain('canary-in-a-message')
    await run()
    expect(staffed.running.lines.join('')).not.toContain('canary-in-a-message')
    expect(receiver.taken.at(-1)?.body).toContain('canary-in-a-message')
  })

  test('are seen and sent again from the command line', async () => {
    const bauta = async (...words: string[]) => {
      let printed = ''
      const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
      const open = async () => ({ delivery: gateway().delivery, close: async () => {} })
      registerDeliveries(program, open, (text) => {
        printed += text
      })
      await program.parseAsync(['deliveries', ...words], { from: 'user' })
      return printed
    }
    expect(await bauta('endpoints', 'remove', 'partner')).toContain('nothing any more')
    const id = await put()
    expect(await bauta('show', id)).toContain('no_endpoint')
    await expect(bauta('replay', id)).rejects.toMatchObject({ code: 'CONFLICT' })
    const shown = await bauta(
      'endpoints',
      'register',
      'partner',
      '--url',
      url,
      '--kind',
      'subject.rectified',
    )
    expect(shown).toMatch(/whsec_[\w+/=]+/)
    expect(await bauta('endpoints', 'list')).not.toContain('whsec_')
    const entries = await staffed.running.entriesOf(async () => await bauta('replay', id))
    expect(entries).toMatchObject([{ action: { action: 'delivery.replay', message: id } }])
    await run()
    expect(await bauta('list', '--state', 'delivered')).toContain(id)
    await expect(bauta('show', 'nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
