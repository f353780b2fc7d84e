import type { Interaction } from '../../src/domain/profiles/read-model.ts'
import {
  type FittedModel,
  FORGET_WITHIN,
  type Item,
  type PersonInteractions,
} from '../../src/domain/recommendations/recommender.ts'
import { PostgresRecommendationStore } from '../../src/outbound/postgres/recommendation-store.ts'
import { clearRows, noGroups, personId, writeRows } from './feature-rows.ts'
import type { FreshDatabase } from './fresh-database.ts'

const NOW = Date.UTC(2026, 0, 1)
const fitted = (popular: FittedModel['popular']): FittedModel => ({
  fittedAt: NOW,
  popular,
  neighbours: { activity: [['x', [['a', 0.5]]]], full: [['y', [['a', 0.25]]]] },
})
const item = (id: string, more: Partial<Item> = {}): Item => ({
  id,
  title: `The ${id}`,
  category: 'tea',
  price: 2.5,
  available: true,
  attributes: {},
  updatedAt: NOW,
  ...more,
})

/** A fit that has begun and ends when it is released. */
export async function fitUnderWay(store: PostgresRecommendationStore) {
  let begin = () => {}
  let release = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const first = store.fitAlone(async () => {
    begin()
    await released
    return 'first'
  })
  await begun
  return { first, release }
}

