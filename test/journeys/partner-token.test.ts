import { rm } from 'node:fs/promises'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { follow, until } from '../follow.ts'
import { openDsrAt, withCertificate } from '../peoples-requests.ts'
import { type As, comparable, given, RunningGateway } from '../running-gateway.ts'
import { ADVICE, definePros, policyOfTwoPurposes, SHARING } from './two-purposes.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** A partner that sees members of one segment for two purposes hands on a token for two of them and one purpose. */
let running: RunningGateway
let policyDir = ''
let secret = ''
let whole = ''
let narrow = ''
const people = new Map<string, SubjectId>()

const idOf = (name: string) => running.pseudonym('acme', people.get(name) ?? '')
const details = (more: object) => JSON.stringify([{ type: 'bauta', ...more }])

async function tokens(form: Readonly<Record<string, string>>, proof = `acme:${secret}`) {
  const answer = await fetch(`${running.origin}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(proof).toString('base64')}` },
    body: new URLSearchParams(form),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

const narrowed = async (token: string, more: Readonly<Record<string, string>>) =>
  await tokens({
    grant_type: EXCHANGE,
    subject_token: token,
    subject_token_type: ACCESS_TOKEN,
    ...more,
  })

const as = (token: string, purpose = SHARING): As => ({ token, purpose })

/** Names of those whom a token sees: one by one, together, and in lists. */
async function seen(token: string, purpose = SHARING): Promise<readonly string[][]> {
  const names = [...people.keys()]
  const query = `query ($ids: [ID!]!) { profiles(ids: $ids) { id }
    ${names.map((_, at) => `n${at}: profile(id: "${idOf(names[at] ?? '')}") { id }`).join('\n')}
    searchProfiles(first: 50) { edges { node { id } } } }`
  const { data } = await running.ask(as(token, purpose), query, { ids: names.map(idOf) })
  const named = new Map(names.map((name) => [idOf(name), name]))
  const nodes: { id: string }[] = data.searchProfiles.edges.map(({ node }: never) => node)
  const lists: ({ id: string } | null)[][] = [
    names.map((_, at) => data[`n${at}`]),
    data.profiles,
    nodes,
  ]
  return lists.map((list) => list.flatMap((one) => named.get(one?.id ?? '') ?? []).sort())
}

const thrice = (...names: string[]) => [names, names, names]

beforeAll(async () => {
  policyDir = await policyOfTwoPurposes()
  running = await RunningGateway.start({}, policyDir, withCertificate)
  await definePros(running)
  for (const [name, plan] of [
    ['Ana', 'pro'],
    ['Ben', 'pro'],
    ['Cem', 'pro'],
    ['Dora', 'free'],
  ] as const) {
    const identifiers = given({ userId: name, email: `${name}@example.com` })
    const consents = [SHARING, ADVICE].map((purpose) => ({
      type: 'consent' as const,
      identifiers,
      purpose,
      state: 'ConsentGiven' as const,
      ...(purpose === SHARING ? { recipient: 'acme' } : {}),
    }))
    const record = { type: 'profile' as const, recordKey: name, identifiers }
    const traits = { plan, country: 'DE', email: `${name}@example.com`, externalId: `x-${name}` }
    const [subject = ''] = await running.take('crm', [{ ...record, traits }, ...consents])
    people.set(name, subject)
  }
  const registered = await running.gateway.clients.create(
    {
      id: 'acme',
      name: 'Acme',
      roles: ['partner'],
      scopes: [
        'profile:read',
        'profile:search',
        'profile:lookup',
        'segments:read',
        'consent:write',
        'events:write',
      ],
      purposes: [SHARING, ADVICE],
      segments: ['pros'],
      adhoc: true,
    },
    { withSecret: true },
  )
  secret = registered.secret ?? ''
})
afterAll(async () => {
  await running.stop()
  await rm(policyDir, { recursive: true })
})

test('a token by client credentials reaches as far as the registration', async () => {
  const { status, body } = await tokens({ grant_type: 'client_credentials' })
  expect([status, body.authorization_details]).toEqual([200, undefined])
  whole = String(body.access_token)
  expect(await seen(whole)).toEqual(thrice('Ana', 'Ben', 'Cem'))
  expect(await seen(whole, ADVICE)).toEqual(thrice('Ana', 'Ben', 'Cem'))
})

test('a narrower one sees two people for one purpose', async () => {
  const subjects = [idOf('Ana'), idOf('Dora'), idOf('Ben')]
  const { status, body } = await narrowed(whole, {
    authorization_details: details({ purposes: [SHARING], subjects }),
  })
  expect([status, body.issued_token_type]).toEqual([200, ACCESS_TOKEN])
  expect(body.authorization_details).toEqual([{ type: 'bauta', purposes: [SHARING], subjects }])
  expect(body.expires_in).toBeLessThanOrEqual(600)
  narrow = String(body.access_token)
  // Dora is named and no member of the segment; Cem is a member and not named.
  expect(await seen(narrow)).toEqual(thrice('Ana', 'Ben'))
})

test('whom it may not see is byte for byte nobody, whoever asks how', async () => {
  const by = async (kind: string, value: string) =>
    await running.ask(
      as(narrow),
      'query ($by: IdentifierInput!) { profileBy(identifier: $by) { id } }',
      { by: { kind, value } },
    )
  expect((await by('EMAIL', 'ana@example.com')).data).toEqual({ profileBy: { id: idOf('Ana') } })
  const absent = comparable(await by('EMAIL', 'nobody@example.com'))
  expect(comparable(await by('EMAIL', 'cem@example.com'))).toBe(absent)
  expect(comparable(await by('EXTERNAL_ID', 'x-Cem'))).toBe(absent)
})

test('it is refused every other purpose, every count, and whatever names or tells of others', async () => {
  const refused = async (query: string, purpose = SHARING) =>
    (await running.ask(as(narrow, purpose), query)).codes
  expect(await refused(`{ profile(id: "${idOf('Ana')}") { id } }`, ADVICE)).toEqual(['FORBIDDEN'])
  const size = '{ segment(key: "pros") { size { value } } }'
  expect(await refused(size)).toEqual(['FORBIDDEN'])
  const track = `mutation { track(event: { messageId: "m", event: "Session Started",
    identifiers: [{ kind: USER_ID, value: "Ana" }] }) { accepted } }`
  expect(await refused(track)).toEqual(['FORBIDDEN'])
  const consent = (name: string) =>
    `mutation { recordConsent(consent: { profile: "${idOf(name)}", purpose: "${SHARING}",
      recipient: "acme", given: true }) { accepted } }`
  expect(await refused(consent('Cem'))).toEqual(['NOT_FOUND'])
  expect(await refused(consent('Ana'))).toEqual([])
})

test('no wider one can be made of it, by whatever is asked for', async () => {
  const asking = async (more: object) => {
    const { status, body } = await narrowed(narrow, { authorization_details: details(more) })
    return [status, body.error]
  }
  const wider = [400, 'invalid_authorization_details']
  expect(await asking({ purposes: [SHARING, ADVICE] })).toEqual(wider)
  expect(await asking({ subjects: [idOf('Cem')] })).toEqual(wider)
  expect(await asking({ segments: ['others'] })).toEqual(wider)
  expect(await asking({ everything: true })).toEqual(wider)
  const { body } = await narrowed(narrow, { authorization_details: details({}) })
  expect(await seen(String(body.access_token))).toEqual(thrice('Ana', 'Ben'))
  const last = await narrowed(narrow, {
    scope: 'profile:read profile:search',
    authorization_details: details({ subjects: [idOf('Ben')] }),
  })
  expect(last.body.scope).toBe('profile:read profile:search')
  expect(await seen(String(last.body.access_token))).toEqual(thrice('Ben'))
})

test('streams tell it of nobody else', async () => {
  const watch = (fields: string) => follow(running.origin, as(narrow), `subscription { ${fields} }`)
  const cem = watch(`profileChanged(id: "${idOf('Cem')}") { profile { id } }`)
  const pros = watch('segmentChanged(key: "pros") { profile { id } }')
  await until(() => cem.events.length > 0)
  expect(cem.events).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }])
  const turn = async (name: string, plan: string) =>
    await running.take('crm', [
      {
        type: 'profile',
        recordKey: name,
        identifiers: given({ userId: name }),
        traits: { plan, country: 'DE' },
      },
    ])
  await until(async () => {
    // The change of somebody else comes first: had it been told, it would stand before Ben's.
    for (const plan of ['free', 'pro']) for (const name of ['Cem', 'Ben']) await turn(name, plan)
    return pros.events.length > 0
  })
  for (const stream of [cem, pros]) stream.close()
  expect(pros.events[0]).toMatchObject({
    data: { segmentChanged: { profile: { id: idOf('Ben') } } },
  })
  const told = JSON.stringify(pros.events)
  expect([told.includes(idOf('Cem')), told.includes('null')]).toEqual([false, false])
})

