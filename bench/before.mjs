import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { load, median } from './load.mjs'
import { idLists, workloads } from './workloads.mjs'

const project = new URL('..', import.meta.url).pathname
/** Share of the throughput of the earlier commit that has to be left. */
const TARGET = 0.9
const COMPARED = ['list', 'contact', 'single']
const WARM_SECONDS = 10

/** This code and that of an earlier commit, each on its own database with the same people, in turn. */
export async function before({ databaseUrl, people, contenders, rounds, seconds, commit }) {
  const id = git('rev-parse', '--verify', `${commit}^{commit}`)
  const tree = checkOut(id)
  const there = (path) => import(join(tree, 'bench', path))
  const url = new URL(databaseUrl)
  url.pathname = `${url.pathname}_before`
  await createDatabase(databaseUrl, url.pathname.slice(1))
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  console.log(`seeding ${people} people for ${id.slice(0, 10)} where they are not there yet`)
  const { seedBauta } = await there('seed-bauta.mjs')
  const { bauta } = await there('contenders.mjs')
  const earlier = bauta(await seedBauta(client, url.href, people))
  await client.end()
  const [now] = contenders
  const sides = [
    { name: 'now', asker: now, server: await now.start(databaseUrl) },
    { name: 'before', asker: earlier, server: await earlier.start(url.href) },
  ]
  try {
    const kept = {}
    for (const key of COMPARED) {
      const medians = await measure(sides, workloads[key], { people, rounds, seconds })
      const reached = Math.round((medians.now / medians.before) * 100) / 100
      kept[key] = { requestsPerSecond: medians, reached, target: TARGET, met: reached >= TARGET }
      console.log(
        `${reached >= TARGET ? 'met   ' : 'missed'} ${workloads[key].title}: ${Math.round(medians.now)} of ${Math.round(medians.before)} requests/s, ${reached} of ${id.slice(0, 10)} (target at least ${TARGET})`,
      )
    }
    return { before: id, kept }
  } finally {
    for (const { server } of sides) await server.stop()
  }
}

async function measure(sides, workload, { people, rounds, seconds }) {
  const lists = idLists(workload.rows, 200, people)
  const samples = Object.fromEntries(sides.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++)
    for (const { name, asker, server } of sides) {
      const requests = lists.map((ids) => asker.ask(workload, ids))
      const { perSecond } = await load({ url: server.url, headers: asker.headers }, requests, {
        seconds: round === 0 ? WARM_SECONDS : seconds,
      })
      if (round > 0) samples[name].push(perSecond)
    }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))
}

/** The code of the commit, built, in a folder that is kept for the next time. */
function checkOut(id) {
  const tree = join(project, 'bench/.data/before', id)
  if (!existsSync(tree)) {
    mkdirSync(join(tree, '..'), { recursive: true })
    git('worktree', 'prune')
    git('worktree', 'add', '--detach', tree, id)
  }
  const locks = [project, tree].map((dir) => readFileSync(join(dir, 'package-lock.json'), 'utf8'))
  if (!existsSync(join(tree, 'node_modules'))) {
    if (locks[0] === locks[1])
      symlinkSync(join(project, 'node_modules'), join(tree, 'node_modules'))
    else run('npm', ['ci', '--no-audit', '--no-fund'], tree)
  }
  const modules = join(tree, 'bench/node_modules')
  if (!existsSync(modules)) symlinkSync(join(project, 'bench/node_modules'), modules)
  if (!existsSync(join(tree, 'dist/src/main.js'))) run('npm', ['run', 'build'], tree)
  return tree
}

async function createDatabase(databaseUrl, name) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
  if (rows.length === 0) await client.query(`CREATE DATABASE ${name}`)
  await client.end()
}

function git(...words) {
  return execFileSync('git', words, { cwd: project, encoding: 'utf8' }).trim()
}

function run(command, words, cwd) {
  console.log(`${command} ${words.join(' ')} in ${cwd}`)
  execFileSync(command, words, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}
