// node test/offline/check.mjs WORK: runs the verifiers that travel with an export, in a folder moved away from everything.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { carriedFiles } from '../../dist/src/carried-files.js'
import { families } from './faults.mjs'
import { realExports } from './real-export.mjs'
import { writeExport } from './small-export.mjs'

const work = process.argv[2]
let passed = 0
let failed = 0

function check(name, holds, seen = '') {
  if (holds) passed += 1
  else {
    failed += 1
    process.stdout.write(`FAILED: ${name}\n${seen}\n`)
  }
}

/** Runs a program in a folder, with an environment in which nothing of this project can be found. */
function run(dir, command, args) {
  const env = { PATH: '/usr/bin:/bin', HOME: work }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: dir, env, encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

const inNode = (dir, ...args) => run(dir, process.execPath, ['verify/verify.mjs', ...args])
const inGo = (dir, ...args) => run(dir, join(work, 'verify-export'), ['.', ...args])

/** An export of a log from the entry `first` on, written in one place and moved to another. */
async function exported(first) {
  const [here, there] = [join(work, 'here'), join(work, `export-${first}`)]
  const world = await writeExport(here, join(work, 'kept'), first)
  for (const { path, bytes } of await carriedFiles()) {
    mkdirSync(dirname(join(here, path)), { recursive: true })
    writeFileSync(join(here, path), bytes)
  }
  renameSync(here, there)
  return { dir: there, world }
}

/** Both programs verify it, with its own keys and with those that an officer has kept. */
function verifies(dir) {
  for (const [name, verify] of [
    ['Node', inNode],
    ['Go', inGo],
  ]) {
    const { status, said } = verify(dir)
    check(`${name} verifies an export`, status === 0 && /^VERIFIED/m.test(said), said)
  }
  const [log, witness, previous] = ['log.vkey', 'witness.vkey', 'checkpoint'].map((file) =>
    join(work, 'kept', file),
  )
  const kept = ['--log-key', log, '--witness-key', witness, '--previous', previous]
  check('Node verifies with what the officer kept', inNode(dir, ...kept).status === 0)
  check('Go verifies with what the officer kept', inGo(dir, log, witness).status === 0)
  const foreign = ['--log-key', witness, '--witness-key', log]
  check('Node refuses other keys', inNode(dir, ...foreign).status === 1)
  check('Go refuses other keys', inGo(dir, witness, log).status === 1)
}

/** Each family of fault, done to a copy, is found by both. */
async function rejectsFaults(dir, world) {
  const tampered = join(work, 'tampered')
  for (const { name, change } of await families(world)) {
    rmSync(tampered, { recursive: true, force: true })
    cpSync(dir, tampered, { recursive: true })
    change(tampered)
    const [finding] = name.split(':')
    const node = inNode(tampered)
    check(`Node: ${name}`, node.status === 1 && node.said.includes(`  ${finding}`), node.said)
    const go = inGo(tampered)
    check(`Go: ${name}`, go.status === 1 && go.said.startsWith('NOT VERIFIED'), go.said)
  }
}

const shell = (dir, script) => run(dir, 'bash', ['--norc', '-euc', script])

/** Commands of the README by a word in them: they stand in by four blanks, and those that belong together together. */
function commands(word) {
  const lines = readFileSync('verify/README.txt', 'utf8').split('\n')
  const blocks = lines
    .map((line) => (line.startsWith('    ') ? line.trim() : ''))
    .join('\n')
    .split(/\n{2,}/)
  return blocks.find((block) => block.includes(word))
}

function climbs(dir, entry) {
  const script = commands('tlog-proof').replace('N=138', `N=${entry}`)
  const [reached, root] = shell(dir, script).said.trim().split('\n').slice(-2)
  check('openssl climbs from an entry to the root', reached === root, `${reached}\n${root}`)
}

/** What the README tells people to type. */
function followsTheReadme(dir) {
  const [told, listed] = shell(dir, commands('sha256sum')).said.split('\n')
  check('sha256sum sees the hash of an entry', told.slice(0, 64) === listed, `${told}\n${listed}`)
  climbs(dir, 138)

  const verified = shell(dir, commands('pkeyutl'))
  check(
    'openssl verifies the signature',
    /Verified Successfully/.test(verified.said),
    verified.said,
  )
  const forged = `${dir}-forged`
  cpSync(dir, forged, { recursive: true })
  const note = readFileSync(join(forged, 'checkpoint'), 'utf8')
  writeFileSync(join(forged, 'checkpoint'), note.replace('\n1000\n', '\n1001\n'))
  check('openssl refuses another text', shell(forged, commands('pkeyutl')).status !== 0)

  const go = shell(
    dir,
    `export GO111MODULE=off GOCACHE="${work}/go-cache"\n${commands('go build')}`,
  )
  check(
    'the build of the Go verifier works',
    go.status === 0 && /^VERIFIED/m.test(go.said),
    go.said,
  )
  rmSync(join(dir, 'verify-export'))
}

const whole = await exported(0)
const part = await exported(101)
for (const { dir, world } of [whole, part]) {
  verifies(dir)
  await rejectsFaults(dir, world)
}
const real = await realExports(work)
climbs(real.at(-1), 0)
for (const dir of real) {
  const [node, go] = [inNode(dir), inGo(dir)]
  check('Node verifies an export of a gateway', node.status === 0, node.said)
  check('Go verifies an export of a gateway', go.status === 0, go.said)
  const file = join(dir, 'entries.jsonl')
  writeFileSync(file, readFileSync(file, 'utf8').replace('permit', 'refuse'))
  const altered = inNode(dir)
  check(
    'Node names its altered entry',
    altered.said.includes('  entry-altered entry '),
    altered.said,
  )
  check('Go refuses its altered entry', inGo(dir).status === 1)
}
followsTheReadme(whole.dir)
followsTheReadme(part.dir)
check('Node refuses what it is not asked properly', inNode(whole.dir, '--nothing').status === 2)
// The command of the gateway says the same as the copy that travels.
const own = run('.', process.execPath, ['dist/src/main.js', 'audit', 'verify', part.dir])
check('bauta audit verify says the same', own.said === inNode(part.dir).said, own.said)

process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
