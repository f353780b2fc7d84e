import type { ClientDraft } from '../../../src/gateway/govern/clients.ts'
import { Clients } from '../../../src/gateway/govern/clients.ts'
import type { Recorder } from '../../../src/gateway/scope/recorder.ts'
import { randomness } from '../../clock-and-randomness.ts'
import { AccessHouse } from '../access-house.ts'

let house: AccessHouse
beforeEach(async () => {
  house = await AccessHouse.open()
})

describe('a client', () => {
  test('gets what its role usually has, and a budget where it is a partner', async () => {
    const { client, key, secret } = await house.client('acme', 'partner')
    expect(client).toMatchObject({
      id: 'acme',
      audience: 'acme',
      roles: ['partner'],
      purposes: ['PARTNER_SHARING'],
      defaultPurpose: 'PARTNER_SHARING',
      lookupsPerDay: 200,
      adhoc: false,
      disabledAt: null,
    })
    expect(client.scopes).toContain('profile:read')
    expect(key).toMatch(/^bauta_/)
    expect(secret).toBeNull()
  })

  test('that is a front end may declare what its visitors may', async () => {
    const { client } = await house.client('shop', 'frontend', { purposes: ['PERSONALIZATION'] })
    expect(client.purposes).toEqual(['PERSONALIZATION'])
  })

  const refused: readonly [string, Partial<ClientDraft>, RegExp][] = [
    ['an id with a slash', { id: 'a/b' }, /id/],
    ['an empty name', { name: ' ' }, /name/],
    ['no role', { roles: [] }, /role/],
    ['an unknown role', { roles: ['king'] }, /no role "king"/],
    ['the role of unknown visitors', { roles: ['visitor'] }, /frontend/],
    ['a front end that is also staff', { roles: ['frontend', 'support'] }, /can not be combined/],
    ['a partner that is also an analyst', { roles: ['analyst', 'partner'] }, /can not be combined/],
    ['an unknown scope', { scopes: ['everything'] }, /no scope "everything"/],
    ['a purpose of another role', { purposes: ['MARKETING'] }, /purpose "MARKETING"/],
    ['a default it may not declare', { defaultPurpose: 'MARKETING' }, /default purpose/],
    ['an unknown category', { categories: ['weather'] }, /category "weather"/],
    ['a write key without writing', { writeKey: 'server' }, /write keys/],
    ['half a look-up', { lookupsPerDay: 0.5 }, /whole number/],
  ]
  test.each(refused)(
    'is refused with %s, and nothing is written',
    async (_what, wrong, message) => {
      const draft = { id: 'desk', name: 'Desk', roles: ['support'], ...wrong }
      const attempt = house.clients.create(draft)
      await expect(attempt).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(message),
      })
      // Looking is an entry too, so the trail is looked at first.
      expect(house.entries).toEqual([])
      expect(await house.clients.list()).toEqual([])
    },
  )

  test('can not take the id of another', async () => {
    await house.client('desk', 'support')
    await expect(house.client('desk', 'support')).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('that does not exist or is revoked gets no key', async () => {
    await expect(house.clients.rotate('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await house.client('desk', 'support')
    await house.clients.revoke('desk')
    await expect(house.clients.rotate('desk')).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('that had a secret gets a new one with its new key', async () => {
    const first = await house.client('feed', 'ingest', {}, true)
    const second = await house.clients.rotate('feed')
    expect(second.secret).not.toBeNull()
    expect(second.secret).not.toBe(first.secret)
    const stored = await house.store.find('feed')
    expect(await house.hasher.verify(stored?.secretHash ?? null, second.secret ?? '')).toBe(true)
    expect(await house.hasher.verify(stored?.secretHash ?? null, first.secret ?? '')).toBe(false)
  })

  test('changes only when the change stands on the trail', async () => {
    house.auditWorks = false
    await expect(house.client('desk', 'support')).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    })
    expect(await house.store.list()).toEqual([])
    // Who looks at clients is on the trail as well.
    await expect(house.clients.list()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    house.auditWorks = true
    const { key } = await house.client('desk', 'support')
    house.auditWorks = false
    await expect(house.clients.revoke('desk')).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    await expect(house.authenticate(key)).resolves.toMatchObject({ client: { id: 'desk' } })
    house.auditWorks = true
    await house.clients.revoke('desk')
    expect(house.entries.map(({ action }) => action)).toMatchObject([
      { action: 'client.create', client: 'desk' },
      { action: 'client.revoke', client: 'desk' },
    ])
    expect(JSON.stringify(house.entries)).not.toContain(key)
  })
})

test('In production no client gets the mark with which partners may send documents of their own', async () => {
  const { store, hasher, policy, clock } = house
  const recorder = { recordAction: async () => '' } as unknown as Recorder
  const clients = new Clients({ store, hasher, policy, recorder, clock, randomness })
  const draft = { id: 'acme', name: 'Acme', roles: ['partner'] }
  await expect(clients.create({ ...draft, adhoc: true })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  })
  expect(await store.find('acme')).toBeNull()
  expect((await clients.create(draft)).client.adhoc).toBe(false)
})

describe('secrets', () => {
  test('are kept as argon2id at the recommended cost', async () => {
    expect(await house.hasher.hash('secret')).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
  })

  test('of nobody match nothing, not even the empty one', async () => {
    expect(await house.hasher.verify(null, '')).toBe(false)
  })

  test('are checked two at a time, and a crowd is sent away', async () => {
    const hash = await house.hasher.hash('secret')
    const crowd = Array.from({ length: 110 }, () => house.hasher.verify(hash, 'secret'))
    const outcomes = await Promise.allSettled(crowd)
    const count = (status: string) => outcomes.filter((one) => one.status === status).length
    expect(count('fulfilled')).toBe(102)
    expect(count('rejected')).toBe(8)
    expect(await house.hasher.verify(hash, 'secret')).toBe(true)
  })
})
