import type { SubjectId } from '../../src/kernel/ids.ts'
import { keyRotationsOf } from '../../src/key-desk.ts'
import { type As, comparable, given, RunningGateway } from '../running-gateway.ts'

/** What callers see of a rotation of pseudonyms. Each test has an audience of its own, so that it rotates alone. */
let running: RunningGateway
let people: readonly SubjectId[]

beforeAll(async () => {
  running = await RunningGateway.start({}, 'policy')
  const inputs = Array.from({ length: 6 }, (_, n) => ({
    type: 'profile' as const,
    recordKey: `p${n}`,
    identifiers: given({ userId: `u${n}` }),
    traits: { plan: 'pro', customerSince: `2020-01-0${n + 1}` },
  }))
  people = await running.take('crm', inputs)
})
afterAll(async () => await running.stop())

type Caller = As & { readonly id: string }
async function staff(id: string, role = 'compliance', purpose = 'SUBJECT_RIGHTS'): Promise<Caller> {
  return { id, token: await running.client({ id, roles: [role] }), purpose }
}
const DAY = 86_400_000
const passing = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms))
/** A new epoch that begins now. */
async function rotate(audience: string, overlap = DAY): Promise<void> {
  const at = Date.now()
  await running.gateway.stores.keys.rotatePseudonyms({ audience, at, until: at + overlap })
}
const idsOf = (audience: string) => people.map((one) => running.pseudonym(audience, one))
const epochsIn = (body: string) => new Set(body.match(/\bp\d+(?=[a-z2-7]{26}\b)/g))

test('old and new pseudonyms are taken in one request, and answered in the new epoch alone', async () => {
  const caller = await staff('both')
  const old = idsOf(caller.id)
  await rotate(caller.id)
  const now = idsOf(caller.id)
  expect(now.every((id) => id.startsWith('p2') && !old.includes(id))).toBe(true)
  const asked = people.map((_, n) => (n % 2 === 0 ? old[n] : now[n]))
  const answered = await running.ask(
    caller,
    'query ($ids: [ID!]!) { profiles(ids: $ids) { id } }',
    {
      ids: asked,
    },
  )
  expect(answered.data.profiles.map(({ id }: { id: string }) => id)).toEqual(now)
  const mixed = await running.ask(
    caller,
    `{ a: profile(id: "${old[0]}") { id } b: profile(id: "${now[1]}") { id }
       searchProfiles(first: 6) { edges { node { id } } } }`,
  )
  expect(epochsIn(mixed.body)).toEqual(new Set(['p2']))
})

test('after the overlap an old pseudonym is what an unknown one is, byte for byte', async () => {
  const caller = await staff('late')
  const [old = ''] = idsOf(caller.id)
  await rotate(caller.id, 1)
  await passing(5)
  const unknown = `p1${'a'.repeat(26)}`
  const ask = async (id: string) => await running.ask(caller, `{ profile(id: "${id}") { id } }`)
  expect(comparable(await ask(old))).toBe(comparable(await ask(unknown)))
  expect((await ask(running.pseudonym(caller.id, people[0] ?? ''))).data.profile).not.toBeNull()
})

test('one audience rotates without another', async () => {
  const [one, other] = [await staff('one'), await staff('other')]
  const before = idsOf(other.id)
  await rotate(one.id)
  expect(idsOf(one.id).every((id) => id.startsWith('p2'))).toBe(true)
  expect(idsOf(other.id)).toEqual(before)
})

const lists = {
  searchProfiles: (page: string) => `searchProfiles(${page}) { PAGE }`,
  timeline: (page: string, id: string) => `profile(id: "${id}") { timeline(${page}) { PAGE } }`,
  consentHistory: (page: string, id: string) =>
    `consentHistory(profile: "${id}", ${page}) { PAGE }`,
  disclosuresOf: (page: string, id: string) => `disclosuresOf(profile: "${id}", ${page}) { PAGE }`,
}
test.each(Object.entries(lists))('a cursor of %s goes on in the next epoch', async (name, list) => {
  const caller = await staff(`list-${name}`)
  const [subject = ''] = people
  const identifiers = given({ userId: 'u0' })
  for (const n of [1, 2]) {
    await running.take('shop', [
      {
        type: 'event',
        messageId: `${name}-${n}`,
        identifiers,
        name: 'Seen',
        timestamp: `2026-01-0${n}T00:00:00Z`,
        properties: {},
      },
    ])
    await running.take('crm', [
      {
        type: 'consent',
        identifiers,
        purpose: 'MARKETING',
        state: n === 1 ? 'ConsentGiven' : 'ConsentWithdrawn',
      },
    ])
  }
  const page = async (cut: string) => {
    const shown = list(cut, running.pseudonym(caller.id, subject))
    const { codes, data } = await running.ask(
      caller,
      `{ ${shown.replace('PAGE', 'pageInfo { endCursor } edges { cursor }')} }`,
    )
    expect(codes).toEqual([])
    const { pageInfo, edges } = data.profile?.timeline ?? data[name]
    return {
      end: pageInfo.endCursor,
      cursors: edges.map(({ cursor }: { cursor: string }) => cursor),
    }
  }
  // What is read for the test is a disclosure itself: the list of disclosures grows at its beginning.
  const first = await page('first: 1')
  await rotate(caller.id)
  const next = await page(`first: 1, after: "${first.end}"`)
  expect(next.cursors).toHaveLength(1)
  expect(next.cursors).not.toEqual(first.cursors)
})

