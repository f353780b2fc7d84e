/** A gateway's folder and database of its own, with the demo in it, for one proof. */
import { readFileSync, rmSync } from 'node:fs'
import pg from 'pg'
import { GatewayProcess } from './gateway-process.mjs'

export const server = new URL(
  process.env.BAUTA_BENCH_DATABASE_URL ?? 'postgres://bauta:bauta@127.0.0.1:5432/bauta_bench',
)
const proofs = new URL('../.data/proofs/', import.meta.url)

export class Installation {
  /** @param name of the proof and its variant: `kill-embedded`; @param database null: the embedded server. */
  constructor(name, database) {
    this.data = new URL(`${name}/`, proofs).pathname
    this.use(database)
  }

  use(database) {
    this.database = database
    this.environment = {
      BAUTA_DATA_DIR: this.data,
      DATABASE_URL: database ?? '',
      // Each gateway has a port of its own, and all must believe the tokens of the others.
      BAUTA_PUBLIC_URL: 'http://127.0.0.1',
    }
  }

  static embedded(name) {
    return new Installation(name, null)
  }

  /** On the shared server: a database that belongs to this proof. */
  static postgresql(name) {
    const url = new URL(server)
    url.pathname = `/bauta_proof_${name.replaceAll('-', '_')}`
    return new Installation(name, url.href)
  }

  /** From nothing. */
  async reset() {
    this.clear()
    if (this.database !== null) await recreate(this.database)
  }

  /** Without what the folder holds; the database is left as it is. */
  clear() {
    rmSync(this.data, { recursive: true, force: true })
  }

  /** Loads the demo, or renews its tokens where it is loaded. @returns credentials by principal. */
  async prepare(more = {}) {
    const first = await GatewayProcess.at({ ...this.environment, ...more })
    await first.start()
    await first.stop()
    return JSON.parse(readFileSync(`${this.data}/demo-credentials.json`, 'utf8'))
  }

  /** A gateway on it, which leaves the demo alone: that would take longer than all the rest of a start. */
  async gateway({ environment = {}, ...options } = {}) {
    const settings = { ...this.environment, BAUTA_DEMO: 'off', ...environment }
    return await GatewayProcess.at(settings, options)
  }
}

async function recreate(database) {
  const { pathname } = new URL(database)
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  await client.query(`DROP DATABASE IF EXISTS ${pathname.slice(1)} WITH (FORCE)`)
  await client.query(`CREATE DATABASE ${pathname.slice(1)}`)
  await client.end()
}

export async function versions() {
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  const { rows } = await client.query('SHOW server_version')
  await client.end()
  const manifest = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url)
  return {
    postgresql: rows[0].server_version.split(' ')[0],
    pglite: JSON.parse(readFileSync(manifest, 'utf8')).version,
  }
}
