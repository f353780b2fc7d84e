import { Erasure, type ErasureParts } from '../../src/gateway/govern/erasure.ts'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { CANARY, die, dyingAt, placesOf, rowsOf, tablesHolding } from '../erased-people.ts'
import { comparable, given } from '../running-gateway.ts'
import { StaffedGateway } from '../staffed-gateway.ts'

let house: StaffedGateway
let partner: string

const database = () => house.running.gateway.stores.opened.database
const count = async (table: string) =>
  (await database().query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n ?? 0

async function somebody(name: string, items?: string[]): Promise<SubjectId> {
  const [subject = ''] = await house.running.take('crm', rowsOf(name, items))
  return subject
}

async function accept(inputs: readonly unknown[]) {
  return await house.running.gateway.ingest.acceptLive('crm', inputs, { verified: true })
}

/** An engine over the same stores, one part of which stops the process at some point. */
function engine(parts: Partial<ErasureParts> = {}): Erasure {
  const { stores, audiences, recorder, clock, randomness } = house.running.gateway
  const { erasures: store, keys } = stores
  return new Erasure({ store, keys, audiences, recorder, clock, randomness, ...parts })
}

const scopeOf = (subject: SubjectId) =>
  ({
    principal: { subject, client: { id: 'shop' }, roles: ['frontend'], tokenId: 't' },
    grant: { scopes: new Set(['rights:write']), actsForSubject: true, audience: 'shop' },
    requestId: house.running.gateway.reception.newRequestId(),
    noteAction: () => {},
  }) as never

const modelText = async () =>
  JSON.stringify(
    await database().query(
      `SELECT input, item_id, neighbours FROM recommender_neighbours
       WHERE model_id = (SELECT max(id) FROM recommender_model) ORDER BY input, item_id`,
    ),
  )

beforeAll(async () => {
  house = await StaffedGateway.open()
  partner = house.as('partner').token
})
afterAll(async () => await house.stop(), 120_000)

test('who erases themselves is found by nobody, in no table, and their token is worth nothing', async () => {
  const { running } = house
  const subject = await somebody('alice')
  await accept([
    { type: 'profile', recordKey: '', identifiers: rowsOf('alice')[0]?.identifiers, traits: {} },
  ])
  expect(await count('quarantine')).toBe(1)
  const as = { token: await running.tokenFor('shop', subject), purpose: 'PERSONALIZATION' }
  const id = running.pseudonym('partner', subject)
  const asked = `{ profile(id: "${id}") { id account { plan } } }`
  const told = await running.ask({ token: partner, purpose: 'PARTNER_SHARING' }, asked)
  expect(told.data.profile.id).toBe(id)
  const vic = () =>
    running.ask(
      house.as('support'),
      `{ profile(id: "${house.pseudonym('support')}") { id account { plan company } } }`,
    )
  const before = comparable(await vic())
  expect(await tablesHolding(database(), 'alice-x')).toEqual(['event', 'read_model', 'tally'])

  const { data } = await running.ask(as, 'mutation { eraseProfile { id begunAt stoppedAt } }')
  expect(data.eraseProfile.stoppedAt).not.toBeNull()

  // What is left tells subscribers to read again, for a day.
  expect(await placesOf(database(), subject)).toEqual(['change.subject_id'])
  expect(await tablesHolding(database(), 'alice')).toEqual([])
  expect(await count('quarantine')).toBe(0)
  expect(running.gateway.stores.keys.dataKeyOf(subject)).toBeNull()
  expect(running.gateway.stores.keys.auditRefOf(subject)).toBeNull()
  expect((await running.ask(as, '{ me { id } }')).codes).toEqual(['UNAUTHENTICATED'])
  const gone = await running.ask({ token: partner, purpose: 'PARTNER_SHARING' }, asked)
  expect(gone.data.profile).toBeNull()
  expect(comparable(await vic())).toBe(before)
  const notices = await database().query(
    "SELECT audience, subject_id FROM delivery WHERE kind = 'subject.erased'",
  )
  expect(notices).toEqual([{ audience: 'partner', subject_id: null }])
})

test('no source brings them back, with valid rows or broken ones, until staff lets them in again', async () => {
  const { running } = house
  const subject = await somebody('bob')
  await engine().erase(scopeOf(subject), subject)
  const subjects = await count('subject')
  const rows = rowsOf('bob')
  const { counts } = await accept(rows)
  expect(counts).toEqual({
    received: rows.length,
    accepted: 0,
    quarantined: 0,
    duplicates: 0,
    suppressed: rows.length,
  })
  const broken = { type: 'profile', recordKey: '', identifiers: rows[0]?.identifiers, traits: {} }
  expect((await accept([broken])).counts).toMatchObject({ quarantined: 0, suppressed: 1 })
  const browser = await running.gateway.ingest.acceptLive('web', rows, { verified: false })
  expect(browser.counts).toMatchObject({ accepted: 0, suppressed: rows.length })
  expect(await count('subject')).toBe(subjects)

  const lift = `mutation { liftSuppression(identifiers: [{ kind: EMAIL, value: "${CANARY}.bob@example.com" }]) }`
  expect((await running.ask(house.as('admin'), lift)).codes).toEqual(['FORBIDDEN'])
  const { data } = await running.ask(house.as('compliance'), lift)
  expect(data.liftSuppression).toBeGreaterThanOrEqual(2)
  expect((await accept(rows)).counts).toMatchObject({ accepted: rows.length, suppressed: 0 })
})

test('a device of somebody erased may be used by somebody else, who keeps their rows', async () => {
  const shared = { deviceId: `${CANARY}-tablet` }
  const [subject = ''] = await house.running.take('crm', [
    {
      ...rowsOf('carol')[0],
      identifiers: given({ userId: `${CANARY}-carol`, ...shared }),
    } as never,
  ])
  await engine().erase(scopeOf(subject), subject)
  const row = (messageId: string, more: Record<string, string>) => ({
    type: 'event',
    messageId,
    identifiers: given({ ...more, ...shared }),
    name: 'Page Viewed',
    properties: {},
  })
  const { counts } = await accept([row('d-1', { userId: `${CANARY}-dora` }), row('d-2', {})])
  expect(counts).toMatchObject({ accepted: 1, suppressed: 1 })
})

test('an erasure that is stopped between any two steps is finished later', async () => {
  const { stores, recorder } = house.running.gateway
  const { erasures: store, keys } = stores
  const deaths: readonly Partial<ErasureParts>[] = [
    { keys: dyingAt(keys, 'destroy') },
    { store: dyingAt(store, 'advance') },
    { store: dyingAt(store, 'unlist') },
    {
      recorder: {
        recordAction: async (action, context) =>
          action.action === 'erasure.stop'
            ? await die()
            : await recorder.recordAction(action, context),
      },
    },
    { store: dyingAt(store, 'find') },
  ]
  for (const [index, parts] of deaths.entries()) {
    const subject = await somebody(`eve${index}`)
    await expect(engine(parts).erase(scopeOf(subject), subject)).rejects.toThrow('killed')
    // Of the last only the answer was missing.
    expect(await engine().resume()).toBe(index === deaths.length - 1 ? 0 : 1)
    expect(await engine().resume()).toBe(0)
    expect(await placesOf(database(), subject)).toEqual(['change.subject_id'])
    expect(keys.dataKeyOf(subject)).toBeNull()
    const [last] = await store.list(1)
    expect(last).toMatchObject({ state: 'stopped', subjects: [], refs: [], lookUps: [] })
  }
})

test('the next model is the one that would have been fitted without them', async () => {
  const { fit, stores } = house.running.gateway
  for (const name of ['fred', 'gerd', 'hans']) await somebody(name, ['p', 'q'])
  for (const name of ['ivan', 'jana']) await somebody(name, ['r', 's'])
  await fit.run()
  const without = await modelText()
  expect(without).toContain('"p"')
  const subject = await somebody('gina', ['r', 's'])
  await fit.run()
  const together = await modelText()
  expect(together).not.toBe(without)
  await engine().erase(scopeOf(subject), subject)
  expect(await modelText()).toBe(together)
  expect(await fit.runIfDue()).not.toBeNull()
  expect(await modelText()).toBe(without)
  expect((await stores.erasures.list(1))[0]?.refittedAt).not.toBeNull()
})

test('a person erases nobody else, and roles without the scope erase nobody', async () => {
  const erase = `mutation { eraseProfile(profile: "${house.pseudonym('support')}") { id } }`
  for (const [, as] of house.everybody)
    expect((await house.running.ask(as, erase)).codes.length).toBe(1)
  expect(house.running.gateway.stores.keys.dataKeyOf(house.person)).not.toBeNull()
})

test('while processing is restricted nobody is in a segment, and a new rule does not find them', async () => {
  const { running } = house
  const { segments } = running.gateway.stores
  const subject = await somebody('ines')
  const now = Date.now()
  const define = (key: string) =>
    segments.define(
      {
        key,
        name: key,
        description: '',
        rule: { field: 'plan', is: '=', value: 'pro' },
        categories: ['user.account.plan'],
        createdAt: now,
        updatedAt: now,
      },
      now,
    )
  const demand = async (name: string) => {
    const whose = running.pseudonym('compliance', subject)
    const { codes } = await running.ask(
      house.as('compliance'),
      `mutation { ${name}(profile: "${whose}") { accepted } }`,
    )
    expect(codes).toEqual([])
  }
  const memberships = async () => {
    const rows = await database().query<{ keys: string[] }>(
      'SELECT segment_keys AS keys FROM read_model WHERE subject_id = $1',
      [subject],
    )
    return rows[0]?.keys
  }
  await define('before')
  expect(await memberships()).toEqual(['before'])
  await demand('restrictProcessing')
  expect(await memberships()).toEqual([])
  await define('during')
  expect(await memberships()).toEqual([])
  await demand('liftRestriction')
  expect(await memberships()).toEqual(['before', 'during'])
})
