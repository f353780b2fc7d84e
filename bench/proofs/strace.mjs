/** Runs something under strace, and reads what it saw: system calls in the one order in which the tracer saw them. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const CALLS = 'write,writev,pwrite64,pwritev,fdatasync,fsync,sendto,sendmsg'
/** Longer than any answer or batch of entries here. */
const LONGEST = 20_000_000

/**
 * A command under strace, with all that it starts: what one tracer logs first has happened first, also in different
 * processes. Calls that are of no interest don't stop.
 */
export function traced(file, command) {
  const options = ['-f', '--seccomp-bpf', '-yy', '-s', String(LONGEST), '-e', `trace=${CALLS}`]
  return ['strace', ...options, '-e', 'signal=none', '-o', file, ...command]
}

/** @typedef {{ name: string, on: string, text: string, rest: string, result: number, start: number, end: number }} Call
 * `on`: what the file descriptor stands for; `text`: what was written, one character per byte; `rest`: the arguments behind
 * it; `start` and `end`: numbers of the lines where it began and ended. */

const LINE = /^(\d+) +(.*)$/s
const BEGUN = /^(\w+)\((\d+)<(.*?)>(?:, (.*))?$/s
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/s
const RESULT = /^(.*?)\)? += (-?\d+)(?: .*)?$/s

/** @returns {AsyncGenerator<Call>} calls in the order in which they ended */
export async function* callsIn(file) {
  const begun = new Map()
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    number++
    const [, pid, what] = LINE.exec(line) ?? []
    if (!pid) continue
    const resumed = RESUMED.exec(what)
    const started = resumed ? begun.get(pid) : { text: what, start: number }
    if (!started) continue
    const text = resumed ? started.text + resumed[2] : what
    begun.delete(pid)
    if (text.endsWith(' <unfinished ...>')) {
      begun.set(pid, { text: text.slice(0, -' <unfinished ...>'.length), start: started.start })
      continue
    }
    const call = callOf(text, started.start, number)
    if (call) yield call
  }
}

function callOf(line, start, end) {
  const [, before, result] = RESULT.exec(line) ?? []
  const [, name, , on, arguments_ = ''] = BEGUN.exec(before ?? '') ?? []
  if (!name) return null
  const strings = [...arguments_.matchAll(/"((?:[^"\\]|\\.)*)"/gs)]
  const last = strings.at(-1)
  return {
    name,
    on,
    text: strings.map(([, escaped]) => unescaped(escaped)).join(''),
    rest: last ? arguments_.slice(last.index + last[0].length) : arguments_,
    result: Number(result),
    start,
    end,
  }
}

const LETTERS = { n: '\n', r: '\r', t: '\t', v: '\v', f: '\f' }

function unescaped(text) {
  return text.replace(/\\(?:([0-7]{1,3})|(.))/gs, (_whole, octal, letter) =>
    octal ? String.fromCharCode(Number.parseInt(octal, 8)) : (LETTERS[letter] ?? letter),
  )
}