export function recommendationStoreContract(
  where: string,
  fresh: () => Promise<FreshDatabase>,
): void {
  describe(`recommendations on ${where}`, () => {
    let db: FreshDatabase
    let store: PostgresRecommendationStore
    let now: number

    beforeAll(async () => {
      db = await fresh()
    })
    afterAll(async () => {
      await db.drop()
    })
    beforeEach(async () => {
      now = NOW
      store = another()
      await clearRows(db.database)
    })
    const another = () => new PostgresRecommendationStore(db.database, { now: () => now })
    const people = async (states: readonly number[], notOf?: number) => {
      const all: PersonInteractions[] = []
      for await (const page of store.interactions(states, notOf)) all.push(...page)
      return all
    }
    const person = (number: number, interactions: readonly Interaction[] = [], consentId = 1) => ({
      id: personId(number),
      groups: noGroups,
      interactions,
      consentId,
    })

    test('a stored model is the newest everywhere, within a second', async () => {
      expect(await store.model()).toBeNull()
      const elsewhere = another()
      expect(await elsewhere.model()).toBeNull()
      const id = await store.saveModel(fitted([['a', 3]]))
      const model = await store.model()
      expect(model).toMatchObject({ id, fittedAt: NOW, popular: [['a', 3]] })
      const history = new Map([['a', 2]])
      expect(model?.neighbours.activity.scores(history, ['x', 'y'])).toEqual([1, 0])
      expect(model?.neighbours.full.scores(history, ['x', 'y'])).toEqual([0, 0.5])
      expect(await elsewhere.model()).toBeNull()
      now += 1_000
      expect((await elsewhere.model())?.id).toBe(id)
      expect(await elsewhere.model()).toBe(await elsewhere.model())
    })

    test('the two newest models are kept, so that one being read does not vanish', async () => {
      const ids = [await store.saveModel(fitted([]))]
      for (let n = 0; n < 3; n++) ids.push(await store.saveModel(fitted([['a', n]])))
      expect((await store.model())?.popular).toEqual([['a', 2]])
      const kept = await db.database.query<{ id: number }>(
        'SELECT id FROM recommender_model ORDER BY id',
      )
      expect(kept.map(({ id }) => id)).toEqual(ids.slice(-2))
      const neighbours = await db.database.query(
        'SELECT DISTINCT model_id FROM recommender_neighbours',
      )
      expect(neighbours).toHaveLength(2)
    })

    test('interactions come page after page, each person once, only of permitted states', async () => {
      await writeRows(
        db.database,
        Array.from({ length: 780 }, (_, n) => person(n, [[`item${n}`, 1, 0, NOW]], n % 3 ? 1 : 2)),
      )
      const found = await people([1])
      expect(found).toHaveLength(520)
      expect(new Set(found.map(({ subjectId }) => subjectId)).size).toBe(520)
      expect(found[0]).toMatchObject({
        subjectId: personId(1),
        state: 1,
        interactions: [['item1', 1, 0, NOW]],
      })
      expect(await people([])).toEqual([])
    })

    test('whose consent may have changed by now is not read', async () => {
      await writeRows(db.database, [person(1), person(2)])
      await db.database.query('UPDATE read_model SET consent_until = $2 WHERE subject_id = $1', [
        personId(1),
        new Date(NOW),
      ])
      expect((await people([1])).map(({ subjectId }) => subjectId)).toEqual([personId(2)])
    })

    test('lists are saved, found by their model, and not over a row that has changed meanwhile', async () => {
      await writeRows(db.database, [person(1), person(2)])
      const [one, two] = await people([1], 7)
      if (!one || !two) throw new Error('two people were written')
      await db.database.query(
        `UPDATE read_model SET updated_at = updated_at + interval '1 ms' WHERE subject_id = $1`,
        [two.subjectId],
      )
      const lists = { activity: [['a', 1, 'b']] as const, full: [], model: 7 }
      await store.saveRecommended([
        { of: one, lists },
        { of: two, lists },
      ])
      const rows = await db.database.query('SELECT recommended FROM read_model ORDER BY subject_id')
      expect(rows).toEqual([{ recommended: lists }, { recommended: {} }])
      expect((await people([1], 7)).map(({ subjectId }) => subjectId)).toEqual([two.subjectId])
      expect(await people([1], 8)).toHaveLength(2)
    })

    test('lists of those who no longer permit it are emptied', async () => {
      await writeRows(db.database, [person(1), person(2, [], 2)])
      const lists = { activity: [], full: [['a', 1, 'b']] as const, model: 7 }
      await store.saveRecommended((await people([1, 2])).map((of) => ({ of, lists })))
      expect(await store.clearRecommended([1])).toBe(1)
      expect(await store.clearRecommended([1])).toBe(0)
      const rows = await db.database.query('SELECT recommended FROM read_model ORDER BY subject_id')
      expect(rows).toEqual([
        { recommended: lists },
        { recommended: { activity: [], full: [], model: 0 } },
      ])
    })

    test('a change of anybody after an instant is seen', async () => {
      expect(await store.changedSince(NOW)).toBe(false)
      await writeRows(db.database, [person(1)])
      await db.database.query('UPDATE read_model SET updated_at = $1', [new Date(NOW + 1)])
      expect(await store.changedSince(NOW)).toBe(true)
      expect(await store.changedSince(NOW + 1)).toBe(false)
    })

    test('an erasure makes a fit due, and a day later no model from before it is used or stored', async () => {
      await store.saveModel(fitted([['a', 1]]))
      expect(await store.changedSince(NOW)).toBe(false)
      const erasedAt = NOW + 1
      await db.database.query(
        `INSERT INTO erasure (id, state, subjects, refs, look_ups, removed, begun_at)
         VALUES (gen_random_uuid(), 'begun', '{}', '{}', '{}', '{}', $1::timestamptz)`,
        [new Date(erasedAt).toISOString()],
      )
      expect(await store.changedSince(NOW)).toBe(true)
      now = erasedAt + FORGET_WITHIN - 1
      expect((await another().model())?.popular).toEqual([['a', 1]])
      now = erasedAt + FORGET_WITHIN
      expect(await another().model()).toBeNull()
      await expect(store.saveModel(fitted([['b', 1]]))).rejects.toMatchObject({ code: 'CONFLICT' })
      await store.saveModel({ ...fitted([['c', 1]]), fittedAt: now })
      expect((await another().model())?.popular).toEqual([['c', 1]])
      const [erasure] = await db.database.query<{ at: Date }>(
        'SELECT refitted_at AS at FROM erasure',
      )
      expect(erasure?.at.getTime()).toBe(now)
      await db.database.query('DELETE FROM erasure')
    })

    test('one fit runs at a time, and the next may follow, also after a failure', async () => {
      const { first, release } = await fitUnderWay(store)
      expect(await store.fitAlone(async () => 'second')).toBeNull()
      release()
      expect(await first).toBe('first')
      await expect(store.fitAlone(async () => Promise.reject(new Error('no')))).rejects.toThrow(
        'no',
      )
      expect(await store.fitAlone(async () => 'third')).toBe('third')
    })

    test('items are saved, changed without losing imported attributes, listed by category and after an id', async () => {
      await store.saveItems([
        item('a', { attributes: { colour: 'red' } }),
        item('b', { category: null }),
        item('c'),
      ])
      await store.saveItems([item('a', { title: 'New', price: null })])
      expect((await store.items(['a', 'zzz'])).get('a')).toEqual(
        item('a', { title: 'New', price: null, attributes: { colour: 'red' } }),
      )
      const ids = async (query: { category: string | null; limit: number; after: string | null }) =>
        (await store.listItems(query)).map(({ id }) => id)
      expect(await ids({ category: null, limit: 2, after: null })).toEqual(['a', 'b'])
      expect(await ids({ category: null, limit: 2, after: 'b' })).toEqual(['c'])
      expect(await ids({ category: 'tea', limit: 5, after: null })).toEqual(['a', 'c'])
      expect(await store.items(['zzz'])).toEqual(new Map())
      expect([...((await store.allItems())?.keys() ?? [])].sort()).toEqual(['a', 'b', 'c'])
    })

    test('the catalogue holds available items, and is read again only when an item was written', async () => {
      await store.saveItems([item('a'), item('b', { available: false, category: null })])
      const first = await store.catalogue()
      expect(first).toEqual(new Map([['a', 'tea']]))
      now += 1_000
      expect(await store.catalogue()).toBe(first)
      // Written by another gateway, and no later by its clock.
      await another().saveItems([item('b', { category: null })])
      expect(await store.catalogue()).toBe(first)
      now += 1_000
      expect(await store.catalogue()).toEqual(
        new Map([
          ['a', 'tea'],
          ['b', null],
        ]),
      )
      await db.database.query('DELETE FROM item WHERE id = $1', ['a'])
      now += 1_000
      expect([...(await store.catalogue()).keys()]).toEqual(['b'])
    })
  })
}
