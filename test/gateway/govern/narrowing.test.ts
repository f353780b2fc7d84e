import fc from 'fast-check'
import type { Principal, Scope } from '../../../src/domain/access/principal.ts'
import { coveredByAny } from '../../../src/domain/privacy/categories.ts'
import { ACCESS_TOKEN } from '../../../src/gateway/govern/tokens.ts'
import { IDENTIFIER_TYPE } from '../../../src/gateway/govern/vouched-people.ts'
import type { SubjectId } from '../../../src/kernel/ids.ts'
import { MINUTE, SECOND } from '../../../src/kernel/time.ts'
import { AccessHouse } from '../access-house.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const SCOPES: readonly Scope[] = ['profile:read', 'profile:lookup', 'profile:search', 'audit:read']
const CATEGORIES = ['user.account', 'user.account.plan', 'user.name', 'user.contact.email']

let house: AccessHouse
let officerKey: string
let officerSecret: string
let shopKey: string
let feedKey: string
let ana: SubjectId
const people: string[] = []

beforeAll(async () => {
  house = await AccessHouse.open()
  const limited = { scopes: SCOPES, categories: ['user.account', 'user.name'], lookupsPerDay: 50 }
  const officer = await house.client('officer', 'support', limited, true)
  officerKey = officer.key
  officerSecret = officer.secret ?? ''
  shopKey = (await house.client('shop', 'frontend')).key
  feedKey = (await house.client('feed', 'ingest')).key
  ana = await house.newPerson('email ana@example.com')
  for (const person of [ana, await house.newPerson(), await house.newPerson()])
    people.push(house.audiences.of('officer').of(person))
})

type Form = Readonly<Record<string, string>>
const details = (more: object) => JSON.stringify([{ type: 'bauta', ...more }])

async function granted(form: Form, secret: { clientId: string; secret: string } | null, key = '') {
  const requestId = 'r'
  const map = new Map(Object.entries(form))
  return await house.tokens.grant({
    requestId,
    form: map,
    proof: { secret, bearer: secret ? null : key, possession: null },
    binding: null,
  })
}
const whole = async (form: Form = {}) =>
  await granted(
    { grant_type: 'client_credentials', ...form },
    { clientId: 'officer', secret: officerSecret },
  )
const narrowed = async (token: string, form: Form = {}, key = officerKey) =>
  await granted(
    { grant_type: EXCHANGE, subject_token: token, subject_token_type: ACCESS_TOKEN, ...form },
    null,
    key,
  )
const forAna = async (form: Form = {}, key = feedKey) =>
  await granted(
    {
      grant_type: EXCHANGE,
      subject_token: 'ana@example.com',
      subject_token_type: `${IDENTIFIER_TYPE}email`,
      audience: 'shop',
      ...form,
    },
    null,
    key,
  )
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
const refused = (code: string) => expect.objectContaining({ code })

/** Whether all that the later one may do, the earlier one might. */
function isWithin(later: Principal, earlier: Principal): boolean {
  const subset = (one: Iterable<string> | null, other: Iterable<string> | null) =>
    other === null || (one !== null && [...one].every((each) => [...other].includes(each)))
  const most = (value: number | null) => value ?? Number.POSITIVE_INFINITY
  const [client, before] = [later.client, earlier.client]
  return (
    subset(later.scopes, earlier.scopes) &&
    subset(later.purposes, earlier.purposes) &&
    subset(later.subjects, earlier.subjects) &&
    subset(client.segments, before.segments) &&
    (client.categories ?? ['']).every((one) => coveredByAny(before.categories ?? [''], one)) &&
    most(client.lookupsPerDay) <= most(before.lookupsPerDay) &&
    most(client.requestsPerMinute) <= most(before.requestsPerMinute) &&
    most(later.expiresAt) <= most(earlier.expiresAt)
  )
}

