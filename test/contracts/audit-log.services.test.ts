import { PostgresAuditLog } from '../../src/outbound/postgres/audit-log.ts'
import { auditLogContract } from './audit-log.contract.ts'
import { freshPostgres } from './fresh-database.ts'
import { leaf } from './made-leaves.ts'

auditLogContract('PostgreSQL', freshPostgres)

test('an append waits for the disk although the server’s default says not to', async () => {
  const db = await freshPostgres()
  await db.administer(`ALTER DATABASE ${db.name} SET synchronous_commit = off`)
  await db.database.query(`
    CREATE TABLE seen (setting text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON audit_entry DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION note()`)
  const gateway = await db.connect()
  expect(await gateway.database.query('SHOW synchronous_commit')).toEqual([
    { synchronous_commit: 'off' },
  ])
  const log = new PostgresAuditLog(gateway.database, null)
  await log.start()
  await log.append([leaf()])
  expect(await gateway.database.query('SELECT setting FROM seen')).toEqual([{ setting: 'on' }])
  expect(await gateway.database.query('SHOW synchronous_commit')).toEqual([
    { synchronous_commit: 'off' },
  ])
  await log.close()
  await gateway.close()
  await db.drop()
})

test('appends are refused while the database is gone and accepted when it is back', async () => {
  const db = await freshPostgres()
  const gateway = await db.connect()
  const log = new PostgresAuditLog(gateway.database, null)
  await log.start()
  await log.append([leaf()])
  await db.administer(`ALTER DATABASE ${db.name} ALLOW_CONNECTIONS false`)
  await db.administer(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${db.name}'`,
  )
  for (let attempt = 0; attempt < 3; attempt++)
    await expect(log.append([leaf()])).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  expect([log.failures, log.failing]).toEqual([3, true])
  await db.administer(`ALTER DATABASE ${db.name} ALLOW_CONNECTIONS true`)
  await log.append([leaf()])
  expect([log.failures, log.failing]).toEqual([3, false])
  expect(await log.size()).toBe(2)
  await log.close()
  await gateway.close()
  await db.drop()
})
