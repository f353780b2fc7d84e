import fc from 'fast-check'
import type { QueryRunner } from 'typeorm'
import { PackedLineage1764100060000 } from '../../migrations/1764100060000-packed-lineage.ts'
import { packLineage, unpackLineage } from '../../src/outbound/postgres/lineage-column.ts'
import { type FreshDatabase, freshEmbedded } from './fresh-database.ts'
import { person, storeProfile } from './stored-profiles.ts'

let db: FreshDatabase
beforeAll(async () => {
  db = await freshEmbedded()
})
afterAll(async () => {
  await db.drop()
})

const origin = fc.record({
  source: fc.constantFrom('crm', 'web', 'origins'),
  recordKey: fc.constantFrom('a', 'b', ''),
  observedAt: fc.integer({ min: 0, max: 3 }),
  receivedAt: fc.integer({ min: 0, max: 2 }),
})
const lineages = fc.dictionary(
  fc.constantFrom('name', 'plan', 'origins', 'traits', 'city', 'email'),
  fc.tuple(origin, fc.constantFrom('only', 'recent')).map(([of, rule]) => ({ ...of, rule })),
)

test('lineage comes back from its column as it went in, each record named once', () => {
  fc.assert(
    fc.property(lineages, (lineage) => {
      const packed = packLineage(lineage)
      expect(unpackLineage(packed)).toEqual({ ...lineage })
      expect(new Set(packed.origins.map((one) => one.join('|'))).size).toBe(packed.origins.length)
    }),
  )
})

test('the migration packs and unpacks what rows hold', async () => {
  const rows = fc.sample(lineages, { numRuns: 40, seed: 7 })
  for (const [number, lineage] of rows.entries()) {
    await storeProfile(db.database, { id: person(number + 1) })
    await db.database.query('UPDATE read_model SET lineage = $2 WHERE subject_id = $1', [
      person(number + 1),
      JSON.stringify(lineage),
    ])
  }
  const held = async () => {
    const found = await db.database.query<{ lineage: never }>(
      'SELECT lineage FROM read_model ORDER BY subject_id',
    )
    return found.map(({ lineage }) => lineage)
  }
  const migration = new PackedLineage1764100060000()
  // One session: a runner would hold it, and who looks at the rows would wait for ever.
  const runner = { query: (text: string) => db.database.query(text) } as unknown as QueryRunner
  await migration.up(runner)
  expect((await held()).map(unpackLineage)).toEqual(rows.map((row) => ({ ...row })))
  await migration.down(runner)
  expect(await held()).toEqual(rows.map((row) => ({ ...row })))
})
