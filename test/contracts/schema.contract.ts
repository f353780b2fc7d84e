import pg from 'pg'
import {
  checkDrift,
  migrate,
  pendingMigrations,
  revertAll,
} from '../../src/outbound/postgres/migrate.ts'
import type { FreshDatabase } from './fresh-database.ts'

export function schemaContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`the schema on ${adapter}`, () => {
    let db: FreshDatabase
    beforeEach(async () => {
      db = await fresh()
    })
    afterEach(async () => {
      await db.drop()
    })

    test('is what the entities describe, and the check sees each kind of difference', async () => {
      expect(await checkDrift(db.dataSource)).toEqual([])
      const differences = [
        'ALTER TABLE item ADD COLUMN colour text',
        'ALTER TABLE segment DROP COLUMN description',
        'ALTER TABLE client ALTER COLUMN adhoc DROP NOT NULL',
        'ALTER TABLE batch ALTER COLUMN accepted DROP DEFAULT',
        'ALTER TABLE lookup_budget ALTER COLUMN used TYPE bigint',
        'DROP INDEX read_model_segments',
        'ALTER TABLE access_token DROP CONSTRAINT access_token_hash_key',
        'CREATE TABLE stranger (id int)',
      ]
      for (const [made, difference] of differences.entries()) {
        const before = (await checkDrift(db.dataSource)).length
        await db.database.query(difference)
        const after = (await checkDrift(db.dataSource)).length
        expect([made, difference, after > before]).toEqual([made, difference, true])
      }
    })

    test('is compared with one statement at a time on a connection, as pg wants it', async () => {
      const running = new Map<object, number>()
      let most = 0
      const query = pg.Client.prototype.query
      const counted = jest.spyOn(pg.Client.prototype, 'query').mockImplementation(async function (
        this: pg.Client,
        ...asked: unknown[]
      ) {
        running.set(this, (running.get(this) ?? 0) + 1)
        most = Math.max(most, running.get(this) ?? 0)
        try {
          return await query.apply(this, asked as never)
        } finally {
          running.set(this, (running.get(this) ?? 0) - 1)
        }
      } as never)
      await checkDrift(db.dataSource)
      counted.mockRestore()
      expect(most).toBe(1)
    })

    test('goes back to nothing and forward again, the same', async () => {
      const shape = async () =>
        await db.database.query(
          `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
           WHERE table_schema = current_schema() ORDER BY 1, 2`,
        )
      const before = await shape()
      await revertAll(db.dataSource)
      expect(new Set((await shape()).map(({ table_name }) => table_name))).toEqual(
        new Set(['migrations']),
      )
      expect(await pendingMigrations(db.dataSource)).toHaveLength(db.dataSource.migrations.length)
      await migrate(db.dataSource)
      expect(await shape()).toEqual(before)
      expect(await checkDrift(db.dataSource)).toEqual([])
    })

    test('is migrated once when several gateways start together', async () => {
      await revertAll(db.dataSource)
      const others = await Promise.all([db.connect(), db.connect()])
      const ran = await Promise.all([db, ...others].map(({ dataSource }) => migrate(dataSource)))
      expect(ran.map(({ length }) => length).sort((a, b) => a - b)).toEqual([
        0,
        0,
        db.dataSource.migrations.length,
      ])
      await Promise.all(others.map((other) => other.close()))
    })
  })
}