test('staff that is limited to people reads no register and reaches nobody by identifiers', async () => {
  const { secret: own } = await running.gateway.clients.create(
    { id: 'officer', name: 'Officer', roles: ['compliance'] },
    { withSecret: true },
  )
  const ana = running.pseudonym('officer', people.get('Ana') ?? '')
  const { body } = await tokens(
    {
      grant_type: 'client_credentials',
      authorization_details: details({ subjects: [ana] }),
    },
    `officer:${own}`,
  )
  const token = String(body.access_token)
  expect(body.scope).not.toContain('audit')
  const codes = async (query: string) =>
    (await running.ask(as(token, 'SUBJECT_RIGHTS'), query)).codes
  const cem = running.pseudonym('officer', people.get('Cem') ?? '')
  const both = `{ profiles(ids: ["${ana}", "${cem}"]) { id } }`
  const { data } = await running.ask(as(token, 'SUBJECT_RIGHTS'), both)
  expect(data).toEqual({ profiles: [{ id: ana }, null] })
  expect(await codes('{ auditTrail { edges { cursor } } }')).toEqual(['FORBIDDEN'])
  expect(await codes('{ subjectRequests { id } }')).toEqual(['FORBIDDEN'])
  expect(
    await codes(
      'mutation { liftSuppression(identifiers: [{ kind: EMAIL, value: "cem@example.com" }]) }',
    ),
  ).toEqual(['FORBIDDEN'])
  const restrict = (id: string) => `mutation { restrictProcessing(profile: "${id}") { accepted } }`
  expect(await codes(restrict(cem))).toEqual(['NOT_FOUND'])
  const opened = await openDsrAt(running, token, '/requests', 'POST', {})
  expect(opened.status).toBe(403)
})

