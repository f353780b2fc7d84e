import type { TrustedDocument } from '../../src/domain/access/trusted-document.ts'
import { PostgresTrustedDocumentStore } from '../../src/outbound/postgres/trusted-document-store.ts'
import type { FreshDatabase } from './fresh-database.ts'

const document = (more: Partial<TrustedDocument> = {}): TrustedDocument => ({
  clientId: 'acme',
  hash: 'a'.repeat(64),
  text: '{ viewer { client } } # "quotes", back\\slashes, \u{1F511}',
  operations: ['One', 'Two'],
  purpose: 'PARTNER_SHARING',
  registeredAt: 1_700_000_000_000,
  ...more,
})

export function trustedDocumentStoreContract(
  adapter: string,
  fresh: () => Promise<FreshDatabase>,
): void {
  describe(`the trusted documents on ${adapter}`, () => {
    let db: FreshDatabase
    let store: PostgresTrustedDocumentStore

    beforeAll(async () => {
      db = await fresh()
      store = new PostgresTrustedDocumentStore(db.database)
    })
    beforeEach(async () => {
      await db.database.query('TRUNCATE trusted_document')
    })
    afterAll(async () => {
      await db.drop()
    })

    test('are kept as they were registered, each for its client', async () => {
      const other = document({ hash: 'b'.repeat(64), operations: [], purpose: null })
      await store.register([document(), other])
      expect(await store.find('acme', document().hash)).toEqual(document())
      expect(await store.find('acme', other.hash)).toEqual(other)
      expect(await store.find('globex', other.hash)).toBeNull()
    })

    test('are registered all together or not at all', async () => {
      const broken = document({ hash: 'b'.repeat(64), text: null as never })
      await expect(store.register([document(), broken])).rejects.toThrow()
      expect(await store.list(null)).toEqual([])
    })

    test('take the purpose with which they are registered last', async () => {
      await store.register([document()])
      const again = document({ purpose: 'ANALYTICS', registeredAt: 1_700_000_000_001 })
      await store.register([again])
      expect(await store.list('acme')).toEqual([again])
    })

    test('are listed by client, oldest first, and removed one by one', async () => {
      const late = document({ hash: '0'.repeat(64), registeredAt: 1_700_000_000_001 })
      const foreign = document({ clientId: 'globex' })
      await store.register([foreign, late, document()])
      expect(await store.list(null)).toEqual([document(), late, foreign])
      expect(await store.list('globex')).toEqual([foreign])
      expect(await store.remove('acme', late.hash)).toBe(true)
      expect(await store.remove('acme', late.hash)).toBe(false)
      expect(await store.list(null)).toEqual([document(), foreign])
    })
  })
}
