import { Worker } from 'node:worker_threads'
import { SECOND } from './kernel/time.ts'

/**
 * Ends this process when its main thread has not turned for so long: whoever restarts it gets a gateway that answers. The
 * embedded PostgreSQL runs in the main thread, and after a full disk it has been seen to run in circles for ever, at which
 * nothing in that thread can look.
 * @param seconds 0: never.
 */
export function endWhenStalled(seconds: number): void {
  if (seconds === 0) return
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  setInterval(() => Atomics.add(beats, 0, 1), SECOND).unref()
  new Worker(WATCH, { eval: true, execArgv: [], workerData: { beats, seconds } }).unref()
}

/**
 * The other thread. It counts seconds of its own: a process that is stopped and goes on later has not stalled meanwhile.
 * SIGKILL, because a handler would need the thread that does not turn.
 */
const WATCH = `
  const { workerData: { beats, seconds } } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  const never = new Int32Array(new SharedArrayBuffer(4))
  let seen = 0
  for (let still = 0; still < seconds; still++) {
    Atomics.wait(never, 0, 0, ${SECOND})
    if (Atomics.load(beats, 0) !== seen) still = -1
    seen = Atomics.load(beats, 0)
  }
  writeSync(2, 'Nothing has moved for ' + seconds + ' s: ending, so that a restart can help (BAUTA_STALL_SECONDS).\\n')
  process.kill(process.pid, 'SIGKILL')
`
