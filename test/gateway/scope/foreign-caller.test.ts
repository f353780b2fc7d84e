import type {
  ForeignToken,
  IdentityProvider,
} from '../../../src/domain/access/identity-provider.ts'
import { actorOf, byClient } from '../../../src/gateway/scope/actor.ts'
import type { Scope } from '../../../src/gateway/scope/scope.ts'
import { MINUTE } from '../../../src/kernel/time.ts'
import { AccessHouse } from '../access-house.ts'

const TOKEN = 'any.foreign.token'

let house: AccessHouse
beforeEach(async () => {
  house = await AccessHouse.open()
})

/** As if the provider had signed these claims. */
async function signedIn(
  people: IdentityProvider['people'],
  claims: ForeignToken['claims'],
  { clientId = 'shop', cookie = null as string | null } = {},
) {
  const provider: IdentityProvider = {
    issuer: 'https://id.example.com',
    audience: 'gateway',
    jwks: new URL('https://id.example.com/jwks'),
    algorithms: ['ES256'],
    type: 'at+jwt',
    clockTolerance: 0,
    clientId,
    people,
  }
  const expiresAt = house.clock.now() + MINUTE
  house.foreign = {
    read: async (token) => (token.startsWith(TOKEN) ? { provider, claims, expiresAt } : null),
  }
  return await house.authenticate(TOKEN, cookie)
}

const BY_ID = { person: { claim: 'sub', kind: 'userId' } } as const
const BY_EMAIL = { person: { claim: 'email', kind: 'email' } } as const
const STAFF = {
  roles: {
    claim: 'groups',
    roleOf: new Map([
      ['agents', 'support'],
      ['dpo', 'compliance'],
      ['numbers', 'analyst'],
    ]),
  },
}

