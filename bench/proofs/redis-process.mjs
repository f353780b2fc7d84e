/** A Redis server of a proof's own: one that may be killed and stopped. It keeps nothing. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../servers.mjs'

const SETTINGS = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']

export class RedisProcess {
  #child = null

  static version() {
    const said = execFileSync('redis-server', ['--version'], { encoding: 'utf8' })
    return /v=(\S+)/.exec(said)?.[1] ?? said.trim()
  }

  static async start() {
    const redis = new RedisProcess()
    redis.port = await freePort()
    redis.url = `redis://127.0.0.1:${redis.port}`
    redis.spawn()
    return redis
  }

  spawn() {
    const port = ['--port', String(this.port)]
    this.#child = spawn('redis-server', [...port, ...SETTINGS], { stdio: 'ignore' })
  }

  pause() {
    this.#child.kill('SIGSTOP')
  }

  goOn() {
    this.#child.kill('SIGCONT')
  }

  async kill() {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
