import fc from 'fast-check'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { decide, everyRead, PARTNER, peopleAndPartner, watching } from '../every-read.ts'
import { until } from '../follow.ts'
import { type As, RunningGateway } from '../running-gateway.ts'

/** After a withdrawal is acknowledged, no read that starts later discloses, whichever way it reads. */
let running: RunningGateway
let people: readonly SubjectId[]
let pseudonyms: readonly string[]
let partner: As

beforeAll(async () => {
  running = await RunningGateway.start({}, 'policy')
  const made = await peopleAndPartner(running, 5)
  people = made.people
  partner = made.partner
  pseudonyms = people.map((subject) => running.pseudonym(PARTNER, subject))
})
afterAll(async () => await running.stop())

const passing = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms))

test('whoever has given last is disclosed in every way, whoever has withdrawn last in none', async () => {
  const gave = new Set<string>()
  const step = fc.record({ who: fc.nat({ max: 4 }), isGiven: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
      for (const { who, isGiven } of steps) {
        await decide(running, people[who] ?? '', isGiven)
        gave[isGiven ? 'add' : 'delete'](pseudonyms[who] ?? '')
        for (const [way, read] of Object.entries(everyRead(running, partner, pseudonyms)))
          expect([way, new Set(await read())]).toEqual([way, gave])
      }
    }),
    { numRuns: 6 },
  )
})

test('a withdrawal that names no recipient closes every one, and a consent that names none is refused', async () => {
  const [subject = ''] = people
  const as = { token: await running.tokenFor('page', subject), purpose: 'SERVICE' }
  await decide(running, subject, true)
  const choices = async () =>
    (await running.ask(as, '{ consents { purpose recipient isOpen } }')).data.consents.filter(
      ({ purpose }: { purpose: string }) => purpose === 'PARTNER_SHARING',
    )
  expect(await choices()).toEqual([
    { purpose: 'PARTNER_SHARING', recipient: PARTNER, isOpen: true },
  ])
  const withdrawn = await running.ask(
    as,
    'mutation { withdrawConsent(purpose: "PARTNER_SHARING") { accepted } }',
  )
  expect(withdrawn.data.withdrawConsent.accepted).toBe(true)
  for (const [way, read] of Object.entries(everyRead(running, partner, pseudonyms)))
    expect([way, await read()]).toEqual([way, expect.not.arrayContaining([pseudonyms[0]])])
  for (const choice of await choices()) expect(choice.isOpen).toBe(false)
  const refused = [
    '{ purpose: "PARTNER_SHARING", given: true }',
    '{ purpose: "MARKETING", recipient: "acme", given: false }',
  ]
  for (const consent of refused) {
    const { codes } = await running.ask(
      as,
      `mutation { recordConsent(consent: ${consent}) { accepted } }`,
    )
    expect(codes).toEqual(['BAD_USER_INPUT'])
  }
})

test('who decides last decides, although the clock was set back before', async () => {
  const [subject = ''] = people
  const as = { token: await running.tokenFor('page', subject), purpose: 'SERVICE' }
  const { now } = Date
  let ahead = 0
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead)
  const isSeen = async () =>
    (await everyRead(running, partner, pseudonyms)['all at once']()).includes(pseudonyms[0] ?? '')
  const say = async (mutation: string) =>
    expect((await running.ask(as, `mutation { ${mutation} }`)).codes).toEqual([])
  try {
    for (const [aheadThen, isGiven] of [
      [40_000, true],
      [0, false],
      [20_000, true],
      [-20_000, false],
      [-20_000, true],
    ] as const) {
      ahead = aheadThen
      await decide(running, subject, isGiven)
      expect([ahead, await isSeen()]).toEqual([ahead, isGiven])
    }
    ahead = 30_000
    await say('object(purpose: "PARTNER_SHARING") { accepted }')
    await say('liftObjection(purpose: "PARTNER_SHARING") { accepted }')
    ahead = 0
    await say('object(purpose: "PARTNER_SHARING") { accepted }')
    expect(await isSeen()).toBe(false)
    await say('liftObjection(purpose: "PARTNER_SHARING") { accepted }')
    ahead = -10_000
    await say('withdrawConsent(purpose: "PARTNER_SHARING") { accepted }')
    expect(await isSeen()).toBe(false)
    await decide(running, subject, true)
    expect(await isSeen()).toBe(true)
  } finally {
    clock.mockRestore()
  }
})

test('a cursor that was handed out before leads to nobody who has withdrawn since', async () => {
  for (const subject of people) await decide(running, subject, true)
  const list = (after: string | null) =>
    running.ask(
      partner,
      `query($after: String) { searchProfiles(first: 1, after: $after) { edges { node { id } } pageInfo { endCursor } } }`,
      { after },
    )
  const first = (await list(null)).data.searchProfiles
  const left = pseudonyms.filter((id) => id !== first.edges[0].node.id)
  for (const id of left) {
    await decide(running, people[pseudonyms.indexOf(id)] ?? '', false)
    const { edges } = (await list(first.pageInfo.endCursor)).data.searchProfiles
    expect(edges.map(({ node }: { node: { id: string } }) => node.id)).not.toContain(id)
  }
  expect((await list(first.pageInfo.endCursor)).data.searchProfiles.edges).toEqual([])
})

test('a subscription that runs tells that there is nothing to tell any more, and nothing after that', async () => {
  const [subject = ''] = people
  await decide(running, subject, true)
  const stream = watching(running, partner, pseudonyms[0] ?? '')
  // What it begins with is told to nobody: so long until it has begun.
  await until(async () => {
    await decide(running, subject, false)
    await decide(running, subject, true)
    return stream.toldLast() !== null
  })
  await decide(running, subject, false)
  await until(() => stream.toldLast() === false)
  const before = stream.events.length
  for (const plan of ['team', 'pro'])
    await running.take('crm', [
      {
        type: 'profile',
        recordKey: 'reader-0',
        identifiers: [{ kind: 'userId', value: 'reader-0' }],
        traits: { plan, country: 'DE' },
      },
    ])
  await passing(800)
  expect(stream.events.slice(before)).toEqual([])
  stream.close()
})
