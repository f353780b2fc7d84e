import { randomBytes } from 'node:crypto'
import type { Client, StoredToken } from '../../src/domain/access/principal.ts'
import { PostgresClientStore } from '../../src/outbound/postgres/client-store.ts'
import type { FreshDatabase } from './fresh-database.ts'

const client = (changes: Partial<Client> = {}): Client => ({
  id: 'partnerAcme',
  name: 'Acme, Inc. {"quoted"}',
  roles: ['partner'],
  audience: 'acme',
  scopes: ['profile:read', 'profile:search'],
  purposes: ['PARTNER_SHARING'],
  defaultPurpose: 'PARTNER_SHARING',
  categories: null,
  segments: ['big', 'a,b'],
  writeKey: null,
  lookupsPerDay: 100,
  requestsPerMinute: null,
  costPerMinute: null,
  origins: [],
  adhoc: false,
  disabledAt: null,
  ...changes,
})

const token = (changes: Partial<StoredToken> = {}): StoredToken => ({
  id: 'token-1',
  hash: randomBytes(32),
  clientId: 'partnerAcme',
  createdAt: 1_700_000_000_123,
  expiresAt: null,
  revokedAt: null,
  ...changes,
})

export function clientStoreContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the client store on ${adapter}`, () => {
    let db: FreshDatabase
    let store: PostgresClientStore

    beforeAll(async () => {
      db = await fresh()
      store = new PostgresClientStore(db.database)
    })
    beforeEach(async () => {
      await db.database.query(
        'TRUNCATE client, access_token, revoked_token, lookup_budget, daily_use',
      )
    })
    afterAll(async () => {
      await db.drop()
    })

    test('keeps every property of a client', async () => {
      expect(await store.add(client(), 'hash', token())).toBe(true)
      expect(await store.find('partnerAcme')).toEqual({ ...client(), secretHash: 'hash' })
      const bare = client({
        id: 'another',
        name: 'Acme',
        categories: ['user.name'],
        segments: null,
        writeKey: 'public',
        lookupsPerDay: null,
        requestsPerMinute: null,
        costPerMinute: null,
        origins: [],
        adhoc: true,
        disabledAt: 1_700_000_000_001,
      })
      expect(await store.add(bare, null, token({ id: 'token-2', clientId: 'another' }))).toBe(true)
      expect(await store.find('another')).toEqual({ ...bare, secretHash: null })
      expect((await store.list()).map(({ id }) => id)).toEqual(['partnerAcme', 'another'])
      expect(JSON.stringify(await store.list())).not.toContain('secretHash')
      for (const id of ["' OR true --", '\0partnerAcme', 'partnerAcme\ud800', ''])
        expect(await store.find(id)).toBeNull()
    })

    test('replaces the hash of a secret only where it is still the one that was read', async () => {
      await store.add(client(), 'weak', token())
      await store.replaceSecretHash('partnerAcme', 'weak', 'strong')
      expect(await store.find('partnerAcme')).toEqual({ ...client(), secretHash: 'strong' })
      await store.replaceSecretHash('partnerAcme', 'weak', 'late')
      await store.replaceSecretHash('nobody', 'strong', 'late')
      expect((await store.find('partnerAcme'))?.secretHash).toBe('strong')
    })

    test('finds a token by its hash together with its client, in one statement', async () => {
      const stored = token({ expiresAt: 1_700_000_100_000 })
      await store.add(client(), 'hash', stored)
      const before = db.statements.length
      const found = await store.findToken(stored.hash)
      expect(db.statements.length - before).toBe(1)
      expect(found?.client).toEqual(client())
      expect(found?.token).toEqual({ ...stored, hash: Buffer.from(stored.hash) })
      expect(await store.findToken(randomBytes(32))).toBeNull()
    })

    test('takes neither the same token twice nor two tokens of one hash', async () => {
      const stored = token()
      await store.add(client(), null, stored)
      const other = client({ id: 'another' })
      for (const twice of [{ hash: randomBytes(32) }, { id: 'token-2' }]) {
        await expect(store.add(other, null, { ...stored, ...twice })).rejects.toThrow()
        await expect(store.renew({ ...stored, ...twice }, 'new')).rejects.toThrow()
      }
      expect(await store.find('another')).toBeNull()
      expect((await store.find('partnerAcme'))?.secretHash).toBeNull()
      expect(await store.isRevoked('token-1')).toBe(false)
    })

    test('revokes once, stored tokens and signed ones alike', async () => {
      const stored = token()
      await store.add(client(), null, stored)
      expect(await store.isRevoked('token-1')).toBe(false)
      expect(await store.revokeToken('token-1', 1_700_000_000_500)).toBe(true)
      expect(await store.revokeToken('token-1', 1_700_000_000_900)).toBe(false)
      expect((await store.findToken(stored.hash))?.token.revokedAt).toBe(1_700_000_000_500)
      expect(await store.revokeToken('signed', 1)).toBe(true)
      expect([await store.isRevoked('token-1'), await store.isRevoked('signed')]).toEqual([
        true,
        true,
      ])
      expect(await store.isRevoked('unknown')).toBe(false)
    })

    test('gives an id once, whoever else asks for it at the same time', async () => {
      const gateway = await db.connect()
      const other = new PostgresClientStore(gateway.database)
      const added = await Promise.all(
        Array.from({ length: 10 }, (_, n) => {
          const key = token({ id: `token-${n}`, hash: randomBytes(32) })
          return (n % 2 ? store : other).add(client({ roles: [`role-${n}`] }), `hash-${n}`, key)
        }),
      )
      expect(added.filter(Boolean)).toHaveLength(1)
      const first = added.indexOf(true)
      expect(await store.find('partnerAcme')).toMatchObject({
        roles: [`role-${first}`],
        secretHash: `hash-${first}`,
      })
      const keys = await db.database.query('SELECT id FROM access_token')
      expect(keys).toEqual([{ id: `token-${first}` }])
      await gateway.close()
    })

    test('lets a new key take the place of all older ones of its client', async () => {
      await store.add(client(), 'hash', token({ id: 'a' }))
      await store.add(client({ id: 'another' }), null, token({ id: 'b', clientId: 'another' }))
      expect(await store.renew(token({ id: 'c' }), 'new')).toBe(true)
      expect((await store.find('partnerAcme'))?.secretHash).toBe('new')
      expect(await store.renew(token({ id: 'd' }), null)).toBe(true)
      expect((await store.find('partnerAcme'))?.secretHash).toBe('new')
      const revoked = await Promise.all(['a', 'b', 'c', 'd'].map((id) => store.isRevoked(id)))
      expect(revoked).toEqual([true, false, true, false])
      expect(await store.renew(token({ id: 'e', clientId: 'nobody' }), null)).toBe(false)
    })

    test('disables a client with its tokens, once', async () => {
      const stored = token()
      await store.add(client(), 'hash', stored)
      expect(await store.disable('partnerAcme', 1_700_000_000_500)).toBe(true)
      expect(await store.disable('partnerAcme', 1_700_000_000_900)).toBe(false)
      expect(await store.disable('nobody', 1_700_000_000_900)).toBe(false)
      const found = await store.findToken(stored.hash)
      expect(found?.client.disabledAt).toBe(1_700_000_000_500)
      expect(found?.token.revokedAt).toBe(1_700_000_000_500)
      expect(await store.renew(token({ id: 'late', hash: randomBytes(32) }), 'late')).toBe(false)
      expect(await store.find('partnerAcme')).toMatchObject({ secretHash: 'hash' })
    })

    test('has no valid key left of a client that was disabled while its keys were renewed', async () => {
      const gateway = await db.connect()
      const other = new PostgresClientStore(gateway.database)
      for (let round = 0; round < 10; round++) {
        const id = `client-${round}`
        const key = (name: string) => token({ id: `${id} ${name}`, clientId: id })
        await store.add(client({ id }), 'hash', key('first'))
        const [, disabled] = await Promise.all([
          other.renew(key('second'), 'new'),
          store.disable(id, 1_700_000_000_500),
          other.renew(key('third'), 'newer'),
        ])
        expect(disabled).toBe(true)
        expect((await store.find(id))?.disabledAt).toBe(1_700_000_000_500)
      }
      const valid = await db.database.query('SELECT id FROM access_token WHERE revoked_at IS NULL')
      expect(valid).toEqual([])
      await gateway.close()
    })

    test('never spends more look-ups than the budget of the day, over all gateways', async () => {
      const gateway = await db.connect()
      const other = new PostgresClientStore(gateway.database)
      const spent = await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          (n % 2 ? store : other).spendLookup('partnerAcme', '2026-01-31', 10),
        ),
      )
      expect(spent.filter(Boolean)).toHaveLength(10)
      expect(await store.spendLookup('partnerAcme', '2026-02-01', 10)).toBe(true)
      expect(await store.spendLookup('partnerGlobex', '2026-01-31', 10)).toBe(true)
      expect(await store.spendLookup('nobody', '2026-01-31', 0)).toBe(false)
      await gateway.close()
    })

    test('counts the uses of a client, each once, by what was used and by day, over all gateways', async () => {
      const gateway = await db.connect()
      const other = new PostgresClientStore(gateway.database)
      const day = '2026-01-31'
      const counted = await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          (n % 2 ? store : other).countUse('partnerAcme', 'denial', day),
        ),
      )
      expect(counted.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
      expect(await store.usesOf('partnerAcme', 'denial', day)).toBe(30)
      expect(await store.usesOf('partnerAcme', 'denial', '2026-02-01')).toBe(0)
      expect(await store.countUse('partnerAcme', 'denial', '2026-02-01')).toBe(1)
      expect(await store.countUse('partnerAcme', 'guess', day)).toBe(1)
      expect(await store.countUse('partnerGlobex', 'denial', day)).toBe(1)
      await gateway.close()
    })
  })
}
