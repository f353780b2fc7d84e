import { type DataSource, MigrationExecutor } from 'typeorm'
import { RdbmsSchemaBuilder } from 'typeorm/schema-builder/RdbmsSchemaBuilder.js'

/** Any number, the same in every gateway: whoever migrates holds this advisory lock. */
const MIGRATION_LOCK = 4_208_337

/**
 * Brings the schema up to date, all or nothing. Gateways that start together wait for the first one and then find
 * nothing to do.
 * @returns names of the migrations that ran.
 */
export async function migrate(
  dataSource: DataSource,
  log: (line: string) => void = () => {},
): Promise<string[]> {
  return await alone(dataSource, async (executor) => {
    const pending = await executor.getPendingMigrations()
    for (const { name } of pending) log(`Migrating: ${name}`)
    return (await executor.executePendingMigrations()).map(({ name }) => name)
  })
}

/** Takes every migration back, newest first, all or nothing. All data are lost. */
export async function revertAll(dataSource: DataSource): Promise<void> {
  await alone(dataSource, async (executor) => {
    while ((await executor.getExecutedMigrations()).length > 0) await executor.undoLastMigration()
  })
}

/** Names of the migrations that the database has not seen yet, oldest first. Changes nothing. */
export async function pendingMigrations(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner()
  try {
    const done = (await runner.hasTable('migrations'))
      ? ((await runner.query('SELECT name FROM migrations')) as { name: string }[])
      : []
    const names = new Set(done.map(({ name }) => name))
    return dataSource.migrations
      .map((migration) => migration.name ?? migration.constructor.name)
      .filter((name) => !names.has(name))
  } finally {
    await runner.release()
  }
}

/**
 * Differences between the entities and the migrated schema, as the statements that would remove them; empty when there
 * are none. A table that no entity describes is one too.
 */
export async function checkDrift(dataSource: DataSource): Promise<string[]> {
  const { upQueries } = await new RdbmsSchemaBuilder(askingInTurn(dataSource)).log()
  const described = dataSource.entityMetadatas.map(({ tableName }) => tableName)
  const strangers = await dataSource.query<{ table_name: string }[]>(
    `SELECT table_name FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> ALL($1::text[])`,
    [[...described, 'migrations']],
  )
  return [
    ...upQueries.map(({ query }) => query),
    ...strangers.map(({ table_name }) => `DROP TABLE "${table_name}"`),
  ]
}

/**
 * The same, except that its connections get one statement at a time. TypeORM reads a schema with many at once on one
 * connection, which pg will no longer take.
 */
function askingInTurn(dataSource: DataSource): DataSource {
  const createQueryRunner: DataSource['createQueryRunner'] = (mode) => {
    const runner = dataSource.createQueryRunner(mode)
    const query: (...asked: Parameters<typeof runner.query>) => Promise<unknown> =
      runner.query.bind(runner)
    let last: Promise<unknown> = Promise.resolve()
    const inTurn = (...asked: Parameters<typeof runner.query>) => {
      const answer = last.then(() => query(...asked))
      last = answer.catch(() => {})
      return answer
    }
    return Object.assign(runner, { query: inTurn })
  }
  return Object.create(dataSource, { createQueryRunner: { value: createQueryRunner } })
}

/** One transaction and one lock around all of it, on one connection: the same on the embedded server, which has no other. */
async function alone<T>(
  dataSource: DataSource,
  work: (executor: MigrationExecutor) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner()
  try {
    await runner.startTransaction()
    await runner.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    const executor = new MigrationExecutor(dataSource, runner)
    executor.transaction = 'all'
    const result = await work(executor)
    await runner.commitTransaction()
    return result
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction()
    throw error
  } finally {
    await runner.release()
  }
}