test('what was handed on is on the trail, without the people it names', async () => {
  const entries = await running.entriesOf(async () => {
    await narrowed(whole, { authorization_details: details({ subjects: [idOf('Ana')] }) })
  })
  expect(entries).toMatchObject([
    { outcome: 'permit', action: { action: 'token.issue', subjects: 1 } },
  ])
  expect(JSON.stringify(entries)).not.toContain(idOf('Ana'))
  expect(running.lines.join('')).not.toContain(idOf('Ana'))
})

test('a token ends with the one that it was made from, and all of them with the client', async () => {
  const { body } = await narrowed(narrow, { authorization_details: details({}) })
  const made = String(body.access_token)
  const ask = async (token: string) =>
    (await running.ask(as(token), `{ profile(id: "${idOf('Ana')}") { id } }`)).status
  const { tokenId } = await running.gateway.authenticator.authenticate({
    bearer: narrow,
    visitorCookie: null,
  })
  expect([await ask(whole), await ask(narrow), await ask(made)]).toEqual([200, 200, 200])
  await running.gateway.stores.clients.revokeToken(tokenId, Date.now())
  expect([await ask(whole), await ask(narrow), await ask(made)]).toEqual([200, 401, 401])
  await running.gateway.clients.revoke('acme')
  expect(await ask(whole)).toBe(401)
  expect((await narrowed(whole, {})).status).toBe(401)
})
