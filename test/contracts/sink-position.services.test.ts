import { PostgresSinkPosition } from '../../src/outbound/postgres/sink-position.ts'
import { freshPostgres } from './fresh-database.ts'
import { sinkPositionContract } from './sink-position.contract.ts'

sinkPositionContract('PostgreSQL', freshPostgres)

test('while one gateway sends the trail on another is turned away, until that one has died', async () => {
  const db = await freshPostgres()
  const other = await db.connect()
  const here = new PostgresSinkPosition(db.database)
  const there = new PostgresSinkPosition(other.database)
  let comeBack = () => {}
  const gone = new Promise<void>((resolve) => {
    comeBack = resolve
  })
  let entered = () => {}
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  const sending = there
    .alone(async () => {
      entered()
      await gone
    })
    .then(
      () => 'sent',
      () => 'failed',
    )
  await inside
  expect(await here.alone(async () => 'both')).toBeNull()
  await db.administer(
    `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND datname = '${db.name}'`,
  )
  while ((await here.alone(async () => 'over')) === null)
    await new Promise((resolve) => setTimeout(resolve, 10))
  comeBack()
  expect(['sent', 'failed']).toContain(await sending)
  await other.close()
  await db.drop()
})
