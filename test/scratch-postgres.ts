import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'

const run = promisify(execFile)
const VERSIONS = '/usr/lib/postgresql'
const LOOKS = 300

/** A PostgreSQL server of a test's own whose files can be read. It fails where none is installed. */
export interface ScratchPostgres {
  readonly url: string
  readonly folder: string
  query(text: string): Promise<void>
  remove(): Promise<void>
}

export async function scratchPostgres(
  settings: Readonly<Record<string, string>>,
): Promise<ScratchPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'bauta-scratch-'))
  const newest = (await readdir(VERSIONS)).sort((a, b) => Number(a) - Number(b)).at(-1) ?? ''
  const bin = (name: string) => join(VERSIONS, newest, 'bin', name)
  const isRoot = getuid?.() === 0
  if (isRoot) {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (which) => Number((await run('id', [which, 'postgres'])).stdout)),
    )
    await chown(folder, uid as number, gid as number)
  }
  const owned = (command: string[]) =>
    isRoot
      ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', ...command]
      : command
  const data = join(folder, 'data')
  const [initdb = '', ...how] = owned([
    bin('initdb'),
    '-D',
    data,
    '--auth=trust',
    '--username=bauta',
  ])
  await run(initdb, [...how, '--encoding=UTF8', '--locale=C.UTF-8'])
  const port = await freePort()
  const all = { listen_addresses: "'127.0.0.1'", unix_socket_directories: "''", port, ...settings }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`)
  await writeFile(join(data, 'postgresql.conf'), lines.join(''), { flag: 'a' })
  const [postgres = '', ...started] = owned([bin('postgres'), '-D', data])
  const server = spawn(postgres, started, { stdio: 'ignore' })
  const url = `postgres://bauta@127.0.0.1:${port}/postgres`
  const query = async (text: string) => {
    const client = new pg.Client(url)
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }
  for (let look = 0; ; look++) {
    const answers = await query('SELECT').then(
      () => true,
      () => false,
    )
    if (answers) break
    if (server.exitCode !== null || look === LOOKS) throw new Error('PostgreSQL did not start')
    await sleep(100)
  }
  const remove = async () => {
    const gone = once(server, 'exit')
    server.kill('SIGINT')
    await gone
    await rm(folder, { recursive: true, force: true })
  }
  return { url, folder, query, remove }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
