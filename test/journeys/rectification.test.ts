import { given } from '../running-gateway.ts'
import { StaffedGateway } from '../staffed-gateway.ts'

let house: StaffedGateway
beforeAll(async () => {
  house = await StaffedGateway.open()
})
afterAll(async () => await house.stop(), 120_000)

const NAME = `{ me { contact { name email } } }`

/** What the person sees of themselves. */
async function seen() {
  const { data } = await house.running.ask(await asVic('SUBJECT_RIGHTS'), NAME)
  return data.me.contact
}
const asVic = async (purpose: string) => ({
  token: await house.running.tokenFor('vic', house.person),
  purpose,
})
const rectify = async (trait: string, value: unknown) =>
  await house.running.ask(
    await asVic('SUBJECT_RIGHTS'),
    'mutation ($trait: String!, $value: JSON!) { rectify(trait: $trait, value: $value) { accepted } }',
    { trait, value },
  )
const importAgain = async (plan: string) =>
  await house.running.take('crm', [
    {
      type: 'profile',
      recordKey: 'crm-1',
      identifiers: given({ userId: 'u-1', email: 'vic@example.com' }),
      traits: { country: 'DE', plan, name: 'Vic Vega' },
    },
  ])

test('a rectified value beats every source, also those that come later, until it is lifted', async () => {
  await house.running.client({ id: 'vic', roles: ['subject'] })
  const before = await seen()
  expect((await rectify('name', 'Victoria Vega')).data.rectify.accepted).toBe(true)
  expect(await seen()).not.toEqual(before)
  await importAgain('team')
  expect(JSON.stringify(await seen())).toContain('Victoria Vega')
  const rows = await house.running.gateway.stores.opened.database.query<{ lineage: unknown }>(
    'SELECT lineage FROM read_model WHERE subject_id = $1',
    [house.person],
  )
  expect(JSON.stringify(rows)).toContain('rectified')
  const lift = 'mutation { liftRectification(trait: "name") { accepted } }'
  expect((await house.running.ask(await asVic('SUBJECT_RIGHTS'), lift)).codes).toEqual([])
  expect(await seen()).toEqual(before)
})

test('an address of somebody else does not make two people one', async () => {
  const [other] = await house.running.take('crm', [
    {
      type: 'profile',
      recordKey: 'crm-2',
      identifiers: given({ userId: 'u-2', email: 'other@example.com' }),
      traits: { country: 'DE' },
    },
  ])
  expect((await rectify('email', 'other@example.com')).codes).toEqual([])
  const roots = await house.running.gateway.stores.opened.database.query(
    'SELECT DISTINCT root_id FROM subject WHERE id = ANY ($1::uuid[])',
    [[other, house.person]],
  )
  expect(roots).toHaveLength(2)
})

test('people rectify what is theirs to know, in its own form; nothing else is written', async () => {
  expect((await rectify('plan', 'enterprise')).codes).toEqual(['FORBIDDEN'])
  expect((await rectify('email', 'no address')).codes).toEqual(['BAD_USER_INPUT'])
  expect((await rectify('nonsense', 1)).codes).toEqual(['BAD_USER_INPUT'])
  const whose = house.pseudonym('compliance')
  const staff = await house.running.ask(
    house.as('compliance'),
    `mutation { rectify(trait: "plan", value: "team", profile: "${whose}") { accepted } }`,
  )
  expect(staff.codes).toEqual([])
})

test('recipients are told of what was put right, restricted or objected to, and nobody else is', async () => {
  const { running } = house
  const whose = running.pseudonym('partner', house.person)
  await running.tell('crm', house.person, [
    {
      type: 'consent',
      identifiers: [],
      purpose: 'PARTNER_SHARING',
      recipient: 'partner',
      state: 'ConsentGiven',
      collectionPoint: 'test',
    },
  ])
  await running.client({ id: 'stranger', roles: ['partner'] })
  const read = await running.ask(house.as('partner'), `{ profile(id: "${whose}") { id } }`)
  expect(read.data.profile.id).toBe(whose)
  const told = async () =>
    await running.gateway.stores.opened.database.query<{ kind: string; audience: string }>(
      "SELECT kind, audience FROM delivery WHERE kind LIKE 'subject.%' ORDER BY created_at, id",
    )
  const before = (await told()).length
  await rectify('name', 'Vicky Vega')
  // The same once more changes nothing.
  await rectify('name', 'Vicky Vega')
  for (const demand of [
    'object(purpose: "MARKETING")',
    'restrictProcessing',
    'liftRestriction',
    'liftObjection(purpose: "MARKETING")',
  ])
    expect(
      (await running.ask(await asVic('SUBJECT_RIGHTS'), `mutation { ${demand} { accepted } }`))
        .codes,
    ).toEqual([])
  expect((await told()).slice(before)).toEqual([
    { kind: 'subject.rectified', audience: 'partner' },
    { kind: 'subject.objected', audience: 'partner' },
    { kind: 'subject.restricted', audience: 'partner' },
  ])
})
