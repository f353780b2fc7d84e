import { DatabaseQuota } from '../../src/outbound/postgres/storage-space.ts'
import { type FreshPostgres, freshPostgres } from './fresh-database.ts'

const QUOTA = 1_000_000_000

describe('the space of a PostgreSQL database', () => {
  let db: FreshPostgres

  beforeAll(async () => {
    db = await freshPostgres()
  })
  afterAll(async () => {
    await db.drop()
  })

  test('is what its quota leaves, and shrinks as it grows', async () => {
    const space = new DatabaseQuota(db.database, QUOTA)
    const before = Number(await space.free())
    expect(before).toBeLessThan(QUOTA)
    await db.database.query(
      'CREATE TABLE filler AS SELECT repeat(n::text, 100) FROM generate_series(1, 10000) n',
    )
    expect(Number(await space.free())).toBeLessThan(before)
    expect(await new DatabaseQuota(db.database, 1).free()).toBe(0)
  })

  test('is not known without a quota', async () => {
    expect(await new DatabaseQuota(db.database, null).free()).toBeNull()
  })
})
