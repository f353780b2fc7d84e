import { type As, given, RunningGateway } from '../running-gateway.ts'
import { situations } from '../situations.ts'
import { behaviour, itemInputs, type Met, SmallWorld } from '../small-world.ts'

let running: RunningGateway
let world: SmallWorld
let met: Met
let other: Met
let officer: As
let partner: As
let person: As

beforeAll(async () => {
  running = await RunningGateway.start()
  world = await SmallWorld.over(running)
  await running.take('shop', itemInputs())
  const [situation] = situations
  if (!situation) throw new Error('no situation')
  met = await world.meet(situation)
  other = await world.meet(situation)
  officer = {
    token: await running.client({ id: 'officer', roles: ['compliance'], defaultPurpose: null }),
    purpose: 'SUBJECT_RIGHTS',
  }
  partner = { token: world.key('partner'), purpose: 'PARTNER_SHARING' }
  person = { token: await running.tokenFor('subject', met.person), purpose: 'SUBJECT_RIGHTS' }
})
afterAll(async () => await running.stop())

const id = (audience: string, who = met) => running.pseudonym(audience, who.person)
const profileOf = (audience: string, who = met) => `profile(id: "${id(audience, who)}")`

describe('who saw what of a person', () => {
  const ASK = `disclosuresOf(first: 50) { edges { node {
    by purpose fields { path treatment } byPerson inBulk receipt inWords } } pageInfo { hasNextPage } }`

  test('is told to that person in plain words, newest first, and is a disclosure itself', async () => {
    const seen = await running.ask(
      partner,
      `{ ${profileOf('partner')} { account { plan } contact { email } } }`,
    )
    const own = await running.ask(person, '{ me { contact { email } } }')
    const asked = await running.ask(person, `{ ${ASK} }`)
    const told = asked.data.disclosuresOf.edges.map(({ node }: { node: object }) => node)
    expect(told[0]).toMatchObject({
      by: 'subject',
      purpose: 'SUBJECT_RIGHTS',
      byPerson: true,
      receipt: own.receipt,
      fields: [{ path: 'contact.email', treatment: 'CLEAR' }],
    })
    expect(told[0].inWords).toMatch(
      /^\d{4}-\d\d-\d\d at \d\d:\d\d UTC: you yourself, through subject, saw contact: email \(as it is\); to answer what you may ask about your own data, because the law asks for it\.$/,
    )
    expect(told[1]).toMatchObject({ by: 'partner', byPerson: false, receipt: seen.receipt })
    expect(told[1].fields).toEqual([{ path: 'account.plan', treatment: 'CLEAR' }])
    expect(told[1].inWords).toContain(
      'partner saw account: plan (as it is); to share it with a partner that you agreed to, because consent was given.',
    )
    const [entry] = await running.entries()
    expect(entry).toMatchObject({ requestId: asked.receipt, subjects: [{ set: 0 }] })
    expect(entry?.sets[0]?.fields).toEqual([{ path: 'disclosuresOf', treatment: 'CLEAR' }])
  })

  test('is told to compliance by pseudonym, page by page, and of nobody else', async () => {
    const of = (first: number, after = '') =>
      running.ask(
        officer,
        `{ disclosuresOf(profile: "${id('officer')}", first: ${first}${after && `, after: "${after}"`}) {
           edges { node { receipt byPerson inWords } } pageInfo { hasNextPage endCursor } } }`,
      )
    const all = (await of(100)).data.disclosuresOf.edges
    expect(all.length).toBeGreaterThan(2)
    expect(all.map(({ node }: { node: { inWords: string } }) => node.inWords).join()).toContain(
      'the person, through subject, saw contact: email',
    )
    const paged: unknown[] = []
    let page = (await of(2)).data.disclosuresOf
    // The first page is newer by the entry of the question before.
    paged.push(...page.edges.slice(1))
    while (page.pageInfo.hasNextPage) {
      page = (await of(2, page.pageInfo.endCursor)).data.disclosuresOf
      paged.push(...page.edges)
    }
    expect(paged).toEqual(all)
    const foreign = (await of(2)).data.disclosuresOf.pageInfo.endCursor
    const elsewhere = `{ disclosuresOf(profile: "${id('officer', other)}", after: "${foreign}") { pageInfo { hasNextPage } } }`
    expect((await running.ask(officer, elsewhere)).codes).toEqual(['BAD_USER_INPUT'])
    const ofOther = await running.ask(
      officer,
      `{ disclosuresOf(profile: "${id('officer', other)}") { edges { node { by } } } }`,
    )
    expect(ofOther.data.disclosuresOf.edges).toEqual([])
  })

  test.each(['support', 'marketer', 'partner'])('is not told to %s', async (role) => {
    const purposes: Record<string, string> = { support: 'SERVICE', marketer: 'MARKETING' }
    const as = { token: world.key(role), purpose: purposes[role] ?? 'PARTNER_SHARING' }
    const answer = await running.ask(
      as,
      `{ disclosuresOf(profile: "${id(role)}") { edges { cursor } } }`,
    )
    expect(answer.data).toEqual({ disclosuresOf: null })
    expect(answer.withheld.map(({ path }) => path)).toEqual(['disclosuresOf'])
  })

  test('goes back beyond a merge, and a merge that was undone counts for its time only', async () => {
    const meet = async (key: string) => {
      const [subject] = await running.take('crm', [
        { type: 'profile', recordKey: key, identifiers: given({ crmId: key }), traits: {} },
      ])
      return subject as string
    }
    const [one, two] = [await meet('merged-1'), await meet('merged-2')]
    const support = { token: world.key('support'), purpose: 'SERVICE' }
    const see = async (name: string, subject: string) =>
      await running.ask(
        support,
        `query ${name} { profile(id: "${running.pseudonym('support', subject)}") { account { company } } }`,
      )
    const receipts = async (subject: string) => {
      const pseudonym = running.pseudonym('officer', subject)
      const told = await running.ask(
        officer,
        `{ disclosuresOf(profile: "${pseudonym}") { edges { node { receipt by } } } }`,
      )
      return told.data.disclosuresOf.edges
        .map(({ node }: { node: { receipt: string; by: string } }) => node)
        .filter(({ by }: { by: string }) => by === 'support')
        .map(({ receipt }: { receipt: string }) => receipt)
    }
    const before = [await see('One', one), await see('Two', two)].map(({ receipt }) => receipt)
    const { ingest } = running.gateway
    const batch = await ingest.openBatch({ source: 'crm', kind: 'customers', fingerprint: 'm' })
    const rows = ['merged-1', 'merged-2'].map((crmId, at) => ({
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
    const during = (await see('Both', two)).receipt
    expect(new Set(await receipts(one))).toEqual(new Set([...before, during]))
    expect(await receipts(two)).toEqual(await receipts(one))
    await ingest.undo(batch.id)
    const after = (await see('Again', two)).receipt
    expect(await receipts(one)).toEqual([during, before[0]])
    expect(await receipts(two)).toEqual([after, during, before[1]])
  })

  test('names model fits that read the person, once a day', async () => {
    await running.tell('shop', met.person, behaviour('fitted'))
    await running.gateway.fit.run()
    await running.gateway.fit.run()
    const told = await running.ask(person, `{ ${ASK} }`)
    const bulk = told.data.disclosuresOf.edges
      .map(({ node }: { node: { inBulk: boolean } }) => node)
      .filter(({ inBulk }: { inBulk: boolean }) => inBulk)
    expect(bulk).toHaveLength(1)
    expect(bulk[0]).toMatchObject({ by: 'the operator', purpose: 'PROFILING', fields: [] })
    expect(bulk[0].inWords).toContain(
      'what was seen and bought, to work out which items go together',
    )
  })
})
