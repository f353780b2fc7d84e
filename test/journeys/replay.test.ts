import type { AuditEntry } from '../../src/domain/audit/entry.ts'
import { leavesOf } from '../../src/domain/audit/leaf.ts'
import { replayOf } from '../../src/trail-replay.ts'
import { given, RunningGateway } from '../running-gateway.ts'

const PROFILE = `{ id contact { name email } demographics { country ageBand } activity { sessionCount }
  account { plan } segments { key } traits(keys: ["email", "country", "plan"]) { key value } }`

describe('replaying the trail', () => {
  let running: RunningGateway
  let partner: string
  let support: string
  let subject: string

  beforeAll(async () => {
    running = await RunningGateway.start({}, 'policy')
    partner = await running.client({ id: 'acme', roles: ['partner'] })
    support = await running.client({ id: 'desk', roles: ['support'], defaultPurpose: 'SERVICE' })
    const [found] = await running.take('crm', [
      {
        type: 'profile',
        recordKey: 'maria',
        identifiers: given({ crmId: 'crm-1' }),
        traits: { country: 'DE', plan: 'pro', email: 'maria@example.com', name: 'Maria' },
      },
    ])
    if (!found) throw new Error('nobody came')
    subject = found
  })
  afterAll(async () => await running.stop())

  const decide = async (state: 'ConsentGiven' | 'ConsentWithdrawn') =>
    await running.tell('crm', subject, [
      {
        type: 'consent',
        identifiers: [],
        purpose: 'PARTNER_SHARING',
        recipient: 'acme',
        state,
        method: 'test',
        collectionPoint: 'test',
        noticeVersion: '1',
      },
    ])
  const asked = async (token: string, audience: string) =>
    await running.ask(
      { token },
      `{ profile(id: "${running.pseudonym(audience, subject)}") ${PROFILE} }`,
    )

  test('finds that every decision comes out as it is recorded, also after consent was withdrawn', async () => {
    await decide('ConsentGiven')
    expect((await asked(partner, 'acme')).data.profile.demographics.country).toBe('DE')
    await asked(support, 'desk')
    await decide('ConsentWithdrawn')
    expect((await asked(partner, 'acme')).data.profile).toBeNull()
    const outcome = await replayOf(running.gateway).sample(10_000)
    expect(outcome).toMatchObject({ difference: null, differing: 0, unsettled: {} })
    expect(outcome.agreeing).toBeGreaterThan(20)
    expect((await running.entries())[0]?.action).toEqual({
      action: 'audit.replay',
      entries: outcome.entries,
      differing: 0,
    })
  })

  test('finds a disclosure that was never permitted, and says which', async () => {
    const good = (await running.entries(50)).find(
      ({ audience, subjects }) => audience === 'acme' && subjects.length > 0,
    )
    if (!good) throw new Error('the partner left no entry')
    const planted = {
      ...good,
      sets: good.sets.map(({ fields }) => ({
        fields: fields.map((field) =>
          field.path === 'contact.email' ? { ...field, treatment: 'CLEAR' as const } : field,
        ),
      })),
    }
    const index = await plant(running, planted)
    const { difference } = await replayOf(running.gateway).entry(index)
    expect(difference).toEqual({
      index,
      ref: good.subjects[0]?.ref,
      path: 'contact.email',
      recorded: 'CLEAR',
      reckoned: 'WITHHELD',
      reason: 'SCOPE',
    })
    expect(await replayOf(running.gateway).sample(10_000)).toMatchObject({ differing: 1 })
  })

  test('finds a disclosure after a withdrawal: a read that is later than its consent', async () => {
    const good = (await running.entries(50)).find(
      ({ audience, subjects }) => audience === 'acme' && subjects.length > 0,
    )
    if (!good) throw new Error('the partner left no entry')
    const later = { ...good, time: new Date().toISOString(), requestId: 'later' }
    const index = await plant(running, later)
    const { difference } = await replayOf(running.gateway).entry(index)
    expect(difference).toMatchObject({
      path: 'consent',
      recorded: 'ConsentGiven',
      reckoned: 'ConsentWithdrawn',
    })
  })

  test('says of people without keys, and of unknown policies, that only the outcome remains', async () => {
    const good = (await running.entries(50)).find(({ audience }) => audience === 'desk')
    if (!good) throw new Error('support left no entry')
    const [first] = good.subjects
    if (!first) throw new Error('support saw nobody')
    const erased = await plant(running, {
      ...good,
      subjects: [{ ...first, ref: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    })
    const foreign = await plant(running, {
      ...good,
      policy: { ...good.policy, version: '0123456789abcdef' },
    })
    const replayed = replayOf(running.gateway)
    expect(await replayed.entry(erased)).toMatchObject({
      difference: null,
      agreeing: 0,
      unsettled: { erased: 1 },
    })
    expect(await replayed.entry(foreign)).toMatchObject({
      difference: null,
      unsettled: { 'policy-unknown': good.subjects.length },
    })
  })

  test('refuses a number that the trail does not have', async () => {
    await expect(replayOf(running.gateway).entry(1_000_000)).rejects.toThrow('There is no entry')
  })
})

/** An entry that no door made; the trail takes it like any other. */
async function plant({ gateway }: RunningGateway, entry: AuditEntry): Promise<number> {
  const id = gateway.reception.newRequestId()
  await gateway.stores.auditLog.append(leavesOf({ ...entry, entryId: id }, () => id))
  return (await gateway.stores.auditLog.size()) - 1
}
