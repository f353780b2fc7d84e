import type { Client } from '../../../src/domain/access/principal.ts'
import type { ClientDraft } from '../../../src/gateway/govern/client-draft.ts'
import { Clients } from '../../../src/gateway/govern/clients.ts'
import { Recorder } from '../../../src/gateway/scope/recorder.ts'
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

  test.each(['user', 'user.contact', 'user.contact.email', 'user.derived'])(
    'may be limited to %s, which the policy names or has names below',
    async (category) => {
      const { client } = await house.client('desk', 'support', { categories: [category] })
      expect(client.categories).toEqual([category])
    },
  )

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
    ['a name with a NUL', { name: 'De\0sk' }, /name/],
    ['a name with half a character', { name: 'De\ud800sk' }, /name/],
    ['an unknown category', { categories: ['weather'] }, /category "weather"/],
    ['a misspelt category below a known one', { categories: ['user.nmae'] }, /"user.nmae"/],
    ['a category below all that are named', { categories: ['user.name.first'] }, /category/],
    ['no key of a segment', { segments: ['vip', '\0vip'] }, /segment/],
    ['a segment by its name', { segments: ['Big spenders'] }, /segment/],
    ['a write key without writing', { writeKey: 'server' }, /write keys/],
    ['a write key of another kind', { writeKey: 'secret' }, /public.*or server/],
    ['half a look-up', { lookupsPerDay: 0.5 }, /whole number/],
    ['a budget of no requests', { requestsPerMinute: 0 }, /from 1/],
    ['a negative budget of cost', { costPerMinute: -1 }, /from 1/],
    ['a budget beyond counting', { costPerMinute: 2 ** 31 }, /from 1/],
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

  const noOrigins = [
    'http://shop.example',
    'https://shop.example/',
    'https://shop.example/path',
    'https://SHOP.example',
    'https://user@shop.example',
    'https://*.shop.example',
    'https://shop.example:443',
    'http://127.0.0.1.shop.example',
    'shop.example',
    'null',
    '*',
    '',
  ]
  test.each(noOrigins)('is refused with the origin "%s"', async (origin) => {
    const attempt = house.client('shop', 'frontend', { origins: ['https://a.example', origin] })
    await expect(attempt).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })

  test('takes origins as browsers write them, each once', async () => {
    const origins = ['https://shop.example', 'https://shop.example:8443', 'http://localhost:3000']
    const { client } = await house.client('shop', 'frontend', {
      origins: [...origins, ...origins],
      requestsPerMinute: 1,
      costPerMinute: 1_000_000_000,
    })
    expect(client).toMatchObject({ origins, requestsPerMinute: 1, costPerMinute: 1_000_000_000 })
  })

  test('that may send any query is not registered in production', async () => {
    const { store, hasher, policy, clock } = house
    const recorder = new Recorder({ append: async () => {} }, clock, randomness, policy.version)
    const parts = { store, hasher, policy, recorder, clock, randomness, mayBeAdhoc: false }
    const clients = new Clients(parts)
    const draft = { id: 'acme', name: 'Acme', roles: ['partner'] }
    await expect(clients.create({ ...draft, adhoc: true })).rejects.toThrow(/production/)
    expect((await clients.create(draft)).client.adhoc).toBe(false)
  })

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

  /** Clients that somebody else is faster than: `meanwhile` happens once a change stands on the trail, before it holds. */
  const outrun = (meanwhile: () => Promise<unknown>) => {
    const { store, hasher, policy, clock } = house
    const entries: unknown[] = []
    const append = async (leaves: readonly { bytes: Uint8Array }[]) => {
      for (const { bytes } of leaves) entries.push(JSON.parse(Buffer.from(bytes).toString()))
      if (entries.length === 1) await meanwhile()
    }
    const recorder = new Recorder({ append }, clock, randomness, policy.version)
    const parts = { store, hasher, policy, recorder, clock, randomness, mayBeAdhoc: false }
    return { clients: new Clients(parts), entries }
  }

  test.each([false, true])(
    'that is revoked while it gets a key stays revoked (secret: %s)',
    async (withSecret) => {
      const first = await house.client('feed', 'ingest', {}, withSecret)
      const before = await house.store.find('feed')
      const { clients, entries } = outrun(() => house.clients.revoke('feed'))
      await expect(clients.rotate('feed')).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await house.store.find('feed')).toEqual({ ...before, disabledAt: expect.any(Number) })
      await expect(house.authenticate(first.key)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
      expect(entries).toMatchObject([
        { outcome: 'permit', action: { action: 'client.rotate', client: 'feed' } },
        { outcome: 'deny', code: 'CONFLICT', action: { action: 'client.rotate', client: 'feed' } },
      ])
    },
  )

  test('that gets its id while another asks for it keeps it', async () => {
    const { clients, entries } = outrun(() => house.client('desk', 'support'))
    const late = clients.create({ id: 'desk', name: 'Other', roles: ['admin'] })
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await house.store.find('desk')).toMatchObject({ name: 'desk', roles: ['support'] })
    expect(entries).toMatchObject([{ outcome: 'permit' }, { outcome: 'deny', code: 'CONFLICT' }])
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

describe('somebody who is limited', () => {
  const limited = async (limits: Partial<ClientDraft>, subjects: string[] | null = null) => {
    const { client } = await house.client('boss', 'admin', limits)
    return { limits: { client, subjects } }
  }
  const LIMITS = {
    categories: ['user.location'],
    segments: ['vip', 'pros'],
    lookupsPerDay: 10,
    requestsPerMinute: 100,
    costPerMinute: 1_000,
  }
  const draft = { id: 'acme', name: 'Acme', roles: ['partner'] }

  test('hands on the limits that a draft leaves open', async () => {
    const by = await limited(LIMITS)
    expect((await house.clients.create(draft, {}, by)).client).toMatchObject(LIMITS)
  })

  test('may limit others further', async () => {
    const by = await limited(LIMITS)
    const further = {
      categories: ['user.location.city'],
      segments: ['vip'],
      lookupsPerDay: 0,
      requestsPerMinute: 1,
      costPerMinute: 999,
    }
    const { client } = await house.clients.create({ ...draft, ...further }, {}, by)
    expect(client).toMatchObject(further)
  })

  const lifted: readonly Partial<ClientDraft>[] = [
    { categories: ['user'] },
    { categories: ['user.location', 'user.name'] },
    { segments: ['vip', 'others'] },
    { lookupsPerDay: 11 },
    { requestsPerMinute: 101 },
    { costPerMinute: 1_001 },
  ]
  test.each(lifted)('is refused a client that would have %j', async (more) => {
    const by = await limited(LIMITS)
    await expect(house.clients.create({ ...draft, ...more }, {}, by)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    expect(await house.store.find('acme')).toBeNull()
  })

  test('is not shown a new key of anybody less limited, and may still revoke them', async () => {
    const { key } = await house.client('acme', 'partner')
    for (const limits of [{ segments: ['vip'] }, { categories: ['user'] }, { lookupsPerDay: 1 }]) {
      const by = { limits: { client: { ...(await bare()), ...limits }, subjects: null } }
      await expect(house.clients.rotate('acme', {}, by)).rejects.toMatchObject({
        code: 'FORBIDDEN',
      })
    }
    await expect(house.authenticate(key)).resolves.toMatchObject({ client: { id: 'acme' } })
    await house.clients.revoke('acme', await limited({ segments: ['vip'] }))
    await expect(house.authenticate(key)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('to single people registers nobody, because registrations can not be', async () => {
    const by = await limited({}, ['somebody'])
    await expect(house.clients.create(draft, {}, by)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  const bare = async () => {
    const { secretHash: _, ...client } = (await house.store.find('acme')) ?? { secretHash: null }
    return client as Client
  }
})
