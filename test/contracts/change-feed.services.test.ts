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

test('a transaction that writes long after it began does not have told changes told again', async () => {
  const db = await freshPostgres()
  const heard = hearing(new PostgresChangeFeed(db.database))
  const polled = async () => await new Promise((resolve) => setTimeout(resolve, 1_000))
  await db.database.transaction(async (old) => {
    await old.query('SELECT FROM change')
    await change(db.database, 'told')
    await heard.until('told')
    await polled()
    await change(old, 'late')
    await polled()
  })
  expect(await heard.until('late')).toEqual(['told', 'late'])
  heard.unsubscribe()
  await db.drop()
})

test('a change is told whose transaction had no number yet when its time was read', async () => {
  const db = await freshPostgres()
  // The first number of a sequence is written down, which takes a number for the transaction.
  await change(db.database, 'before')
  // Between the two stands what a busy machine puts there.
  await db.database.query(`
    CREATE FUNCTION slow_time() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS
      $$ DECLARE t timestamptz := clock_timestamp(); BEGIN PERFORM pg_sleep(0.6); RETURN t; END $$`)
  await db.database.query(`ALTER TABLE change ALTER changed_at SET DEFAULT slow_time()`)
  const heard = hearing(new PostgresChangeFeed(db.database))
  await change(db.database, 'stalled')
  const told = await heard.until('stalled')
  expect(told.filter((key) => key === 'stalled')).toHaveLength(1)
  heard.unsubscribe()
  await db.drop()
})
