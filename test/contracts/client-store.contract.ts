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

    test('keeps every property of a client, and replaces them when it is saved again', async () => {
      await store.save(client(), 'hash')
      expect(await store.find('partnerAcme')).toEqual({ ...client(), secretHash: 'hash' })
      const changed = client({
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
      await store.save(changed, null)
      expect(await store.find('partnerAcme')).toEqual({ ...changed, secretHash: null })
      await store.save(client({ id: 'another' }), null)
      expect((await store.list()).map(({ id }) => id)).toEqual(['partnerAcme', 'another'])
      expect(JSON.stringify(await store.list())).not.toContain('secretHash')
      expect(await store.find("' OR true --")).toBeNull()
    })

    test('replaces the hash of a secret only where it is still the one that was read', async () => {
      await store.save(client(), 'weak')
      await store.replaceSecretHash('partnerAcme', 'weak', 'strong')
      expect(await store.find('partnerAcme')).toEqual({ ...client(), secretHash: 'strong' })
      await store.replaceSecretHash('partnerAcme', 'weak', 'late')
      await store.replaceSecretHash('nobody', 'strong', 'late')
      expect((await store.find('partnerAcme'))?.secretHash).toBe('strong')
    })

    test('finds a token by its hash together with its client, in one statement', async () => {
      await store.save(client(), 'hash')
      const stored = token({ expiresAt: 1_700_000_100_000 })
      await store.addToken(stored)
      const before = db.statements.length
      const found = await store.findToken(stored.hash)
      expect(db.statements.length - before).toBe(1)
      expect(found?.client).toEqual(client())
      expect(found?.token).toEqual({ ...stored, hash: Buffer.from(stored.hash) })
      expect(await store.findToken(randomBytes(32))).toBeNull()
    })

    test('takes neither the same token twice nor two tokens of one hash', async () => {
      const stored = token()
      await store.addToken(stored)
      await expect(store.addToken({ ...stored, hash: randomBytes(32) })).rejects.toThrow()
      await expect(store.addToken({ ...stored, id: 'token-2' })).rejects.toThrow()
    })

    test('revokes once, stored tokens and signed ones alike', async () => {
      await store.save(client(), null)
      const stored = token()
      await store.addToken(stored)
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

    test('revokes all tokens of a client but one, and counts those that were valid', async () => {
      for (const id of ['a', 'b', 'c', 'expired'])
        await store.addToken(token({ id, expiresAt: id === 'expired' ? 10 : null }))
      await store.addToken(token({ id: 'foreign', clientId: 'partnerGlobex' }))
      await store.revokeToken('b', 5)
      expect(await store.revokeTokensOf('partnerAcme', 'a', 20)).toBe(1)
      const revoked = await Promise.all(['a', 'b', 'c', 'foreign'].map((id) => store.isRevoked(id)))
      expect(revoked).toEqual([false, true, true, false])
      expect(await store.revokeTokensOf('partnerAcme', null, 30)).toBe(1)
      expect(await store.isRevoked('a')).toBe(true)
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
      expect(await store.countUse('partnerAcme', 'denial', '2026-02-01')).toBe(1)
      expect(await store.countUse('partnerAcme', 'guess', day)).toBe(1)
      expect(await store.countUse('partnerGlobex', 'denial', day)).toBe(1)
      await gateway.close()
    })
  })
}
