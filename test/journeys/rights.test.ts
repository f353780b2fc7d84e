import { follow } from '../peoples-requests.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'
import { unzipped } from '../unzipped.ts'

/** One person of a CRM file, as it is imported again and again. */
const CRM = [
  {
    type: 'profile' as const,
    recordKey: 'crm-77',
    identifiers: given({ userId: 'u-77', email: 'wilma@example.com' }),
    traits: { name: 'Wilma Weber', country: 'DE', plan: 'pro' },
  },
]
const viewed = (user: string, item: string) => ({
  type: 'event' as const,
  messageId: `${user}-${item}`,
  identifiers: given({ userId: user }),
  name: 'Product Viewed',
  properties: { itemId: item },
})

/** Others who agreed to be learned from, so that there is something to recommend. */
const crowd = Array.from({ length: 6 }, (_, n) => `crowd-${n}`).flatMap((user) => [
  { type: 'profile' as const, recordKey: user, identifiers: given({ userId: user }), traits: {} },
  viewed(user, 'tea'),
  viewed(user, 'cup'),
  {
    type: 'consent' as const,
    identifiers: given({ userId: user }),
    purpose: 'PROFILING',
    state: 'ConsentGiven' as const,
    jurisdiction: 'DE',
  },
])

test('a person consents, is seen, withdraws, is seen no more, reads who saw what, leaves, and stays away', async () => {
  const running = await RunningGateway.start({}, 'policy')
  try {
    const acme = {
      token: await running.client({ id: 'acme', roles: ['partner'], audience: 'acme' }),
      purpose: 'PARTNER_SHARING',
    }
    await running.client({ id: 'shop', roles: ['subject'] })
    for (const id of ['tea', 'cup'])
      await running.take('shop', [{ type: 'item', id, title: id, available: true }])
    const [wilma = ''] = await running.take('crm', CRM)
    await running.take('crm', [...crowd, viewed('u-77', 'tea')])
    const self: As = { token: await running.tokenFor('shop', wilma) }
    const says = async (mutation: string) => {
      const { codes, data } = await running.ask(self, mutation)
      expect(codes).toEqual([])
      return data
    }
    const partnerSees = async () => {
      const id = running.pseudonym('acme', wilma)
      const asked = `{ profile(id: "${id}") { recommendations { recommender recommendations { itemId } } } }`
      return (await running.ask(acme, asked)).data.profile
    }

    expect(await partnerSees()).toBeNull()
    for (const [purpose, recipient] of [['PROFILING'], ['PARTNER_SHARING', 'acme']])
      await says(
        `mutation { recordConsent(consent: { purpose: "${purpose}", given: true${recipient ? `, recipient: "${recipient}"` : ''} }) { accepted } }`,
      )
    await running.gateway.fit.run()
    expect((await partnerSees()).recommendations).toEqual({
      recommender: 'ITEM_TO_ITEM',
      recommendations: [{ itemId: 'cup' }],
    })

    await says(
      'mutation { withdrawConsent(purpose: "PARTNER_SHARING", recipient: "acme") { accepted } }',
    )
    expect(await partnerSees()).toBeNull()

    const rights = { ...self, purpose: 'SUBJECT_RIGHTS' }
    const { data: seen } = await running.ask(
      rights,
      '{ disclosuresOf { edges { node { by purpose inWords } } } consentHistory { edges { node { purpose state } } } }',
    )
    const byAcme = seen.disclosuresOf.edges.filter((one: Edge) => one.node.by === 'acme')
    expect(byAcme).toHaveLength(1)
    expect(byAcme[0].node.inWords).toContain('recommendations')
    expect(seen.consentHistory.edges.map((one: Edge) => one.node)).toEqual(
      expect.arrayContaining([
        { purpose: 'PARTNER_SHARING', state: 'ConsentGiven' },
        { purpose: 'PARTNER_SHARING', state: 'ConsentWithdrawn' },
      ]),
    )

    const { requestAccess } = await says('mutation { requestAccess { packageUrl } }')
    const files = unzipped((await follow(running, requestAccess.packageUrl)).bytes)
    const all = JSON.parse(files['data.json'] ?? '')
    expect(all.recipients.filter((one: { by: string }) => one.by === 'acme')).toHaveLength(1)
    expect(files['index.html']).toContain('Wilma Weber')

    await says('mutation { eraseProfile { stoppedAt } }')
    expect((await running.ask(self, '{ me { id } }')).codes).toEqual(['UNAUTHENTICATED'])
    expect((await follow(running, requestAccess.packageUrl)).status).toBe(404)
    const { counts } = await running.gateway.ingest.acceptLive('crm', CRM, { verified: true })
    expect(counts).toMatchObject({ accepted: 0, suppressed: 1 })
    expect(
      await running.gateway.people.byVerifiedIdentifier('email', 'wilma@example.com'),
    ).toBeNull()
    expect(await partnerSees()).toBeNull()
  } finally {
    await running.stop()
  }
})

interface Edge {
  readonly node: { readonly by: string; readonly purpose: string; readonly state: string }
}
