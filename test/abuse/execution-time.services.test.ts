import pg from 'pg'
import { newDatabase } from '../contracts/fresh-database.ts'
import { type As, given, RunningGateway } from '../running-gateway.ts'

const PATIENCE_MS = 700

let database: Awaited<ReturnType<typeof newDatabase>>
let running: RunningGateway
let outside: pg.Client
/** Sees what is under way as it is now: within a transaction it would be as it was at first. */
let observer: pg.Client
let as: As
let id: string
beforeAll(async () => {
  database = await newDatabase()
  running = await RunningGateway.start({
    DATABASE_URL: database.url,
    BAUTA_REQUEST_TIMEOUT_MS: String(PATIENCE_MS),
    BAUTA_DB_POOL: '4',
  })
  as = { token: await running.client({ id: 'desk', roles: ['support'] }), purpose: 'SERVICE' }
  const [subject] = await running.take('crm', [
    { type: 'profile', recordKey: 'a', identifiers: given({ userId: 'a' }), traits: { name: 'A' } },
  ])
  id = running.pseudonym('desk', subject ?? '')
  outside = new pg.Client(database.url)
  observer = new pg.Client(database.url)
  await Promise.all([outside.connect(), observer.connect()])
})
afterAll(async () => {
  await Promise.all([outside.end(), observer.end()])
  await running.stop()
  await database.drop()
})

const READ = 'query ($id: ID!) { profile(id: $id) { id } }'
const read = async () => await running.ask(as, READ, { id })
/** Statements of the gateway about the read model that are under way in the server. */
const underWay = async () => {
  const { rows } = await observer.query(
    `SELECT query FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'bauta' AND state = 'active' AND query LIKE '%read_model%'`,
  )
  return rows.length
}
const soon = async (holds: () => Promise<boolean>) => {
  for (const until = performance.now() + 5_000; performance.now() < until; )
    if (await holds()) return true
    else await new Promise((resolve) => setTimeout(resolve, 20))
  return false
}

test('a query that takes too long is refused with 504, and nothing of it goes on in the database', async () => {
  expect((await read()).data).toEqual({ profile: { id } })
  await outside.query('BEGIN')
  await outside.query('LOCK TABLE read_model IN ACCESS EXCLUSIVE MODE')
  const asked = Promise.all(Array.from({ length: 4 }, read))
  // Otherwise what follows would show nothing.
  expect(await soon(async () => (await underWay()) > 0)).toBe(true)
  const since = performance.now()
  for (const late of await asked)
    expect([late.status, late.codes, late.data ?? null]).toEqual([504, ['TIMEOUT'], null])
  expect(performance.now() - since).toBeLessThan(10 * PATIENCE_MS)
  expect(await soon(async () => (await underWay()) === 0)).toBe(true)
  await outside.query('ROLLBACK')
  expect((await read()).data).toEqual({ profile: { id } })
})
