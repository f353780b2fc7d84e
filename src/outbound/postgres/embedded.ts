import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, realpath, rm } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { ensureCluster } from './embedded-cluster.ts'
import { FolderLock } from './folder-lock.ts'

/** Part of the name of the socket file, by PostgreSQL's convention. */
export const EMBEDDED_PORT = 5432
const SOCKET_NAME = `.s.PGSQL.${EMBEDDED_PORT}`
/** Unix socket paths end at 104 bytes on macOS and 108 on Linux, with a zero byte. */
const LONGEST_SOCKET_PATH = 103
/** A process that holds the folder and doesn't answer for so long is not starting, it hangs. */
const PATIENCE_MS = 30_000
const MOST_CONNECTIONS = 64

type Log = (line: string) => void

/**
 * PostgreSQL in this process, kept in `<dataDir>/postgres` and served on a Unix socket in a private folder. The first
 * process on a data folder serves; later ones (the command line beside a running gateway) connect to its socket, and
 * one of them takes over when it ends. docs/decisions/embedded-postgres.md says why.
 */
export class EmbeddedServer {
  /** The folder of the socket: the `host` of a PostgreSQL client. */
  readonly socketFolder: string
  readonly #dataDir: string
  readonly #log: Log
  readonly #lock: FolderLock
  #serving: { database: PGlite; server: PGLiteSocketServer } | null = null
  #watch: Socket | null = null
  #closing = false
  #election: Promise<void> = Promise.resolve()

  private constructor(dataDir: string, socketFolder: string, log: Log) {
    this.#dataDir = dataDir
    this.socketFolder = socketFolder
    this.#log = log
    this.#lock = new FolderLock(join(dataDir, 'postgres.lock'))
  }

  static async start(dataDir: string, log: Log): Promise<EmbeddedServer> {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const folder = await realpath(dataDir)
    const embedded = new EmbeddedServer(folder, await privateSocketFolder(folder), log)
    await embedded.#elect()
    return embedded
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#watch?.destroy()
    await this.#election.catch(() => {})
    if (!this.#serving) return
    const { database, server } = this.#serving
    this.#serving = null
    await server.stop()
    await database.close()
    await this.#lock.release()
  }

  /** Connects to whoever serves this folder, or serves it. */
  async #elect(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!this.#closing) {
      if (await this.#attach()) return
      if (await this.#lock.take()) return await this.#serve()
      if (Date.now() > deadline)
        throw new Error('Another process holds the embedded database and does not answer.')
      await sleep(100)
    }
  }

  /** Holds one silent connection: when it ends, the process that served has ended. */
  #attach(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(join(this.socketFolder, SOCKET_NAME))
      socket.unref()
      let attached = false
      socket.on('error', () => {})
      socket.once('connect', () => {
        attached = true
        this.#watch = socket
        resolve(true)
      })
      socket.once('close', () => {
        resolve(false)
        if (!attached || this.#closing) return
        this.#election = this.#elect().catch((error: Error) => this.#log(error.message))
      })
    })
  }

  async #serve(): Promise<void> {
    const path = join(this.socketFolder, SOCKET_NAME)
    try {
      await rm(path, { force: true })
      this.#log('Starting the embedded PostgreSQL')
      const folder = join(this.#dataDir, 'postgres')
      await ensureCluster(folder)
      const database = new TurnTakingPGlite(folder)
      await database.waitReady
      const server = new PGLiteSocketServer({
        db: database,
        path,
        maxConnections: MOST_CONNECTIONS,
      })
      await server.start()
      await chmod(path, 0o600)
      this.#serving = { database, server }
    } catch (error) {
      await this.#lock.release()
      throw error
    }
  }
}

/** First byte of the messages of PostgreSQL's extended query protocol that leave a statement unfinished until Sync. */
const UNFINISHED: ReadonlySet<number> = new Set(Buffer.from('PBDECH'))
const SYNC = new Uint8Array([0x53, 0, 0, 0, 4])

/**
 * The socket server lets clients alternate after every protocol message, except inside a transaction. There is one
 * session with one unnamed statement, so between Parse and Sync that would run one client's statement with another
 * one's values. Claiming to be in a transaction until Sync makes the server stay with one client for a whole statement.
 */
class TurnTakingPGlite extends PGlite {
  #unfinished = false

  override isInTransaction(): boolean {
    return this.#unfinished || super.isInTransaction()
  }

  override async execProtocolRawStream(
    ...[message, options]: Parameters<PGlite['execProtocolRawStream']>
  ): Promise<void> {
    this.#unfinished = UNFINISHED.has(message[0] ?? 0)
    await super.execProtocolRawStream(message, options)
  }

  /** The server calls this to roll back for a client that went away, perhaps in mid-statement. */
  override async exec(...parameters: Parameters<PGlite['exec']>): ReturnType<PGlite['exec']> {
    if (this.#unfinished) {
      this.#unfinished = false
      await this.runExclusive(() => this.execProtocolRaw(SYNC))
    }
    return await super.exec(...parameters)
  }
}

async function privateSocketFolder(dataDir: string): Promise<string> {
  const beside = join(dataDir, 'run')
  const folder =
    Buffer.byteLength(join(beside, SOCKET_NAME)) <= LONGEST_SOCKET_PATH
      ? beside
      : join(tmpdir(), `bauta-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const found = await lstat(folder)
  // Whoever owns the folder of a socket can put another server in its place.
  if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid()))
    throw new Error('The folder of the embedded database’s socket belongs to somebody else.')
  await chmod(folder, 0o700)
  return folder
}
