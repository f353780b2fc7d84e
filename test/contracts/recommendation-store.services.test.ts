import { PostgresRecommendationStore } from '../../src/outbound/postgres/recommendation-store.ts'
import { freshPostgres } from './fresh-database.ts'
import { fitUnderWay, recommendationStoreContract } from './recommendation-store.contract.ts'

recommendationStoreContract('PostgreSQL', freshPostgres)

test('a fit in one gateway keeps the others from fitting until it ends', async () => {
  const db = await freshPostgres()
  const other = await db.connect()
  const clock = { now: () => 0 }
  const here = new PostgresRecommendationStore(db.database, clock)
  const there = new PostgresRecommendationStore(other.database, clock)
  const { first, release } = await fitUnderWay(here)
  expect(await there.fitAlone(async () => 'second')).toBeNull()
  release()
  expect(await first).toBe('first')
  // The lock goes with its connection, a moment after the fit has ended.
  while ((await there.fitAlone(async () => 'third')) === null);
  await other.close()
  await db.drop()
})
