import fc from 'fast-check'
import { eventCategories, eventCategory } from '../../src/domain/privacy/event-category.ts'
import type { ReadColumn } from '../../src/domain/profiles/read-model.ts'
import { PostgresProfileStore } from '../../src/outbound/postgres/profile-store.ts'
import type { FreshDatabase } from './fresh-database.ts'
import { person, storeProfile, storeSubject } from './stored-profiles.ts'

const columns = (...names: ReadColumn[]): ReadonlySet<ReadColumn> => new Set(names)

export function profileStoreContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the profile store on ${adapter}`, () => {
    let db: FreshDatabase
    let store: PostgresProfileStore
    const counting = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
      const before = db.statements.length
      const result = await work()
      return [result, db.statements.length - before]
    }

    beforeAll(async () => {
      db = await fresh()
    })
    beforeEach(async () => {
      await db.database.query(
        'TRUNCATE subject, read_model, event, consent_record, identifier, consent_state, change',
      )
      store = new PostgresProfileStore(db.database)
    })
    afterAll(async () => {
      await db.drop()
    })

    test('loads any number of rows in one statement, with the columns asked for and no others', async () => {
      for (let n = 1; n <= 20; n++)
        await storeProfile(db.database, {
          id: person(n),
          location: { country: 'DE' },
          segments: ['big'],
          sealedEmail: Buffer.from([1, 2, n]),
        })
      const ids = Array.from({ length: 20 }, (_, n) => person(n + 1))
      await store.load(ids, columns('location', 'sealed_email'))
      const [rows, statements] = await counting(() =>
        store.load(ids, columns('location', 'sealed_email')),
      )
      expect(statements).toBe(1)
      expect([...rows.keys()].sort()).toEqual(ids)
      expect(rows.get(person(7))).toEqual({
        subjectId: person(7),
        kind: 'person',
        consent: {
          state: 'country=DE',
          until: null,
          later: [],
          records: { ANALYTICS: ['r1', 'record'] },
        },
        sealed: { sealed_email: Buffer.from([1, 2, 7]) },
        location: { country: 'DE' },
      })
      const limited = await store.load(ids, columns('segment_keys'))
      expect(limited.get(person(7))?.segmentKeys).toEqual(['big'])
      const bare = (await store.load(ids, columns('sealed_more'))).get(person(7))
      expect(bare).toMatchObject({ sealed: {}, sealedMore: { 'user.extra': 'AAAA' } })
      expect(bare).not.toHaveProperty('location')
    })

    test('gives a retired id the row of its survivor, under the id that was asked', async () => {
      await storeProfile(db.database, { id: person(1), location: { city: 'Oslo' } })
      await storeSubject(db.database, person(2), person(1))
      const ids = [person(1), person(2), person(3)]
      const rows = await store.load(ids, columns('location'))
      expect([...rows.keys()].sort()).toEqual([person(1), person(2)])
      expect(rows.get(person(2))).toEqual(rows.get(person(1)))
      expect(rows.get(person(2))?.subjectId).toBe(person(1))
      expect(await store.load([], columns())).toEqual(new Map())
    })

    test('knows consent states that another gateway has added since', async () => {
      await storeProfile(db.database, { id: person(1) })
      await store.load([person(1)], columns())
      const before = await store.consentStates()
      await storeProfile(db.database, { id: person(2), state: 'country=FR;restricted' })
      const row = (await store.load([person(2)], columns())).get(person(2))
      expect(row?.consent.state).toBe('country=FR;restricted')
      const after = await store.consentStates()
      expect([before.size, after.size]).toEqual([1, 2])
      expect(await store.consentStates()).toBe(after)
    })

    test('finds the root subject by blind index', async () => {
      await storeProfile(db.database, { id: person(1) })
      await storeSubject(db.database, person(2), person(1))
      await db.database.query(
        `INSERT INTO identifier VALUES ('email', $1, $2, true, now()), ('phone', $1, $3, true, now())`,
        [Buffer.from([9]), person(2), person(1)],
      )
      expect(await store.findByIdentifier('email', new Uint8Array([9]))).toBe(person(1))
      expect(await store.findByIdentifier('email', new Uint8Array([8]))).toBeNull()
      expect(await store.findByIdentifier('userId', new Uint8Array([9]))).toBeNull()
    })

    test('gives the newest events of each person over all their homes, page by page, in one statement', async () => {
      await storeSubject(db.database, person(1))
      await storeSubject(db.database, person(2), person(1))
      await storeSubject(db.database, person(3))
      for (let n = 0; n < 10; n++)
        await db.database.query(
          `INSERT INTO event (source, message_id, home_id, batch_id, name, occurred_at, received_at, item_id, value, properties)
           VALUES ('web', $1, $2, $3, 'Viewed', $4, now(), 'sku', 2.5, '{"a":1}')`,
          [
            `m${n}`,
            person(1 + (n % 3)),
            person(99),
            new Date(1_700_000_000_123 + Math.floor(n / 4)),
          ],
        )
      const ids = [person(1), person(2), person(3), person(4), person(1)]
      const [first, statements] = await counting(() =>
        store.timelines(ids, { limit: 3, before: null }),
      )
      expect(statements).toBe(1)
      const names = (id: string, pages = first) => pages.get(id)?.map(({ messageId }) => messageId)
      expect(names(person(1))).toEqual(['m9', 'm7', 'm6'])
      expect(names(person(2))).toEqual(['m9', 'm7', 'm6'])
      expect(names(person(3))).toEqual(['m8', 'm5', 'm2'])
      expect(names(person(4))).toEqual([])
      const last = first.get(person(1))?.at(-1)
      expect(last).toEqual({
        source: 'web',
        messageId: 'm6',
        name: 'Viewed',
        at: 1_700_000_000_124,
        itemId: 'sku',
        orderId: null,
        value: 2.5,
        properties: { a: 1 },
      })
      const next = await store.timelines([person(1)], { limit: 10, before: last ?? null })
      expect(names(person(1), next)).toEqual(['m4', 'm3', 'm1', 'm0'])
    })

    test('gives only events of the category that is asked for', async () => {
      await storeSubject(db.database, person(1))
      const word = fc.constantFrom(
        'order',
        'Order',
        'ORDER',
        'Refunded',
        'payment',
        'pre',
        'Viewed',
        'x',
        'K',
      )
      const name = fc
        .array(fc.oneof(word, fc.constantFrom(' ', '_', '9', '\n', 'é', 'ſ', '😀'), fc.string()), {
          minLength: 1,
        })
        .map((parts) => parts.join('').replaceAll('\0', ''))
      const names = [...new Set(fc.sample(name, 300))]
      await db.database.query(
        `INSERT INTO event (source, message_id, home_id, batch_id, name, occurred_at, received_at, value, properties)
         SELECT 'web', n::text, $1, $1, name, now(), now(), 0, '{}' FROM unnest($2::text[]) WITH ORDINALITY AS each (name, n)`,
        [person(1), names],
      )
      for (const only of eventCategories) {
        const page = { limit: 1_000, before: null, only }
        const given = (await store.timelines([person(1)], page)).get(person(1)) ?? []
        const expected = names.filter((one) => eventCategory(one) === only)
        expect(given.map((event) => event.name).sort()).toEqual(expected.sort())
        expect(expected.length).toBeGreaterThan(20)
      }
    })

    test('gives the consent history over all homes, oldest first', async () => {
      await storeSubject(db.database, person(1))
      await storeSubject(db.database, person(2), person(1))
      for (const [n, home] of [
        [1, person(2)],
        [2, person(1)],
      ] as const)
        await db.database.query(
          `INSERT INTO consent_record (id, home_id, purpose, categories, state, effective_at, expires_at, recorded_at, source,
             method, collection_point, language, entity, evidence)
           VALUES ($1, $2, 'MARKETING', '{user.name}', 'ConsentGiven', $3, $4, $3, 'record',
             'form', 'https://shop.example/sign-up', 'de', 'page', '{"form": 7}')`,
          [person(10 + n), home, new Date(1000 * n), n === 1 ? new Date(5000) : null],
        )
      const records = await store.consentRecords([person(1), person(3)])
      expect(records.get(person(3))).toEqual([])
      expect(records.get(person(1))).toEqual([
        {
          id: person(11),
          purpose: 'MARKETING',
          categories: ['user.name'],
          recipient: null,
          state: 'ConsentGiven',
          jurisdiction: null,
          effectiveAt: 1000,
          expiresAt: 5000,
          recordedAt: 1000,
          source: 'record',
          method: 'form',
          collectionPoint: 'https://shop.example/sign-up',
          notice: null,
          noticeVersion: null,
          noticeHash: null,
          language: 'de',
          entity: 'page',
          evidence: { form: 7 },
        },
        expect.objectContaining({ id: person(12), effectiveAt: 2000, expiresAt: null }),
      ])
    })

    test('rewrites consent that time has changed, once, and tells the feed', async () => {
      await storeProfile(db.database, {
        id: person(1),
        state: 'country=DE;X=ConsentGiven',
        later: [
          [1000, 'country=DE;X=ConsentExpired'],
          [2000, 'country=DE;X=ConsentUnknown'],
        ],
      })
      await storeProfile(db.database, { id: person(2), later: [[9000, 'country=DE;restricted']] })
      let memberships = 0
      const due = new PostgresProfileStore(db.database, async () => {
        memberships++
        return 3
      })
      expect(await due.refreshDue(999)).toBe(3)
      expect(await due.refreshDue(1500)).toBe(4)
      expect(await due.refreshDue(1500)).toBe(3)
      expect(memberships).toBe(3)
      const row = (await store.load([person(1)], columns())).get(person(1))
      expect(row?.consent).toMatchObject({
        state: 'country=DE;X=ConsentExpired',
        until: 2000,
        later: [[2000, 'country=DE;X=ConsentUnknown']],
      })
      expect(await due.refreshDue(9000)).toBe(5)
      expect((await store.load([person(1)], columns())).get(person(1))?.consent.until).toBeNull()
      const told = await db.database.query(
        'SELECT kind, subject_id FROM change ORDER BY sequence LIMIT 1',
      )
      expect(told).toEqual([{ kind: 'consent', subject_id: person(1) }])
    })
  })
}
