/** A gateway that may be killed and started again under the same address. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../servers.mjs'
import { childrenOf } from './process-tree.mjs'

export const main = new URL('../../dist/src/main.js', import.meta.url).pathname

/** A first start loads the demo; on a machine that is busy otherwise that takes a while. */
const START_WITHIN_MS = 600_000

export class GatewayProcess {
  #environment
  #wrap
  #imports
  #child = null
  #errors = ''

  /**
   * @param environment settings of the gateway
   * @param imports modules that node loads before the gateway
   * @param wrap turns a command into the one that is run instead, such as one under strace
   */
  static async at(environment, { imports = [], wrap = (command) => command } = {}) {
    const process = new GatewayProcess()
    process.port = await freePort()
    process.url = `http://127.0.0.1:${process.port}`
    process.#environment = environment
    process.#imports = imports
    process.#wrap = wrap
    return process
  }

  /** Begins; `ready` says when it answers. */
  spawn() {
    const imports = this.#imports.flatMap((module) => ['--import', module])
    const [command, ...arguments_] = this.#wrap([process.execPath, ...imports, main, 'serve'])
    this.#errors = ''
    this.#child = spawn(command, arguments_, {
      env: {
        ...process.env,
        BAUTA_MODE: 'development',
        BAUTA_LOG_LEVEL: 'error',
        BAUTA_REQUESTS_PER_MINUTE: '1000000000',
        BAUTA_COST_PER_MINUTE: '1000000000',
        ...this.#environment,
        PORT: String(this.port),
        HOST: '127.0.0.1',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child.stderr.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-20_000)
    })
    return this
  }

  get pid() {
    return this.#child?.pid
  }

  get runs() {
    const child = this.#child
    return child !== null && child.exitCode === null && child.signalCode === null
  }

  /** What it has said: the last of it. */
  get said() {
    return this.#errors
  }

  /** Waits until it answers `path` with 200; false where it was killed meanwhile. @throws where it ends by itself. */
  async ready(path = '/health/ready') {
    const child = this.#child
    for (const deadline = Date.now() + START_WITHIN_MS; ; await sleep(40)) {
      if (child !== this.#child || child.signalCode === 'SIGKILL') return false
      if (child.exitCode !== null || Date.now() > deadline) {
        child.kill('SIGKILL')
        throw new Error(`the gateway did not start: ${this.#errors}`)
      }
      const answer = await fetch(this.url + path).catch(() => null)
      await answer?.arrayBuffer().catch(() => null)
      if (answer?.ok) return true
    }
  }

  async start() {
    await this.spawn().ready()
    return this
  }

  /** Ends a gateway that runs inside of something else, such as a tracer, and waits until both are gone. */
  async end() {
    const gone = once(this.#child, 'exit')
    for (const pid of childrenOf(this.pid)) process.kill(pid, 'SIGKILL')
    await gone
  }

  /** Resolves when the process is gone. */
  async stop(signal = 'SIGTERM') {
    const child = this.#child
    if (!this.runs) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(hard)
  }
}
