import type { SubjectId } from '../../src/kernel/ids.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

const FIELDS = '{ policyVersion known consent fields { field form reason } }'
const DIFFERENCES = '{ field now nowReason other otherReason }'

describe('a preview of what a caller sees', () => {
  let running: RunningGateway
  let officer: As
  let subject: SubjectId

  beforeAll(async () => {
    running = await RunningGateway.start({}, 'policy')
    officer = {
      token: await running.client({ id: 'officer', roles: ['compliance'] }),
      purpose: 'SUBJECT_RIGHTS',
    }
    await running.client({ id: 'acme', roles: ['partner'] })
    const [found = ''] = await running.take('crm', [
      {
        type: 'profile',
        recordKey: 'maria',
        identifiers: given({ crmId: 'crm-1' }),
        traits: { country: 'DE', plan: 'pro', email: 'maria@example.com', name: 'Maria' },
      },
    ])
    subject = found as SubjectId
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
      },
    ])
  const preview = async (more: string, as = 'acme', purpose = 'PARTNER_SHARING') =>
    await running.ask(
      officer,
      `{ privacyPreview(profile: "${running.pseudonym('officer', subject)}",
         as: "${as}", purpose: "${purpose}") ${more} }`,
    )
  const asked = async (variables: Readonly<Record<string, unknown>>, more: string) => {
    const query = `query ($p: JSON, $at: DateTime) { privacyPreview(profile: "${running.pseudonym('officer', subject)}",
         as: "acme", purpose: "PARTNER_SHARING", policy: $p, at: $at) ${more} }`
    return await running.post(officer, JSON.stringify({ query, variables }))
  }
  const formOf = (view: { fields: { field: string; form: string }[] }, field: string) =>
    view.fields.find((one) => one.field === field)?.form

  test('shows forms and reasons and no value, and is an entry that names the person and the caller', async () => {
    await decide('ConsentGiven')
    const { data, body } = await preview(
      `{ now ${FIELDS} other { at } differences ${DIFFERENCES} }`,
    )
    const { now, other, differences } = data.privacyPreview
    expect([now.known, now.consent, other, differences]).toEqual([true, 'ConsentGiven', null, []])
    expect(formOf(now, 'Demographics.country')).not.toBe('WITHHELD')
    expect(formOf(now, 'Contact.name')).toBe('WITHHELD')
    expect(body).not.toMatch(/Maria|maria@|"DE"|"pro"/)
    const [entry] = await running.entries()
    expect(entry?.action).toMatchObject({ previewed: 'acme', for: 'PARTNER_SHARING' })
    expect(entry?.subjects).toHaveLength(1)
  })

  test('says what the caller itself is told at that moment', async () => {
    await decide('ConsentGiven')
    const seen = await running.ask(
      {
        token: await running.client({ id: 'acme2', roles: ['partner'], audience: 'acme' }),
        purpose: 'PARTNER_SHARING',
      },
      `{ profile(id: "${running.pseudonym('acme', subject)}") { contact { name email } demographics { country } account { plan } } }`,
    )
    const { now } = (await preview(`{ now ${FIELDS} }`)).data.privacyPreview
    const { contact, demographics, account } = seen.data.profile
    for (const [field, value] of [
      ['Contact.name', contact.name],
      ['Contact.email', contact.email],
      ['Demographics.country', demographics.country],
      ['Account.plan', account.plan],
    ])
      expect([field, formOf(now, field) === 'WITHHELD']).toEqual([field, value === null])
  })

  test('compares with a past instant, by what the person had decided then', async () => {
    await decide('ConsentGiven')
    const before = new Date().toISOString()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await decide('ConsentWithdrawn')
    const { data } = await asked(
      { at: before },
      `{ now ${FIELDS} other ${FIELDS} differences ${DIFFERENCES} }`,
    )
    const { now, other, differences } = data.privacyPreview
    expect([now.consent, other.consent]).toEqual(['ConsentWithdrawn', 'ConsentGiven'])
    expect([now.known, other.known]).toEqual([false, true])
    const country = differences.find(
      ({ field }: { field: string }) => field === 'Demographics.country',
    )
    expect(country).toMatchObject({ now: 'WITHHELD', otherReason: null })
    const ahead = await asked({ at: '2999-01-01T00:00:00.000Z' }, '{ differences { field } }')
    expect(ahead.codes).toEqual(['BAD_USER_INPUT'])
  })

  test('compares with a proposed policy, which changes nothing', async () => {
    await decide('ConsentGiven')
    const { policyVersions, policy } = running.gateway.stores
    const tables = await policyVersions.tablesOf(policy.version)
    const roles = (tables?.roles ?? []).map((row) => ({ ...row, partner: 'WITHHELD' }))
    const { data } = await asked(
      { p: { roles } },
      `{ now ${FIELDS} other ${FIELDS} differences ${DIFFERENCES} }`,
    )
    const { now, other, differences } = data.privacyPreview
    expect(other.policyVersion).not.toBe(now.policyVersion)
    expect(other.fields.filter(({ form }: { form: string }) => form !== 'WITHHELD')).toEqual([])
    expect(differences.length).toBe(
      now.fields.filter(({ form }: { form: string }) => form !== 'WITHHELD').length,
    )
    expect((await preview(`{ now { policyVersion } }`)).data.privacyPreview.now.policyVersion).toBe(
      now.policyVersion,
    )
    for (const p of [
      { passwords: [] },
      { roles: 'x' },
      { roles: [{ category: 1 }] },
      { roles: [{ a: 'b' }] },
    ])
      expect((await asked({ p }, '{ differences { field } }')).codes).toEqual(['BAD_USER_INPUT'])
  })

  test('is refused in words for callers and purposes that there are not, and to everybody but compliance', async () => {
    expect((await preview('{ now { at } }', 'nobody')).codes).toEqual(['NOT_FOUND'])
    expect((await preview('{ now { at } }', 'role:nobody')).codes).toEqual(['BAD_USER_INPUT'])
    expect((await preview('{ now { at } }', 'acme', 'SERVICE')).codes).toEqual(['BAD_USER_INPUT'])
    const support = await running.client({ id: 'desk', roles: ['support'] })
    const { codes } = await running.ask(
      { token: support, purpose: 'SERVICE' },
      `{ privacyPreview(profile: "${running.pseudonym('desk', subject)}", as: "acme", purpose: "PARTNER_SHARING") { now { at } } }`,
    )
    expect(codes).toEqual(['FORBIDDEN'])
  })
})
