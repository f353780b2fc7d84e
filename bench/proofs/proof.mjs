/**
 * npm run proof                        every proof at full size
 * npm run proof -- NAME [--scale 0.05] [--seed N]
 * npm run proof status                 what was shown, when, and whether the code has changed since
 *
 * A run that was interrupted goes on where it stopped. Results at full size are kept in bench/proofs/results.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { circumstances } from '../circumstances.mjs'
import { proofs } from './registry.mjs'

const DEFAULT_SEED = '20250131'
const results = new URL('results/', import.meta.url)
const states = new URL('../.data/proofs/', import.meta.url)
const read = (url) => (existsSync(url) ? JSON.parse(readFileSync(url, 'utf8')) : null)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: DEFAULT_SEED },
  },
})
if (positionals[0] === 'status') status()
else await prove(positionals, Number(values.scale), Number(values.seed))

async function prove(names, scale, seed) {
  if (!(scale > 0 && scale <= 1)) throw new Error('--scale must lie above 0 and at most at 1')
  const unknown = names.filter((name) => !proofs.some((proof) => proof.name === name))
  if (unknown.length > 0)
    throw new Error(
      `unknown proof ${unknown.join(', ')}: one of ${proofs.map(({ name }) => name).join(', ')}`,
    )
  const chosen = proofs.filter(({ name }) => names.length === 0 || names.includes(name))
  let failed = 0
  for (const proof of chosen) if (!(await proveOne(proof, scale, seed))) failed++
  console.log(`\n${chosen.length - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

async function proveOne(proof, scale, seed) {
  const { name, shows, full, needs = [] } = proof
  mustHave(needs)
  const about = await circumstances()
  const size = Math.max(1, Math.round(full * scale))
  const stateFile = new URL(`${name}.json`, states)
  mkdirSync(states, { recursive: true })
  const run = { commit: about.commit, size, seed }
  const saved = read(stateFile)
  const state = saved && JSON.stringify(saved.run) === JSON.stringify(run) ? saved.state : null
  console.log(
    `${name}: ${shows}\n${state ? 'going on with' : 'starting'} a run of size ${size}, seed ${seed}`,
  )
  const save = (next) => writeFileSync(stateFile, JSON.stringify({ run, state: next }))
  const result = await proof.run({ size, seed, state, save, log: console.log })
  const record = { name, shows, ...about, covered: digestOf(proof.covers), seed, size, ...result }
  // A short run says that the proof works, not that it holds: it never replaces a full one.
  if (scale === 1) {
    mkdirSync(results, { recursive: true })
    writeFileSync(new URL(`${name}.json`, results), `${JSON.stringify(record, null, 2)}\n`)
  }
  // Not before: an hour's work is gone otherwise where the result can not be written.
  rmSync(stateFile, { force: true })
  console.log(`${result.passed ? 'passed' : 'FAILED'} ${name}: ${JSON.stringify(result)}`)
  if (!result.passed) for (const line of reasons(result)) console.log(`  ${line}`)
  return result.passed
}

/** What was found, and where in the result: last, where whoever reads the end of a log sees it. */
function* reasons(value, path = []) {
  if (value === null || typeof value !== 'object') return
  for (const [key, inner] of Object.entries(value))
    if (key !== 'findings') yield* reasons(inner, [...path, key])
    else if (Array.isArray(inner))
      for (const finding of new Set(inner)) yield `${path.join(' / ')}: ${finding}`
}

/** @throws Error where a command is missing: Debian's package has the same name. */
function mustHave(commands) {
  const missing = commands.filter((command) => {
    try {
      execFileSync('which', [command], { stdio: 'ignore' })
      return false
    } catch {
      return true
    }
  })
  if (missing.length > 0) throw new Error(`install first: apt-get install ${missing.join(' ')}`)
}

function status() {
  for (const { name, shows, covers } of proofs) {
    const result = read(new URL(`${name}.json`, results))
    console.log(
      `${name}: ${shows}\n  ${result ? standing(result, covers) : 'never run at full size'}`,
    )
  }
}

function standing({ passed, date, commit, covered, size }, covers) {
  const [hash, ...changed] = commit.split(' ')
  const age = covered === digestOf(covers) ? 'up to date' : 'OLD: what it covers has changed since'
  return `${passed ? 'passed' : 'FAILED'} ${date.slice(0, 10)} at ${hash.slice(0, 10)}${changed.length > 0 ? ' with local changes' : ''}, size ${size}; ${age}`
}

/** Of the names and contents of all files that a proof covers: a commit's number changes where its code does not. */
function digestOf(covers) {
  const files = execFileSync('git', ['ls-files', '--stage', '--', ...covers])
  return createHash('sha256').update(files).digest('hex')
}
