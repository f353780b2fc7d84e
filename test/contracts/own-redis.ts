import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { env } from 'node:process'
import { createClient } from '@redis/client'

/** The Redis that tests share: they fail where none answers. */
// biome-ignore lint/style/noProcessEnv: where tests learn where their services are
export const sharedRedis = env.BAUTA_TEST_REDIS_URL ?? 'redis://127.0.0.1:6379'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A Redis server that a test may stop, hang and start again under the same address. */
export class OwnRedis {
  readonly url: string
  readonly #port: number
  #server: ChildProcess | null = null

  private constructor(port: number) {
    this.#port = port
    this.url = `redis://127.0.0.1:${port}`
  }

  static async start(): Promise<OwnRedis> {
    const own = new OwnRedis(await freePort())
    await own.start()
    return own
  }

  async start(): Promise<void> {
    const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#server = spawn('redis-server', ['--port', String(this.#port), ...settings], {
      stdio: 'ignore',
    })
    const client = createClient({ url: this.url, socket: { reconnectStrategy: 50 } })
    client.on('error', () => {})
    await client.connect()
    client.destroy()
  }

  /** `SIGSTOP` hangs it, `SIGCONT` lets it go on; all else ends it. */
  async signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): Promise<void> {
    const server = this.#server
    if (!server) return
    const gone = once(server, 'exit')
    server.kill(signal)
    if (signal === 'SIGKILL') await gone
  }
}
