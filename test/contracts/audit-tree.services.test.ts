import { PostgresAuditTree } from '../../src/outbound/postgres/audit-tree.ts'
import { auditTreeContract, fill, integrate } from './audit-tree.contract.ts'
import { freshPostgres } from './fresh-database.ts'

auditTreeContract('PostgreSQL', freshPostgres)

/** A gateway that has begun to grow the tree and does not come back. */
async function holding(tree: PostgresAuditTree) {
  let entered = () => {}
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  let comeBack = () => {}
  const gone = new Promise<void>((resolve) => {
    comeBack = resolve
  })
  const outcome = tree
    .growAlone(false, async (growing) => {
      await growing.leafHashes(0, 1)
      entered()
      await gone
      await growing.store([], 0)
    })
    .then(
      () => 'stored',
      () => 'failed',
    )
  await inside
  return { comeBack, outcome }
}

test('while one gateway grows the tree another one is turned away at once', async () => {
  const db = await freshPostgres()
  const other = await db.connect()
  const tree = new PostgresAuditTree(db.database)
  await fill(db.database, 0, 10)
  const holder = await holding(new PostgresAuditTree(other.database))
  expect(await integrate(tree, 10, false)).toBeNull()
  holder.comeBack()
  expect(await holder.outcome).toBe('stored')
  expect(await integrate(tree, 10, false)).toMatchObject({ size: 10 })
  await other.close()
  await db.drop()
})

test('another gateway takes over when the one that grew the tree has died', async () => {
  const db = await freshPostgres()
  const other = await db.connect()
  const tree = new PostgresAuditTree(db.database)
  await fill(db.database, 0, 10)
  const holder = await holding(new PostgresAuditTree(other.database))
  await db.administer(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${db.name}' AND state = 'idle in transaction'`,
  )
  expect(await integrate(tree, 10, true)).toMatchObject({ size: 10 })
  holder.comeBack()
  expect(await holder.outcome).toBe('failed')
  expect(await tree.size()).toBe(10)
  await other.close()
  await db.drop()
})

test('another gateway takes over when the one that grew the tree hangs', async () => {
  const db = await freshPostgres()
  const other = await db.connect()
  const tree = new PostgresAuditTree(db.database)
  await fill(db.database, 0, 10)
  const holder = await holding(new PostgresAuditTree(other.database))
  // It waits for as long as the holder is believed to work.
  expect(await integrate(tree, 10, true)).toMatchObject({ size: 10 })
  holder.comeBack()
  expect(await holder.outcome).toBe('failed')
  expect(await tree.size()).toBe(10)
  await other.close()
  await db.drop()
})
