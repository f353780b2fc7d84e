import { type As, given, RunningGateway } from '../running-gateway.ts'
import { everythingOf } from '../schema-walk.ts'
import { situations } from '../situations.ts'
import { itemInputs, type Met, SmallWorld, traitsOf } from '../small-world.ts'

let running: RunningGateway
let world: SmallWorld
let met: Met
let officer: As
let id: string

beforeAll(async () => {
  running = await RunningGateway.start()
  world = await SmallWorld.over(running)
  await running.take('shop', itemInputs())
  const [situation] = situations
  if (!situation) throw new Error('no situation')
  met = await world.meet(situation)
  officer = { token: world.key('compliance'), purpose: 'SUBJECT_RIGHTS' }
  id = running.pseudonym('compliance', met.person)
})
afterAll(async () => await running.stop())
afterEach(() => {
  jest.restoreAllMocks()
})

const NAME = '{ profile(id: "$") { id contact { name } } }'
const asked = () => NAME.replace('$', id)

describe('the trail', () => {
  test('holds one entry per response: who, for what, whom it concerns, each field and its treatment', async () => {
    const answer = await running.ask(officer, `query Named ${asked()}`)
    expect(answer.data.profile.contact.name).toBe('Maria Rossi')
    const [entry] = await running.entries()
    expect(entry).toMatchObject({
      requestId: answer.receipt,
      phase: 'decision',
      outcome: 'permit',
      audience: 'compliance',
      purpose: 'SUBJECT_RIGHTS',
      legalBasis: 'legal_obligation',
      operation: { name: 'Named' },
      actor: { clientId: 'compliance', roles: ['compliance'] },
    })
    expect(entry?.sets).toEqual([
      {
        fields: [
          { path: 'contact.name', treatment: 'CLEAR' },
          { path: 'id', treatment: 'PSEUDONYM' },
        ],
      },
    ])
    const ref = running.gateway.stores.keys.auditRefOf(met.person)
    expect(entry?.subjects).toEqual([{ ref, set: 0, consent: null }])
  })

  test('names the consent that a disclosure rests on', async () => {
    const partner = { token: world.key('partner'), purpose: 'PARTNER_SHARING' }
    const own = running.pseudonym('partner', met.person)
    await running.ask(partner, `{ profile(id: "${own}") { account { plan } contact { name } } }`)
    const [entry] = await running.entries()
    expect(entry?.subjects[0]?.consent).toEqual({
      recordId: expect.any(String),
      state: 'ConsentGiven',
      source: 'record',
    })
    expect(entry?.sets[0]?.fields).toContainEqual({ path: 'contact.name', treatment: 'WITHHELD' })
  })

  test.each([
    [
      'a scope that is missing',
      { purpose: 'SUBJECT_RIGHTS' },
      '{ auditTrail { edges { cursor } } }',
      'FORBIDDEN',
    ],
    ['a purpose that is missing', {}, '{ me { id } }', 'PURPOSE_REQUIRED'],
    ['a purpose of others', { purpose: 'MARKETING' }, '{ me { id } }', 'FORBIDDEN'],
  ])('records a denial for %s', async (_name, with_, query, code) => {
    const answer = await running.ask({ token: world.key('compliance'), ...with_ }, query)
    expect(answer.codes).toEqual([code])
    const [entry] = await running.entries()
    expect(entry).toMatchObject({ outcome: 'deny', code, subjects: [] })
  })

  test('has the same shape for a look-up that finds nobody as for one that may not be told', async () => {
    const refused = situations.find(({ name }) => name === 'refused')
    if (!refused) throw new Error('no situation')
    const hidden = await world.meet(refused)
    await running.tell('crm', hidden.person, [
      {
        type: 'profile',
        recordKey: 'h',
        identifiers: given({ 'partner:partner': 'their-id' }),
        traits: {},
      },
    ])
    const partner = { token: world.key('partner'), purpose: 'PARTNER_SHARING' }
    const query =
      'query ($value: String!) { profileBy(identifier: { kind: EXTERNAL_ID, value: $value }) { id } }'
    const hit = await running.ask(partner, query, { value: 'their-id' })
    const [ofHit] = await running.entries()
    const miss = await running.ask(partner, query, { value: 'else-id!' })
    const [ofMiss] = await running.entries()
    const shape = (entry: typeof ofHit) => ({
      ...entry,
      entryId: '',
      time: '',
      requestId: '',
      args: entry?.args?.map(({ path, hmacs, identifiers }) => [
        path,
        hmacs.length,
        identifiers?.length,
      ]),
    })
    expect(shape(ofMiss)).toEqual(shape(ofHit))
    expect(miss.body.length).toBe(hit.body.length)
    expect(hit.data).toEqual({ profileBy: null })
  })

  test('holds no value of a person, and neither do log, metrics and errors', async () => {
    await running.ask(officer, `{ profile(id: "${id}") { ${everythingOf('Profile')} } }`)
    await running.ask(officer, 'query ($id: ID!) { profile(id: $id) { nothing } }', {
      id: 'maria.rossi.2@example.com',
    })
    await running.ask(
      officer,
      '{ profileBy(identifier: { kind: EMAIL, value: "maria.rossi.2@" }) { id } }',
    )
    await running.ask(
      officer,
      'query ($i: IdentifierInput!) { profileBy(identifier: $i) { id } node(id: "Maria") { id } }',
      { i: { kind: 'PHONE', value: `+493023125${String(met.ordinal * 2).padStart(3, '0')}` } },
    )
    await running.ask(
      { token: world.key('ingest') },
      `mutation ($of: [IdentifierInput!], $more: JSON) { track(input: { messageId: "m-47119", event: "Rossi",
         identifiers: $of, properties: $more }) { accepted } }`,
      {
        of: [{ kind: 'EMAIL', value: 'maria.rossi.2@example.com' }],
        more: { itemId: 'item-471123', price: 47_112.25, quantity: 471_134, gift: true },
      },
    )
    const metrics = await (await fetch(`${running.origin}/metrics`)).text()
    const leaves = JSON.stringify(await running.entries(1_000))
    const values = Object.values(traitsOf(running.policy))
      .filter((value) => String(value).length > 3)
      .map(String)
    const canaries = [
      ...values,
      'Maria',
      'Rossi',
      'example.com',
      `user-${met.ordinal}-4711`,
      '493023125',
      met.person,
      met.visitor,
      '47119',
      'item-4711',
      '47112.25',
      '471134',
    ]
    const seen = { leaves, log: running.lines.join('\n'), metrics }
    for (const [where, text] of Object.entries(seen))
      for (const canary of canaries)
        expect([where, canary, text.includes(canary)]).toEqual([where, canary, false])
  })
})

