import { relative } from 'node:path'
import { setInterval } from 'node:timers'

// The runner has no time limit for a test: one that hangs is named here, and ends the run.
const LIMIT_MS = 5 * 60_000
const LONG_MS = 30 * 60_000

let state = ''
let since = performance.now()
const watch = setInterval(() => {
  const { testPath = '', currentTestName = '' } = expect.getState()
  const now = `${relative('', testPath)}: ${currentTestName}`
  if (now !== state) {
    state = now
    since = performance.now()
  } else if (performance.now() - since > (testPath.includes('.long.') ? LONG_MS : LIMIT_MS)) {
    process.stderr.write(`No test has ended for too long since ${state}\n`)
    process.exit(1)
  }
}, 5_000)
watch.unref()
