import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import pg from 'pg'
import { type OpenDatabase, openDatabase } from '../../src/outbound/postgres/connect.ts'
import { migrate } from '../../src/outbound/postgres/migrate.ts'
import { newDataFolder } from '../new-data-folder.ts'

/** A migrated database of its own for one suite. */
export interface FreshDatabase extends OpenDatabase {
  readonly dataDir: string
  /** Texts of all statements of all gateways so far. */
  readonly statements: readonly string[]
  /** A second gateway on the same database. */
  connect(): Promise<OpenDatabase>
  drop(): Promise<void>
}

export interface FreshPostgres extends FreshDatabase {
  readonly name: string
  /** Runs a statement from outside, connected to another database of the server. */
  administer(statement: string): Promise<void>
}

export async function freshEmbedded(): Promise<FreshDatabase> {
  const dataDir = await newDataFolder()
  const statements: string[] = []
  const onStatement = (text: string) => statements.push(text)
  const connect = () => openDatabase({ url: null, dataDir, onStatement })
  const first = await connect()
  const drop = async () => {
    await first.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  return { ...first, dataDir, statements, connect, drop }
}

/** A new and empty database on the PostgreSQL of BAUTA_TEST_DATABASE_URL: it fails where none answers. */
export async function newDatabase(): Promise<{
  readonly url: string
  readonly name: string
  readonly administer: FreshPostgres['administer']
  drop(): Promise<void>
}> {
  const url = new URL(
    // biome-ignore lint/style/noProcessEnv: the one place where tests learn where their services are
    env.BAUTA_TEST_DATABASE_URL ?? 'postgres://bauta:bauta@127.0.0.1:5432/bauta_test',
  )
  const name = `bauta_test_${randomUUID().replaceAll('-', '')}`
  const administer = async (statement: string) => {
    const client = new pg.Client(url.href)
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  await administer(`CREATE DATABASE ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  const drop = async () => await administer(`DROP DATABASE ${name} WITH (FORCE)`)
  return { url: own.href, name, administer, drop }
}

/** As `newDatabase`, migrated and connected. */
export async function freshPostgres(): Promise<FreshPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bauta-test-'))
  const statements: string[] = []
  const onStatement = (text: string) => statements.push(text)
  const { url, name, administer, drop: dropDatabase } = await newDatabase()
  const connect = () => openDatabase({ url, dataDir, onStatement })
  const first = await connect()
  await migrate(first.dataSource)
  const drop = async () => {
    await first.close()
    await dropDatabase()
    await rm(dataDir, { recursive: true, force: true })
  }
  return { ...first, dataDir, statements, name, administer, connect, drop }
}
