/** A PostgreSQL server of a proof's own: one that may be traced, stopped and broken. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from '../servers.mjs'

const run = promisify(execFile)
const VERSIONS = '/usr/lib/postgresql'
const START_WITHIN_MS = 60_000
const COMMIT =
  /len \(rec\/tot\): +\d+\/ +(\d+), tx: +(\d+), lsn: ([0-9A-F]+)\/([0-9A-F]+), .*?desc: COMMIT /g

export class ScratchCluster {
  #bin
  #process = null
  #ownsFolder

  /** @param settings of postgresql.conf; @param given folder where its files lie, such as on a small disk */
  static async create(settings = {}, given = null) {
    const folder = given ?? mkdtempSync(join(tmpdir(), 'bauta-proof-'))
    const cluster = new ScratchCluster()
    cluster.#ownsFolder = given === null
    const newest = readdirSync(VERSIONS)
      .sort((a, b) => Number(a) - Number(b))
      .at(-1)
    cluster.#bin = join(VERSIONS, newest, 'bin')
    cluster.folder = folder
    cluster.data = join(folder, 'data')
    cluster.port = await freePort()
    if (isRoot()) chownSync(folder, ...(await idsOf('postgres')))
    const initdb = join(cluster.#bin, 'initdb')
    const how = ['--auth=trust', '--username=bauta', '--encoding=UTF8', '--locale=C.UTF-8']
    const [command, ...arguments_] = asOwner([initdb, '-D', cluster.data, ...how])
    await run(command, arguments_)
    cluster.set({
      listen_addresses: "'127.0.0.1'",
      unix_socket_directories: "''",
      port: cluster.port,
      max_connections: 50,
      shared_buffers: "'64MB'",
      // Nothing of the log is thrown away while somebody wants to read it.
      wal_keep_size: "'2GB'",
      ...settings,
    })
    return cluster
  }

  /** Settings that hold from the next start on. */
  set(settings) {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
    writeFileSync(join(this.data, 'postgresql.conf'), lines.join(''), { flag: 'a' })
  }

  get url() {
    return `postgres://bauta@127.0.0.1:${this.port}/postgres`
  }

  /** What starts the server. */
  get command() {
    return asOwner([join(this.#bin, 'postgres'), '-D', this.data])
  }

  /** A command that starts the server too, beside it and before it. */
  beside(command) {
    const ready = `until ${this.#bin}/pg_isready -q -h 127.0.0.1 -p ${this.port}; do sleep 0.1; done`
    const both = `${this.command.join(' ')} >/dev/null 2>&1 & ${ready}; exec "$@"`
    return ['bash', '-c', both, 'bash', ...command]
  }

  get runs() {
    return this.#process !== null && this.#process.exitCode === null
  }

  async start() {
    const [command, ...arguments_] = this.command
    this.#process = spawn(command, arguments_, { stdio: 'ignore' })
    for (const deadline = Date.now() + START_WITHIN_MS; ; await sleep(100)) {
      if (await this.answers()) return this
      if (!this.runs || Date.now() > deadline)
        throw new Error('the PostgreSQL server did not start')
    }
  }

  /** The server's first process, whoever has started it. */
  get postmaster() {
    return Number(readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n')[0])
  }

  /** SIGINT: fast. SIGQUIT: as in a crash. */
  async stop(signal = 'SIGINT') {
    if (!this.runs) return
    const gone = once(this.#process, 'exit')
    process.kill(this.postmaster, signal)
    await gone
  }

  async remove() {
    await this.stop()
    rmSync(this.#ownsFolder ? this.folder : this.data, { recursive: true, force: true })
  }

  async query(text, values) {
    const client = new pg.Client({ connectionString: this.url })
    await client.connect()
    try {
      return (await client.query(text, values)).rows
    } finally {
      await client.end()
    }
  }

  /** Commits in its write-ahead log: number of the transaction, first and last byte in the log. The server must not run. */
  async commits() {
    const wal = join(this.data, 'pg_wal')
    const segments = readdirSync(wal)
      .filter((name) => /^[0-9A-F]{24}$/.test(name))
      .sort()
    const span = [segments[0], segments.at(-1)]
    const dump = [join(this.#bin, 'pg_waldump'), '-p', wal, '-r', 'Transaction', ...span]
    const [command, ...arguments_] = asOwner(dump)
    // It ends with an error where the log ends.
    const { stdout } = await run(command, arguments_, { maxBuffer: 2 ** 30 }).catch(
      (error) => error,
    )
    return [...stdout.matchAll(COMMIT)].map(([, length, transaction, high, low]) => {
      const start = Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16)
      return { transaction, start, end: start + Number(length) - 1 }
    })
  }

  /** Starts it, whatever its last process is doing. */
  async startAgain() {
    if (this.runs) await this.stop('SIGQUIT')
    await this.start()
  }

  async answers() {
    try {
      await this.query('SELECT 1')
      return true
    } catch {
      return false
    }
  }
}

const isRoot = () => process.getuid() === 0

/** PostgreSQL refuses to run as root. */
function asOwner(command) {
  return isRoot() ? ['runuser', '-u', 'postgres', '--', ...command] : command
}

async function idsOf(user) {
  const ids = await Promise.all(['-u', '-g'].map(async (which) => await run('id', [which, user])))
  return ids.map(({ stdout }) => Number(stdout))
}