describe('a failure behind the doors', () => {
  test.each([1, 2, 3])(
    'is refused in its own words the %ith time the document is sent, too',
    async () => {
      const timeline =
        '{ profile(id: "$") { timeline(first: 1, after: "nonsense") { pageInfo { endCursor } } } }'
      const answer = await running.ask(officer, timeline.replace('$', id))
      expect(answer.codes).toEqual(['BAD_USER_INPUT'])
    },
  )

  test('of the trail means 503 AUDIT_UNAVAILABLE and no data, and later requests are answered again', async () => {
    jest
      .spyOn(running.gateway.stores.auditLog, 'append')
      .mockRejectedValue(new Error('disk full of Maria Rossi'))
    const answer = await running.ask(officer, asked())
    expect([answer.status, answer.codes]).toEqual([503, ['AUDIT_UNAVAILABLE']])
    expect(answer.body).not.toContain('Rossi')
    jest.restoreAllMocks()
    expect((await running.ask(officer, asked())).data.profile.contact.name).toBe('Maria Rossi')
  })

  test.each([1, 2, 3])(
    'that nobody foresaw arrives without its message, and the log has none of it either (the %ith time the document is sent)',
    async () => {
      jest
        .spyOn(running.gateway.stores.profiles, 'load')
        .mockRejectedValue(new Error('row of maria.rossi@example.com'))
      const answer = await running.ask(officer, asked())
      expect(answer.codes).toEqual(['INTERNAL'])
      expect(answer.body).not.toContain('rossi')
      expect(running.lines.join('\n')).not.toContain('rossi')
      expect(running.lines.join('\n')).toContain('unforeseen')
    },
  )
})
