import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { openDatabase } from '../../src/outbound/postgres/connect.ts'
import { clusterTemplate, ensureCluster } from '../../src/outbound/postgres/embedded-cluster.ts'
import { migrate, pendingMigrations, revertAll } from '../../src/outbound/postgres/migrate.ts'
import { newDataFolder } from '../new-data-folder.ts'

describe('the embedded PostgreSQL', () => {
  let dataDir: string
  beforeEach(async () => {
    dataDir = await newDataFolder()
  })
  afterEach(async () => {
    await rm(dataDir, { recursive: true, force: true })
  })

  test('is made where there is none, migrates once and keeps its data between starts', async () => {
    await rm(join(dataDir, 'postgres'), { recursive: true })
    const first = await openDatabase({ url: null, dataDir })
    const all = first.dataSource.migrations.map(({ name }) => name)
    expect(await pendingMigrations(first.dataSource)).toEqual(all)
    expect(await migrate(first.dataSource)).toEqual(all)
    await first.database.query('INSERT INTO consent_state (state) VALUES ($1)', ['country=DE'])
    await first.close()
    const second = await openDatabase({ url: null, dataDir })
    expect(await migrate(second.dataSource)).toEqual([])
    expect(await second.database.query('SELECT state FROM consent_state')).toEqual([
      { state: 'country=DE' },
    ])
    await revertAll(second.dataSource)
    expect(await pendingMigrations(second.dataSource)).toEqual(all)
    await second.close()
  })

  test('is copied whole from the template of the build, also after a start that was killed meanwhile', async () => {
    const folder = join(dataDir, 'postgres')
    await rm(folder, { recursive: true })
    await mkdir(`${folder}.unfinished`)
    await writeFile(join(`${folder}.unfinished`, 'PG_VERSION'), '18\n')
    await ensureCluster(folder, clusterTemplate(tmpdir()))
    const { dataSource, close } = await openDatabase({ url: null, dataDir })
    expect(await pendingMigrations(dataSource)).toEqual([])
    await close()
  })

  test('gives each of two clients the rows of its own statements while they alternate', async () => {
    const one = await openDatabase({ url: null, dataDir })
    const two = await openDatabase({ url: null, dataDir })
    const asked = Array.from({ length: 60 }, (_, number) => number)
    // Larger than one read of a socket: the statement arrives in pieces, with room for others in between.
    const large = 'x'.repeat(300_000)
    const answers = await Promise.all(
      asked.map(async (number) => {
        const database = number % 2 ? one.database : two.database
        const [row] = await database.query<{ n: number; who: string }>(
          number % 2
            ? "SELECT $1::int AS n, 'one' AS who WHERE $2::text > ''"
            : "SELECT 'two' AS who, $1::int AS n WHERE $2::text > ''",
          [number, large],
        )
        return row
      }),
    )
    expect(answers).toEqual(asked.map((n) => ({ n, who: n % 2 ? 'one' : 'two' })))
    await two.close()
    expect(await one.database.query('SELECT 1 AS n')).toEqual([{ n: 1 }])
    await one.close()
  })

  test('goes on with the next client when one leaves in the middle of a transaction', async () => {
    const one = await openDatabase({ url: null, dataDir })
    const two = await openDatabase({ url: null, dataDir })
    await one.database.query('CREATE TABLE kept (n int)')
    const runner = two.dataSource.createQueryRunner()
    await runner.startTransaction()
    await runner.query('INSERT INTO kept VALUES (1)')
    const waiting = one.database.query('SELECT n FROM kept')
    const client = (await runner.connect()) as { connection: { stream: { destroy(): void } } }
    client.connection.stream.destroy()
    expect(await waiting).toEqual([])
    await one.close()
    await runner.release().catch(() => {})
    await two.close().catch(() => {})
  })

  test('is taken over by a client that stays when the process that served ends', async () => {
    const first = await openDatabase({ url: null, dataDir })
    const second = await openDatabase({ url: null, dataDir })
    await first.database.query('CREATE TABLE kept AS SELECT 7 AS n')
    await first.close()
    let rows: unknown = null
    for (let attempt = 0; rows === null && attempt < 100; attempt++) {
      rows = await second.database.query('SELECT n FROM kept').catch(() => null)
      if (rows === null) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(rows).toEqual([{ n: 7 }])
    await second.close()
  })

  test('is reached by nobody but its owner, also where the path is too long for a socket', async () => {
    const long = join(dataDir, 'x'.repeat(100))
    await mkdir(long)
    await rename(join(dataDir, 'postgres'), join(long, 'postgres'))
    const first = await openDatabase({ url: null, dataDir: long })
    const second = await openDatabase({ url: null, dataDir: long })
    await first.database.query('CREATE TABLE kept AS SELECT 7 AS n')
    expect(await second.database.query('SELECT n FROM kept')).toEqual([{ n: 7 }])
    const { host } = second.dataSource.options as { host: string }
    expect(host.startsWith(tmpdir())).toBe(true)
    expect((await stat(host)).mode & 0o777).toBe(0o700)
    expect((await stat(join(host, '.s.PGSQL.5432'))).mode & 0o777).toBe(0o600)
    await second.close()
    await first.close()
    await rm(host, { recursive: true })
  })

  test('starts again after a process that left its socket and its lock behind', async () => {
    const first = await openDatabase({ url: null, dataDir })
    await first.database.query('CREATE TABLE kept AS SELECT 7 AS n')
    await first.close()
    await writeFile(join(dataDir, 'run', '.s.PGSQL.5432'), '')
    await writeFile(join(dataDir, 'postgres.lock'), JSON.stringify({ pid: 2 ** 30, started: '' }))
    const second = await openDatabase({ url: null, dataDir })
    expect(await second.database.query('SELECT n FROM kept')).toEqual([{ n: 7 }])
    await second.close()
  })
})

test('a server that does not answer is refused without telling its address or password', async () => {
  const url = 'postgres://somebody:secret-word@127.0.0.1:1/nowhere'
  const refusal = await openDatabase({ url, dataDir: tmpdir() }).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(inspect(refusal, { depth: 10 })).not.toContain('secret-word')
})
