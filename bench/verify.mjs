import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { entryOfThreeFields } from './trail-entry.mjs'

const source = (path) => import(new URL(`../dist/src/${path}.js`, import.meta.url).href)
const project = new URL('..', import.meta.url).pathname

/** About 0.7 GB: larger than caches, small enough for any disk. */
const MOST_ENTRIES = 1_000_000
const RUNS = 3
const STEP = 4_096
const TARGETS = { node: 120_000, go: 300_000 }

/** How fast an exported trail is verified, by the copy for Node that travels with it and by the verifier in Go. */
export async function verify({ entries: asked }) {
  const entries = Math.min(asked, MOST_ENTRIES)
  const work = await mkdtemp(join(tmpdir(), 'bauta-verify-'))
  try {
    const dir = join(work, 'export')
    const entryBytes = await writeExport(dir, entries)
    const binary = join(work, 'verify-export')
    ran(spawnSync('bash', ['test/offline/build.sh', binary], { cwd: project, encoding: 'utf8' }))
    const speeds = { node: [], go: [] }
    for (let run = 0; run < RUNS; run++) {
      speeds.node.push(entries / seconds(process.execPath, [join(dir, 'verify/verify.mjs')]))
      speeds.go.push(entries / seconds(binary, [dir]))
    }
    const median = (numbers) => Math.round(numbers.toSorted((a, b) => a - b)[RUNS >> 1])
    const perSecond = { node: median(speeds.node), go: median(speeds.go) }
    for (const [name, target] of Object.entries(TARGETS))
      console.log(
        `${perSecond[name] >= target ? 'met   ' : 'missed'} ${name}: ${perSecond[name]} entries/s (target ${target}), entries of ${entryBytes} bytes`,
      )
    return { entries, entryBytes, perSecond, targets: TARGETS }
  } finally {
    await rm(work, { recursive: true })
  }
}

function seconds(command, args) {
  const began = performance.now()
  ran(spawnSync(command, args, { encoding: 'utf8' }))
  return (performance.now() - began) / 1_000
}

function ran({ status, stdout, stderr }) {
  if (status !== 0) throw new Error(`${stdout}${stderr}`)
}

/** An export of a log of its own. @returns the size of an entry. */
async function writeExport(dir, count) {
  const { EMPTY_EDGE, grow } = await source('domain/audit/tree-growth')
  const { carriedFiles } = await source('carried-files')
  for (const { path, bytes } of await carriedFiles()) await put(dir, path, bytes)
  const [lines, hashes] = ['entries.jsonl', 'hashes'].map((file) =>
    createWriteStream(join(dir, file)),
  )
  let edge = EMPTY_EDGE
  let root = null
  let bytes = 0
  for (let first = 0; first < count; first += STEP) {
    const leaves = await leavesFrom(first, Math.min(STEP, count - first))
    const growth = grow(
      edge,
      leaves.map(({ hash }) => hash),
    )
    edge = growth.edge
    root = growth.root
    const text = leaves.map((leaf) => `${leaf.bytes.toString()}\n`).join('')
    bytes += text.length
    hashes.write(Buffer.concat(leaves.map(({ hash }) => hash)))
    if (!lines.write(text)) await once(lines, 'drain')
  }
  await Promise.all([lines, hashes].map((file) => once(file.end(), 'finish')))
  await sign(dir, count, root)
  return Math.round(bytes / count)
}

/** Entries as a partner's request for three fields of one person leaves them. */
async function leavesFrom(first, count) {
  const { leavesOf } = await source('domain/audit/leaf')
  const id = (index) => `01932a00-0000-7000-8000-${String(index).padStart(12, '0')}`
  return Array.from({ length: count }, (_, at) => first + at).flatMap((index) =>
    leavesOf(
      entryOfThreeFields({
        id: id(index),
        time: new Date(1_732_000_000_000 + index).toISOString(),
      }),
    ),
  )
}

async function sign(dir, size, root) {
  const { signerKey, formatVerifierKey, cosignNote } = await source('domain/audit/signed-note')
  const { signCheckpoint } = await source('domain/audit/checkpoint')
  const { formatRange } = await source('domain/audit/export-folder')
  const log = signerKey('example.com/trail', Buffer.alloc(32, 1))
  const witness = signerKey('example.com/officer', Buffer.alloc(32, 2))
  const range = { first: 0, count: size, size, left: [], proof: [], announcements: [] }
  await put(dir, 'range.json', formatRange(range))
  await put(
    dir,
    'checkpoint',
    cosignNote(signCheckpoint({ origin: log.name, size, root }, log), witness),
  )
  await put(dir, 'log.vkey', `${formatVerifierKey(log)}\n`)
  await put(dir, 'witness.vkey', `${formatVerifierKey(witness)}\n`)
}

async function put(dir, path, content) {
  await mkdir(dirname(join(dir, path)), { recursive: true })
  await writeFile(join(dir, path), content)
}
