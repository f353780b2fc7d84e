import { NextAnswer } from '../../../src/gateway/scope/next-answer.ts'
import { DAY, MINUTE } from '../../../src/kernel/time.ts'
import { AccessHouse } from '../access-house.ts'

let house: AccessHouse
beforeEach(async () => {
  house = await AccessHouse.open()
})

/** A token with which the client acts for the person. */
async function personToken(clientId: string, subject: string, lifetime = MINUTE): Promise<string> {
  const client = await house.store.find(clientId)
  if (!client) throw new Error('no such client')
  const response = await house.tokens.forPerson(
    { client, subject, scopes: client.scopes, lifetime, requestId: 'r' },
    { clientId: 'ingest', userPseudonym: null, roles: ['ingest'], tokenJti: null, cnfJkt: null },
  )
  return response.access_token
}

describe('a principal', () => {
  test('of the staff has the roles, scopes and purposes of its registration', async () => {
    const { key } = await house.client('support', 'support', { purposes: ['SERVICE'] })
    const principal = await house.authenticate(key)
    expect(principal).toMatchObject({
      roles: ['support'],
      subject: null,
      defaultPurpose: 'SERVICE',
      expiresAt: null,
    })
    expect([...principal.purposes]).toEqual(['SERVICE'])
    expect(principal.scopes.has('profile:lookup')).toBe(true)
  })

  test('declares no purpose that policy took from its role after it was registered', async () => {
    const { client, key } = await house.client('support', 'support')
    const purposes = ['SERVICE', 'MARKETING', 'GONE']
    await house.store.save({ ...client, purposes, defaultPurpose: 'MARKETING' }, null)
    const principal = await house.authenticate(key)
    expect([...principal.purposes]).toEqual(['SERVICE'])
    expect(principal.defaultPurpose).toBeNull()
  })

  test('that is a front end acts for the person of its signed token, and as long as that lasts', async () => {
    await house.client('shop', 'frontend')
    const person = await house.newPerson()
    const principal = await house.authenticate(await personToken('shop', person))
    expect(principal).toMatchObject({ roles: ['frontend'], subject: person })
    expect(principal.expiresAt).toBe(house.clock.now() + MINUTE)
  })

  test('that is a front end alone is an unknown visitor, with the reach of one', async () => {
    const { key } = await house.client('shop', 'frontend')
    const principal = await house.authenticate(key)
    expect(principal).toMatchObject({ roles: ['visitor'], subject: null })
    expect(principal.scopes.has('profile:contact')).toBe(false)
  })

  test('that is a front end with a cookie acts for that visitor', async () => {
    const { key, client } = await house.client('shop', 'frontend')
    const visitor = await house.newPerson()
    const { value } = house.cookies.issue(client, visitor, house.clock.now())
    expect(await house.authenticate(key, value)).toMatchObject({
      roles: ['visitor'],
      subject: visitor,
    })
  })

  test('signed in does not become the visitor of a cookie that came along', async () => {
    const { client } = await house.client('shop', 'frontend')
    const [person, visitor] = [await house.newPerson(), await house.newPerson()]
    const { value } = house.cookies.issue(client, visitor, house.clock.now())
    const principal = await house.authenticate(await personToken('shop', person), value)
    expect(principal).toMatchObject({ roles: ['frontend'], subject: person })
  })

  test('reads their own data with the role subject', async () => {
    await house.client('self', 'subject')
    const person = await house.newPerson()
    expect(await house.authenticate(await personToken('self', person))).toMatchObject({
      roles: ['subject'],
      subject: person,
    })
  })

  test('has no more scopes than its token, and no more than its client has by now', async () => {
    const { client } = await house.client('shop', 'frontend')
    const token = await personToken('shop', await house.newPerson())
    await house.store.save({ ...client, scopes: ['profile:read', 'audit:read'] }, null)
    expect([...(await house.authenticate(token)).scopes]).toEqual(['profile:read'])
  })
})

describe('a token is refused', () => {
  const refused = expect.objectContaining({ code: 'UNAUTHENTICATED' })

  test('where there is none', async () => {
    await expect(house.authenticate(null)).rejects.toEqual(refused)
  })

  test.each(['', 'x', 'bauta_', `bauta_${'0'.repeat(36)}`, 'a.b.c', '..', 'null'])(
    'without any question to the database where it is malformed: %p',
    async (token) => {
      await expect(house.authenticate(token)).rejects.toEqual(refused)
      expect(house.store.lookUps).toBe(0)
    },
  )

  test('once its client was revoked, from the very next request', async () => {
    const { key } = await house.client('support', 'support')
    await house.authenticate(key)
    await house.clients.revoke('support')
    await expect(house.authenticate(key)).rejects.toEqual(refused)
  })

  test('once it was replaced, from the very next request', async () => {
    const { key } = await house.client('support', 'support')
    const { key: next } = await house.clients.rotate('support')
    await expect(house.authenticate(key)).rejects.toEqual(refused)
    await expect(house.authenticate(next)).resolves.toMatchObject({ client: { id: 'support' } })
  })

  test('once its own id was revoked, though it is signed and not expired', async () => {
    await house.client('shop', 'frontend')
    const token = await personToken('shop', await house.newPerson())
    const { tokenId } = await house.authenticate(token)
    await house.store.revokeToken(tokenId, house.clock.now())
    await expect(house.authenticate(token)).rejects.toEqual(refused)
  })

  test('once it expired, though it was believed a moment before', async () => {
    await house.client('shop', 'frontend')
    const token = await personToken('shop', await house.newPerson())
    house.clock.pass(MINUTE - 1)
    await house.authenticate(token)
    house.clock.pass(1)
    await expect(house.authenticate(token)).rejects.toEqual(refused)
    const { key } = await house.clients.create(
      { id: 'passing', name: 'passing', roles: ['support'] },
      { keyExpiresAt: house.clock.now() + DAY },
    )
    await house.authenticate(key)
    house.clock.pass(DAY)
    await expect(house.authenticate(key)).rejects.toEqual(refused)
  })

  test('in the same words whatever the cause', async () => {
    const { key } = await house.client('support', 'support')
    await house.clients.revoke('support')
    const messages = new Set<string>()
    for (const token of [key, 'nonsense', 'a.b.c', `${key.slice(0, -1)}!`])
      await house.authenticate(token).catch((error: Error) => messages.add(error.message))
    expect([...messages]).toEqual(['The token is not valid.'])
  })
})

describe('a look-up for many', () => {
  test('never gives an answer that was asked for before the question came', async () => {
    const open: ((value: number) => void)[] = []
    const answers = new NextAnswer<number>(() => new Promise((resolve) => open.push(resolve)))
    const first = answers.to('token')
    const [second, third] = [answers.to('token'), answers.to('token')]
    expect(open).toHaveLength(1)
    open[0]?.(1)
    expect(await first).toBe(1)
    await new Promise(setImmediate)
    expect(open).toHaveLength(2)
    open[1]?.(2)
    expect(await Promise.all([second, third])).toEqual([2, 2])
  })

  test('asks again after a failure, and forgets what nobody waits for', async () => {
    let asked = 0
    const answers = new NextAnswer<number>(async () => {
      if (++asked === 1) throw new Error('gone')
      return asked
    })
    const [first, second] = [answers.to('token'), answers.to('token')]
    await expect(first).rejects.toThrow('gone')
    expect(await second).toBe(2)
    await new Promise(setImmediate)
    expect(await answers.to('token')).toBe(3)
  })
})