describe('somebody with a token of the customer’s identity provider', () => {
  test('sees themselves, through the front end that stands for the provider', async () => {
    const { client } = await house.client('shop', 'frontend', { purposes: ['PERSONALIZATION'] })
    const person = await house.newPerson('userId u-1')
    const principal = await signedIn(BY_ID, { sub: 'u-1' })
    expect(principal).toMatchObject({
      client: { id: client.id, audience: 'shop' },
      roles: ['subject'],
      subject: person,
      expiresAt: house.clock.now() + MINUTE,
    })
    expect([...principal.purposes]).toEqual(['PERSONALIZATION'])
    expect(JSON.stringify(principal.tokenId)).not.toContain('u-1')
    expect(actorOf(principal, house.audiences).userPseudonym).toBe(
      house.audiences.of('audit').of(person),
    )
  })

  test('has no scope that the front end lacks', async () => {
    await house.client('shop', 'frontend', { scopes: ['segments:read', 'audit:read'] })
    await house.newPerson('userId u-1')
    expect([...(await signedIn(BY_ID, { sub: 'u-1' })).scopes]).toEqual(['segments:read'])
  })

  test('is nobody where they are not known here: a visitor without a name', async () => {
    await house.client('shop', 'frontend')
    const principal = await signedIn(BY_ID, { sub: 'u-2' })
    expect(principal).toMatchObject({ roles: ['visitor'], subject: null })
    expect(principal.scopes.has('profile:contact')).toBe(false)
  })

  test('is not known by an e-mail address or number that their provider has not verified', async () => {
    await house.client('self', 'subject')
    const [byMail, byPhone] = [
      await house.newPerson('email vic@example.com'),
      await house.newPerson('phone +4930123456'),
    ]
    const mail = async (email_verified: unknown) =>
      await signedIn(BY_EMAIL, { email: 'vic@example.com', email_verified }, { clientId: 'self' })
    expect((await mail(true)).subject).toBe(byMail)
    for (const said of [false, 'true', 1, undefined]) expect((await mail(said)).subject).toBeNull()
    const people = { person: { claim: 'phone_number', kind: 'phone' } } as const
    const phone = async (phone_number_verified: boolean) =>
      await signedIn(
        people,
        { phone_number: '+4930123456', phone_number_verified },
        { clientId: 'self' },
      )
    expect((await phone(true)).subject).toBe(byPhone)
    expect((await phone(false)).subject).toBeNull()
  })

  test.each([[['u-1']], [{ value: 'u-1' }], [7], [null], [undefined]])(
    'is nobody where the claim is %j',
    async (sub) => {
      await house.client('shop', 'frontend')
      await house.newPerson('userId u-1')
      expect((await signedIn(BY_ID, { sub })).subject).toBeNull()
    },
  )

  test('is refused once they are erased, though the index may still lead to them', async () => {
    await house.client('shop', 'frontend')
    const person = await house.newPerson('userId u-1')
    await house.keys.destroy([person])
    await expect(signedIn(BY_ID, { sub: 'u-1' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test.each(['support', 'partner', 'ingest'])(
    'is refused where their client is no front end but %s',
    async (role) => {
      await house.client('shop', role)
      await house.newPerson('userId u-1')
      await expect(signedIn(BY_ID, { sub: 'u-1' })).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      })
    },
  )

  test('is refused where their client is revoked or was never registered', async () => {
    await house.newPerson('userId u-1')
    await expect(signedIn(BY_ID, { sub: 'u-1' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await house.client('shop', 'frontend')
    await house.clients.revoke('shop')
    await expect(signedIn(BY_ID, { sub: 'u-1' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('is refused with a token that is bound to a key', async () => {
    await house.client('shop', 'frontend')
    await expect(signedIn(BY_ID, { sub: 'u-1', cnf: { jkt: 'x' } })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    })
  })

  test('is refused where it is a machine, called like a person', async () => {
    await house.client('shop', 'frontend')
    await house.newPerson('userId u-1')
    const claims = { sub: 'u-1', client_id: 'u-1' }
    await expect(signedIn(BY_ID, claims)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    const through = await signedIn(BY_ID, { ...claims, client_id: 'web' })
    expect(through.roles).toEqual(['subject'])
  })

  test('gets no tokens of ours in the name of their front end', async () => {
    await house.client('shop', 'frontend', { scopes: ['profile:read', 'tokens:exchange'] })
    await house.client('desk', 'support')
    const grant = async () =>
      await house.tokens.grant({
        requestId: 'r',
        form: new Map([['grant_type', 'client_credentials']]),
        proof: { secret: null, bearer: TOKEN, possession: null },
        binding: null,
      })
    await signedIn(BY_ID, { sub: 'nobody known' })
    await expect(grant()).rejects.toMatchObject({ code: 'invalid_client' })
    await signedIn(STAFF, { sub: 's-1', groups: 'agents' }, { clientId: 'desk' })
    await expect(grant()).rejects.toMatchObject({ code: 'invalid_client' })
  })
})

describe('somebody of the staff', () => {
  const STAFF_CLIENT = { roles: ['support', 'compliance'] }
  const asStaff = async (claims: ForeignToken['claims']) =>
    await signedIn(STAFF, claims, { clientId: 'desk' })

  test('has the roles that their groups stand for, within those of the staff’s client', async () => {
    await house.client('desk', 'support', STAFF_CLIENT)
    const roles = async (groups: unknown) => (await asStaff({ sub: 's-1', groups })).roles
    expect(await roles(['agents'])).toEqual(['support'])
    expect(await roles('dpo')).toEqual(['compliance'])
    expect(await roles(['dpo', 'agents', 'agents', 'football'])).toEqual(['compliance', 'support'])
    expect(await roles(['numbers', 'agents'])).toEqual(['support'])
  })

  test.each([['numbers'], [['football']], [[]], [undefined], [{ agents: true }], ['Agents']])(
    'is refused with the groups %j',
    async (groups) => {
      await house.client('desk', 'support', STAFF_CLIENT)
      await expect(asStaff({ sub: 's-1', groups })).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      })
    },
  )

  test('has scopes and purposes of these roles only, and the limits of the staff’s client', async () => {
    await house.client('desk', 'support', { ...STAFF_CLIENT, categories: ['user.location'] })
    const principal = await asStaff({ sub: 's-1', groups: ['agents'] })
    expect(principal.scopes.has('profile:contact')).toBe(true)
    expect(principal.scopes.has('audit:read')).toBe(false)
    expect([...principal.purposes]).not.toContain('COMPLIANCE')
    expect(principal.client.categories).toEqual(['user.location'])
  })

  test('is named in the trail, always alike and by no name', async () => {
    await house.client('desk', 'support', STAFF_CLIENT)
    const nameOf = async (sub: string) => {
      const principal = await asStaff({ sub, groups: ['agents'] })
      const { userPseudonym } = actorOf(principal, house.audiences)
      const scope = { principal, grant: { audience: 'desk' }, requestId: 'r' } as Scope
      expect(byClient(scope).actor.userPseudonym).toBe(userPseudonym)
      return userPseudonym
    }
    const [anna, again, ben] = [await nameOf('anna'), await nameOf('anna'), await nameOf('ben')]
    expect(anna).toMatch(/^staff-[\w-]{22}$/)
    expect(again).toBe(anna)
    expect(ben).not.toBe(anna)
    expect(anna).not.toContain('anna')
  })
})
