import fc from 'fast-check'
import type { Batch } from '../../../src/domain/profiles/batch.ts'
import { PostgresRecommendationStore } from '../../../src/outbound/postgres/recommendation-store.ts'
import type { FreshDatabase } from '../../contracts/fresh-database.ts'
import { IngestHouse } from './ingest-house.ts'

const IDS = ['tea', 'cup', 'pot'] as const
type Said = Readonly<Record<string, string>>

type Step =
  | { readonly batch: number; readonly items: Said }
  | { readonly live: Said }
  | { readonly undo: number }

const said = fc.dictionary(fc.constantFrom(...IDS), fc.constantFrom('one', 'two', 'three'), {
  minKeys: 1,
})
const batch = fc.nat(3)
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ batch, items: said }),
    fc.record({ live: said }),
    fc.record({ undo: batch }),
  ),
  { minLength: 1, maxLength: 12 },
)

/** Versions of each item, oldest first: what a batch said goes with it, and what it had replaced stands again. */
class CatalogueModel {
  readonly #versions = new Map<string, { by: number | 'live'; title: string }[]>()

  say(by: number | 'live', items: Said): void {
    for (const [id, title] of Object.entries(items)) {
      const versions = this.#versions.get(id) ?? []
      this.#versions.set(id, versions)
      // What stands already is a duplicate, and no batch's.
      if (by !== 'live' && versions.at(-1)?.title === title) continue
      if (versions.at(-1)?.by === by) versions.pop()
      versions.push({ by, title })
    }
  }

  undo(batch: number): void {
    for (const [id, versions] of this.#versions) {
      const left = versions.filter(({ by }) => by !== batch)
      this.#versions.set(id, left)
    }
  }

  get titles(): Said {
    const standing = [...this.#versions].flatMap(([id, versions]) => {
      const last = versions.at(-1)
      return last ? [[id, last.title] as const] : []
    })
    return Object.fromEntries(standing.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

export function itemUndoContract(name: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`taking back items on ${name}`, () => {
    let database: FreshDatabase
    let house: IngestHouse
    let catalogue: PostgresRecommendationStore
    beforeAll(async () => {
      database = await fresh()
      house = await IngestHouse.over(database)
      catalogue = new PostgresRecommendationStore(database.database, house.clock)
    })
    afterAll(async () => await database.drop())

    const item = (id: string, title: string) => ({ type: 'item', id, title, price: 1 })
    const titles = async () => {
      const rows = await database.database.query<{ id: string; title: string }>(
        'SELECT id, title FROM item ORDER BY id COLLATE "C"',
      )
      return Object.fromEntries(rows.map(({ id, title }) => [id, title]))
    }

    test('brings back the version that the batch had replaced', async () => {
      const first = await house.take('shop', [item('tea', 'Tea'), item('cup', 'Cup')])
      const second = await house.take('shop', [item('tea', 'Green tea'), item('pot', 'Pot')])
      expect(await titles()).toEqual({ cup: 'Cup', pot: 'Pot', tea: 'Green tea' })
      await house.ingest.undo(second.batch.id)
      expect(await titles()).toEqual({ cup: 'Cup', tea: 'Tea' })
      await house.ingest.undo(first.batch.id)
      expect(await titles()).toEqual({})
      expect(await house.count('former_item')).toBe(0)
    })

    test('leaves the catalogue as if the batch had never come, whatever came before and after', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (given) => {
          await database.database.query('TRUNCATE item, former_item, batch')
          await play(given)
        }),
        { numRuns: 40 },
      )
    })

    async function play(given: readonly Step[]): Promise<void> {
      const model = new CatalogueModel()
      const open = new Map<number, { batch: Batch; rows: number }>()
      for (const step of given) {
        house.clock.pass(1_000)
        if ('live' in step) {
          await catalogue.saveItems(Object.entries(step.live).map(liveItem))
          model.say('live', step.live)
        } else if ('items' in step) {
          open.set(step.batch, await told(step.items, open.get(step.batch)))
          model.say(step.batch, step.items)
        } else await undone(step.undo, open, model)
        expect(await titles()).toEqual(model.titles)
      }
    }

    /** One more chunk of a batch, or the first of a new one. */
    async function told(items: Said, before?: { batch: Batch; rows: number }) {
      const fingerprint = `${Math.random()}`
      const batch =
        before?.batch ??
        (await house.ingest.openBatch({ source: 'shop', kind: 'items', fingerprint }))
      const first = (before?.rows ?? 0) + 1
      const inputs = Object.entries(items).map(([id, title]) => item(id, title))
      const rows = inputs.map((input, n) => ({ rowNumber: first + n, input }))
      await house.ingest.accept(batch, rows)
      return { batch, rows: first - 1 + rows.length }
    }

    async function undone(
      number: number,
      open: Map<number, { batch: Batch }>,
      model: CatalogueModel,
    ) {
      const known = open.get(number)
      if (!known) return
      await house.ingest.undo(known.batch.id)
      open.delete(number)
      model.undo(number)
    }

    const liveItem = ([id, title]: [string, string]) => ({
      id,
      title,
      category: null,
      price: 1,
      available: true,
      attributes: {},
      updatedAt: house.clock.now(),
    })
  })
}
