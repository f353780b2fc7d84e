/** Starts each server as a process of its own and waits until it answers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** As `npm start` sets it, and the same for everybody: the young generation holds what many answers under way hold. */
const YOUNG_GENERATION = '--max-semi-space-size=32'
/** A first start loads the demo; on a machine that is busy otherwise that takes a while. */
const START_WITHIN_MS = 180_000

/**
 * @param arguments_ what node runs
 * @param path asked until it answers anything at all
 * @returns {Promise<{ url: string, pid: number, stop(): Promise<void> }>}
 */
export async function startServer(arguments_, environment, path = '/') {
  const port = await freePort()
  const child = spawn(process.execPath, [YOUNG_GENERATION, ...arguments_], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      ...environment,
      PORT: String(port),
      HOST: '127.0.0.1',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4_000)
  })
  const url = `http://127.0.0.1:${port}`
  for (const deadline = Date.now() + START_WITHIN_MS; ; await sleep(100)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`${arguments_.join(' ')} did not start: ${errors}`)
    }
    const answer = await fetch(url + path).catch(() => null)
    await answer?.arrayBuffer()
    if (answer && (path === '/' || answer.ok)) break
  }
  return {
    url,
    pid: child.pid,
    /** @param signal SIGKILL for proofs that end a server without warning */
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill(signal)
      const hard = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await once(child, 'exit')
      clearTimeout(hard)
    },
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
