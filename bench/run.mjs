/**
 * npm run bench [-- compare|memory|passthrough|audit|flood] [--people N] [--rounds N] [--seconds N] [--minutes N] [--only a,b]
 * npm run bench -- before [--commit COMMIT] [--people N] [--rounds N] [--seconds N]
 * npm run bench -- trail|tree|verify|export [--entries N]
 * npm run bench -- append
 *
 * compare      Bauta and its peers, interleaved, same data, same fields; ratios against the targets (the default)
 * memory       resident memory of Bauta under steady load
 * passthrough  lists of 1,000 of the same gateway with doors that let everything pass
 * audit        the same gateway with an audit trail that keeps nothing: what the trail costs
 * flood        lists beside a flood of log-ins: what it does to their p99
 * before       the code of an earlier commit (the one before this) and this one, in turn: what a change costs
 * append       entries that many at once append to the trail, signed and indexed meanwhile
 * tree         tiles that appends and proofs read, in a tree over 10 million entries
 * verify       an export, by the verifier for Node and the one in Go
 * export       `bauta audit export` of a signed trail
 * trail        pages of the audit trail for every filter, in a scratch database of 10 million entries
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { append } from './append.mjs'
import { audit } from './audit.mjs'
import { before } from './before.mjs'
import { circumstances } from './circumstances.mjs'
import { compare } from './compare.mjs'
import { bauta, peers } from './contenders.mjs'
import { PEOPLE } from './dataset.mjs'
import { exportTrail } from './export.mjs'
import { flood } from './flood.mjs'
import { memory } from './memory.mjs'
import { passthrough } from './passthrough.mjs'
import { seedBauta } from './seed-bauta.mjs'
import { seedPeers } from './seed-peers.mjs'
import { trail } from './trail.mjs'
import { tree } from './tree.mjs'
import { verify } from './verify.mjs'

const databaseUrl =
  process.env.BAUTA_BENCH_DATABASE_URL ?? 'postgres://bauta:bauta@127.0.0.1:5432/bauta_bench'
// The gateways that are started refuse variables that they don't know.
delete process.env.BAUTA_BENCH_DATABASE_URL
const modes = { compare, memory, passthrough, audit, flood, before }
/** Those that bring data of their own. */
const scratch = { trail, tree, append, verify, export: exportTrail }
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    people: { type: 'string', default: String(PEOPLE) },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
    commit: { type: 'string', default: 'HEAD~1' },
    entries: { type: 'string', default: '10000000' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  const [head = ''] = readFileSync(new URL(import.meta.url), 'utf8').split('*/')
  console.log(head.replace(/^\/?\*+ ?|^ \* ?/gm, '').trim())
  process.exit()
}
const [mode = 'compare'] = positionals
const run = modes[mode] ?? scratch[mode]
if (!run)
  throw new Error(
    `unknown benchmark ${mode}: one of ${Object.keys({ ...modes, ...scratch }).join(', ')}`,
  )

const client = new pg.Client({ connectionString: databaseUrl })
await client.connect()
const { rows } = await client.query("SELECT pg_try_advisory_lock(hashtext('bauta bench')) AS alone")
if (!rows[0].alone)
  throw new Error(
    'another benchmark is running on this database; two at once would measure each other',
  )
const settings = mode in scratch ? { entries: Number(values.entries) } : measurements()
const result = await run({ databaseUrl, ...settings, ...(mode in scratch ? {} : await contest()) })
const about = await circumstances(client)
await client.end()

const folder = new URL('results/', import.meta.url)
mkdirSync(folder, { recursive: true })
const path = new URL(`${mode}.json`, folder)
writeFileSync(path, `${JSON.stringify({ ...about, settings, ...result }, null, 2)}\n`)
console.log(`written: bench/results/${mode}.json`)

function measurements() {
  const numbers = ['people', 'rounds', 'seconds', 'minutes']
  const settings = Object.fromEntries(numbers.map((name) => [name, Number(values[name])]))
  return mode === 'before' ? { ...settings, commit: values.commit } : settings
}

/** Whoever is compared, over the same people. */
async function contest() {
  const people = Number(values.people)
  console.log(`seeding ${people} people where they are not there yet`)
  await seedPeers(client, people)
  const seeded = await seedBauta(client, databaseUrl, people)
  const wanted = values.only?.split(',')
  const contenders = [bauta(seeded), ...peers].filter(({ key }) => !wanted || wanted.includes(key))
  return { client, contenders, seeded }
}