test('people and visitors stay who they are: their tokens and cookies outlive a rotation', async () => {
  const key = await running.client({ id: 'shop-page', roles: ['frontend'] })
  const [subject = ''] = people
  const page = { token: await running.tokenFor('shop-page', subject), purpose: 'PERSONALIZATION' }
  const { cookie } = await running.visitor(key)
  const visitor = { token: key, cookie, purpose: 'PERSONALIZATION' }
  const me = async (as: As) => (await running.ask(as, '{ me { id } }')).data.me?.id as string
  expect([await me(page), await me(visitor)].every((id) => id.startsWith('p1'))).toBe(true)
  await rotate('shop-page', 1)
  await passing(5)
  // A cookie is the gateway's own, and has an expiry of its own; a token for a person lives a minute.
  expect(await me(visitor)).toMatch(/^p2/)
  expect((await running.ask(page, '{ me { id } }')).status).toBe(401)
})

test('ids of consent records change with those of people, and both are taken during the overlap', async () => {
  const caller = await staff('receipts')
  const [subject = ''] = people
  await running.take('crm', [
    {
      type: 'consent',
      identifiers: given({ userId: 'u0' }),
      purpose: 'PERSONALIZATION',
      state: 'ConsentGiven',
    },
  ])
  const read = async () => {
    const query = `{ consentHistory(profile: "${running.pseudonym(caller.id, subject)}", first: 50) { edges { node { id } } } }`
    return await running.ask(caller, query)
  }
  const before = await read()
  const [old] = before.data.consentHistory.edges
  await rotate(caller.id)
  const after = await read()
  expect(epochsIn(before.body)).toEqual(new Set(['p1']))
  expect(epochsIn(after.body)).toEqual(new Set(['p2']))
  const receipt = await running.ask(
    caller,
    `{ consentReceipt(id: "${old.node.id}", profile: "${running.pseudonym(caller.id, subject)}") }`,
  )
  expect(receipt.codes).toEqual([])
  expect(receipt.data.consentReceipt).not.toBeNull()
})

test('a pseudonym that a merge has retired leads to who is left, in both epochs, until the merge is undone', async () => {
  const caller = await staff('merging')
  const [one = '', two = ''] = await running.take(
    'crm',
    ['m1', 'm2'].map((name) => ({
      type: 'profile' as const,
      recordKey: name,
      identifiers: given({ crmId: name }),
      traits: { plan: 'pro' },
    })),
  )
  const seen = [one, two].map((subject) => running.pseudonym(caller.id, subject))
  const ids = async () =>
    (
      await running.ask(caller, 'query ($ids: [ID!]!) { profiles(ids: $ids) { id } }', {
        ids: seen,
      })
    ).data.profiles.map((profile: { id: string } | null) => profile?.id)
  expect(await ids()).toEqual(seen)

  const { ingest } = running.gateway
  const batch = await ingest.openBatch({ source: 'crm', kind: 'customers', fingerprint: 'merge' })
  const rows = ['m1', 'm2'].map((crmId, at) => ({
    rowNumber: at + 1,
    input: {
      type: 'profile' as const,
      recordKey: `both-${crmId}`,
      identifiers: given({ crmId, userId: 'merging' }),
      traits: {},
    },
  }))
  await ingest.accept(batch, rows)
  await ingest.finish(batch)
  const [survivor, ...same] = await ids()
  expect(same).toEqual([survivor])
  expect(seen).toContain(survivor)
  await rotate(caller.id)
  const now = [one, two].map((subject) => running.pseudonym(caller.id, subject))
  const renewed = now[seen.indexOf(survivor)]
  expect(await ids()).toEqual([renewed, renewed])
  await ingest.undo(batch.id)
  expect(await ids()).toEqual(now)
})

test('who rotates what stands on the trail before it holds; what can not be, does not', async () => {
  await staff('recorded')
  const rotations = keyRotationsOf(running.gateway)
  const entries = await running.entriesOf(async () => {
    await rotations.rotatePseudonyms('recorded')
    for await (const _ of rotations.rotateWrapping());
    await expect(rotations.rotatePseudonyms('recorded')).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(rotations.rotatePseudonyms('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
  const action = { action: 'keys.rotate' }
  expect(entries.map((entry) => entry.action)).toEqual([
    {
      ...action,
      keys: 'pseudonyms',
      audience: 'recorded',
      at: expect.any(String),
      until: expect.any(String),
    },
    { ...action, keys: 'wrapping', number: 2 },
  ])
  const { audiences, announced, wrapping } = await rotations.status()
  expect(announced.map(({ audience }) => audience)).toEqual(['recorded'])
  expect(audiences.find(({ audience }) => audience === 'both')).toMatchObject({ current: 2 })
  expect(wrapping.map(({ number, people: wrapped }) => [number, wrapped > 0])).toEqual([
    [1, false],
    [2, true],
  ])
})
