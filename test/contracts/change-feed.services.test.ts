import { expect, test } from '@jest/globals'
import { PostgresChangeFeed } from '../../src/outbound/postgres/change-feed.ts'
import { change, changeFeedContract, hearing } from './change-feed.contract.ts'
import { freshPostgres } from './fresh-database.ts'

changeFeedContract('PostgreSQL', freshPostgres)

test('a change whose transaction commits long after later ones is still told', async () => {
  const db = await freshPostgres()
  const heard = hearing(new PostgresChangeFeed(db.database))
  await db.database.transaction(async (slow) => {
    await change(slow, 'slow')
    await change(db.database, 'fast')
    await heard.until('fast')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await change(db.database, 'faster')
    await heard.until('faster')
  })
  expect((await heard.until('slow')).sort()).toEqual(['fast', 'faster', 'slow'])
  heard.unsubscribe()
  await db.drop()
})