describe('a token made of another', () => {
  const listOf = <T extends string>(names: readonly T[]) =>
    fc.option(fc.subarray([...names], { minLength: 1 }), { nil: undefined })
  const asked = fc.record({
    scope: listOf(SCOPES).map((list) => (list ? { scope: list.join(' ') } : {})),
    details: fc
      .record({
        purposes: listOf(['SERVICE']),
        datatypes: listOf(CATEGORIES),
        segments: listOf(['vip', 'new']),
        subjects: listOf([0, 1, 2].map(String)),
        budgets: fc.option(
          fc.record({ lookups_per_day: fc.nat(99), requests_per_minute: fc.nat(99) }),
          { nil: undefined },
        ),
      })
      .map(({ subjects, ...rest }) => ({
        ...rest,
        subjects: subjects?.map((at) => people[Number(at)]),
      })),
    seconds: fc.integer({ min: 0, max: 100 }),
  })

  test('never reaches further than that one, however long the chain', async () => {
    let steps = 0
    const chains = fc.array(asked, { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(chains, async (chain) => {
        let token = (await whole()).access_token
        let before = await house.authenticate(token)
        for (const { scope, details: more, seconds } of chain) {
          house.clock.pass(seconds * SECOND)
          const form = { ...scope, authorization_details: details(more) }
          const answer = await narrowed(token, form).catch(() => null)
          if (answer === null) continue
          token = answer.access_token
          const now = await house.authenticate(token)
          expect(isWithin(now, before)).toBe(true)
          expect(answer.scope).toBe([...now.scopes].join(' '))
          before = now
          steps++
        }
      }),
      { numRuns: 25 },
    )
    expect(steps).toBeGreaterThan(3)
  })

  test('names the people it is limited to', async () => {
    const [first = ''] = people
    const limited = async (subjects: string[]) => {
      const { access_token } = await whole({ authorization_details: details({ subjects }) })
      return (await house.authenticate(access_token)).subjects
    }
    expect(await limited([first])).toEqual([ana])
    expect(await limited([house.audiences.of('shop').of(ana)])).not.toEqual([ana])
  })

  test('ends with the one it was made of, at the latest', async () => {
    const { access_token, expires_in } = await whole()
    house.clock.pass(7 * MINUTE)
    const later = await narrowed(access_token)
    expect([expires_in, later.expires_in]).toEqual([600, 180])
    expect(claimsOf(later.access_token).exp).toBe(claimsOf(access_token).exp)
    house.clock.pass(3 * MINUTE)
    await expect(narrowed(access_token)).rejects.toEqual(refused('invalid_request'))
    await expect(house.authenticate(later.access_token)).rejects.toEqual(refused('UNAUTHENTICATED'))
  })

  test('is none any more when any of those before it was revoked', async () => {
    const [one, two, three] = await (async () => {
      const first = (await whole()).access_token
      const second = (await narrowed(first)).access_token
      return [first, second, (await narrowed(second)).access_token]
    })()
    await house.store.revokeToken(claimsOf(two).jti, house.clock.now())
    expect(await house.authenticate(one)).toMatchObject({ client: { id: 'officer' } })
    for (const token of [two, three]) {
      await expect(house.authenticate(token)).rejects.toEqual(refused('UNAUTHENTICATED'))
      await expect(narrowed(token)).rejects.toEqual(refused('invalid_request'))
    }
  })

  test('stays bound to the key that the other is bound to', async () => {
    const { access_token } = await whole()
    const claims = await house.signer.verify(access_token, house.clock.now())
    if (!claims) throw new Error('no claims')
    const bound = await house.signer.sign({ ...claims, jkt: 'thumbprint' })
    expect(claimsOf(bound).cnf).toEqual({ jkt: 'thumbprint' })
    const made = (await narrowed(bound)).access_token
    expect(claimsOf(made).cnf).toEqual({ jkt: 'thumbprint' })
    const held = await house.signer.verify(made, house.clock.now())
    expect(held).toMatchObject({ jkt: 'thumbprint', madeFrom: [claims.jti] })
  })

  test('can not be made of a key, of another client’s token, or for another client', async () => {
    const { access_token } = await whole()
    await expect(narrowed(officerKey)).rejects.toEqual(refused('invalid_request'))
    await expect(narrowed(access_token, {}, shopKey)).rejects.toEqual(refused('invalid_request'))
    await expect(narrowed(access_token, { audience: 'shop' })).rejects.toEqual(
      refused('invalid_target'),
    )
  })

  test('can not be made without end', async () => {
    let token = (await whole()).access_token
    for (let time = 0; time < 4; time++) token = (await narrowed(token)).access_token
    await expect(narrowed(token)).rejects.toEqual(refused('invalid_request'))
  })

  test.each([
    ['no JSON', '{'],
    ['another type', '[{"type":"payment"}]'],
    ['what is not known', details({ purpose: ['SERVICE'] })],
    ['far too much', details({ subjects: ['p'.repeat(9_000)] })],
    ['deep nesting', `${'['.repeat(7_000)}${']'.repeat(7_000)}`],
    ['a purpose that the client does not have', details({ purposes: ['MARKETING'] })],
    ['a wider category', details({ datatypes: ['user'] })],
    ['a misspelt category', details({ datatypes: ['user.account.plam'] })],
    ['a person who is none', details({ subjects: ['p1zz'] })],
    ...['purposes', 'datatypes', 'segments', 'subjects'].map((all) => [
      all,
      details({ [all]: [] }),
    ]),
    ['a budget of no requests', details({ budgets: { requests_per_minute: 0 } })],
  ])('is refused where the details hold %s', async (_what, authorization_details) => {
    await expect(whole({ authorization_details })).rejects.toEqual(
      refused('invalid_authorization_details'),
    )
  })
})

describe('a token for a person', () => {
  test('can be narrowed by its front end, and tells who vouched for whom', async () => {
    const { access_token } = await forAna({ authorization_details: details({ segments: ['vip'] }) })
    const narrow = {
      scope: 'profile:read',
      authorization_details: details({ datatypes: ['user'] }),
    }
    const made = (await narrowed(access_token, narrow, shopKey)).access_token
    expect(claimsOf(made)).toMatchObject({
      sub: claimsOf(access_token).sub,
      client_id: 'shop',
      roles: ['frontend'],
      scope: 'profile:read',
      act: { sub: 'shop', act: { sub: 'feed' } },
      authorization_details: [{ type: 'bauta', datatypes: ['user'], segments: ['vip'] }],
    })
    const principal = await house.authenticate(made)
    expect(principal).toMatchObject({ subject: ana, roles: ['frontend'] })
    expect(principal.client).toMatchObject({ segments: ['vip'], categories: ['user'] })
    const again = (await narrowed(made, {}, shopKey)).access_token
    expect(claimsOf(again).act).toEqual({ sub: 'shop', act: { sub: 'feed' } })
  })

  test('that is limited to somebody else acts for nobody', async () => {
    const { access_token } = await forAna()
    const subjects = [house.audiences.of('shop').of(await house.newPerson())]
    const form = { authorization_details: details({ subjects }) }
    const made = await narrowed(access_token, form, shopKey)
    await expect(house.authenticate(made.access_token)).rejects.toEqual(refused('UNAUTHENTICATED'))
  })

  test('is no credential at the token endpoint, also where it is narrowed', async () => {
    const { access_token } = await forAna()
    await expect(narrowed(access_token, {}, access_token)).rejects.toEqual(
      refused('invalid_client'),
    )
  })

  test('is not made with a token that is limited: it would reach further', async () => {
    const { secret } = await house.client('crm', 'ingest', {}, true)
    const own = { clientId: 'crm', secret: secret ?? '' }
    const limited = await granted(
      {
        grant_type: 'client_credentials',
        authorization_details: details({ subjects: [people[1]] }),
      },
      own,
    )
    expect(limited.scope).not.toContain('tokens:exchange')
    await expect(forAna({}, limited.access_token)).rejects.toEqual(refused('unauthorized_client'))
    const free = await granted({ grant_type: 'client_credentials' }, own)
    expect((await forAna({}, free.access_token)).expires_in).toBe(60)
  })
})

test('a role that a client loses is gone from its tokens, and one that it gains is neither in them nor in what is made of them', async () => {
  const { secret } = await house.client('both', 'support', {}, true)
  const { access_token } = await granted(
    { grant_type: 'client_credentials' },
    { clientId: 'both', secret: secret ?? '' },
  )
  const found = await house.store.find('both')
  if (!found) throw new Error('no client')
  const { secretHash, ...client } = found
  await house.store.save({ ...client, roles: ['compliance', 'support'] }, secretHash)
  expect((await house.authenticate(access_token)).roles).toEqual(['support'])
  const form = {
    grant_type: EXCHANGE,
    subject_token: access_token,
    subject_token_type: ACCESS_TOKEN,
  }
  const made = await granted(form, { clientId: 'both', secret: secret ?? '' })
  expect((await house.authenticate(made.access_token)).roles).toEqual(['support'])
  await house.store.save({ ...client, roles: ['compliance'] }, secretHash)
  expect((await house.authenticate(access_token)).roles).toEqual([])
})
