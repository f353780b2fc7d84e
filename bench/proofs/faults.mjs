import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf } from '../dataset.mjs'
import { answerPath } from './answer-path.mjs'
import { failingSync } from './injected.mjs'
import { versions } from './installation.mjs'
import { childrenOf } from './process-tree.mjs'
import { Stage } from './stage.mjs'

const HEALTHY = 40
const REFUSED = 30
/** What the worst machine may need until a fault shows, or is over. */
const PATIENCE_MS = 60_000
/** A trail for which nothing is signed counts as in doubt after a minute. */
const UNSIGNED_MS = 150_000
/** Small enough that a small disk is soon full of something else. */
const SMALL_LOG = { min_wal_size: "'32MB'", max_wal_size: "'64MB'", wal_keep_size: '0' }

/** Where scenes are played, each with the demo loaded once. */
const stages = {
  embedded: {},
  'embedded on a small disk': { disk: true },
  postgresql: { cluster: {} },
  'postgresql on a small disk': { cluster: SMALL_LOG, disk: true },
}

/**
 * Each breaks something and says how it is made whole again. `restart`: `must` where the gateway must not recover by itself,
 * `may` where that depends on what met the fault first.
 */
const scenarios = {
  'the journal can not be synced': {
    on: 'embedded',
    restart: 'must',
    async break({ gateways: [gateway], installation }) {
      const journal = join(installation.data, 'audit/journal-000001.jsonl')
      const fault = await failingSync([gateway.pid], journal)
      return async () => await fault.stop()
    },
  },
  'the disk is full': {
    on: 'embedded on a small disk',
    // A database that finds no room refuses the batch before the journal is written to, and can go on when there is some:
    // pages that were there before may still take a smaller batch. Its entries are looked for like all others.
    restart: 'may',
    mayAnswer: true,
    // Or runs in circles from then on, until the gateway ends itself.
    environment: { BAUTA_STALL_SECONDS: '45' },
    async break({ disk }) {
      disk.fill()
      return async () => disk.clear()
    },
  },
  'only the reserve of the disk is left': {
    on: 'embedded on a small disk',
    environment: { BAUTA_DISK_RESERVE_MB: '60' },
    async break({ disk }) {
      disk.fill(30)
      return async () => disk.clear()
    },
    stillWorks: 'mutation { withdrawConsent(purpose: "MARKETING") { accepted } }',
  },
  'the log of PostgreSQL can not be synced': {
    on: 'postgresql',
    async break({ cluster }) {
      const fault = await failingSync(childrenOf(cluster.postmaster))
      return async () => await fault.stop()
    },
  },
  'PostgreSQL is gone': {
    on: 'postgresql',
    async break({ cluster }) {
      await cluster.stop('SIGQUIT')
      return async () => await cluster.start()
    },
  },
  'nobody can sign': {
    on: 'postgresql',
    within: UNSIGNED_MS,
    async break({ installation }) {
      // A file stands where the folder of the new checkpoint belongs; between two turns nothing does.
      const draft = join(installation.data, 'keys/audit-log.turn')
      while (!put(draft)) await sleep(1)
      return async () => rmSync(draft)
    },
  },
  'the gateway that signs hangs': { on: 'postgresql', hangs: true },
  'the disk of PostgreSQL is full': {
    on: 'postgresql on a small disk',
    // Pages that were there before still take entries, so now and then an answer is right.
    mayAnswer: true,
    async break({ disk, cluster }) {
      disk.fill()
      return async () => {
        disk.clear()
        // It ends itself where it can not even write its log.
        if (!(await cluster.answers())) await cluster.startAgain()
      }
    },
  },
}

/** An entry that can not be written is no reason not to answer: this must be found out. */
const PLANTED = {
  ...scenarios['the journal can not be synced'],
  imports: ['swallow-failures.mjs'],
  // Whoever refuses does so with the next answer.
  within: 10_000,
}

/**
 * Something breaks under a gateway that is asked all the time. While it is broken every answer is 503 without data and the
 * gateway says that it is not ready; afterwards it goes on, by itself or after a restart. In the end every answer that
 * anybody has received has its entry, and the trail has no entry that nobody asked for.
 */
export const faults = {
  name: 'faults',
  shows:
    'with sync failing, disk full, database gone or nobody to sign: 503 and no data, alarm, recovery without lost or invented entries',
  full: 2,
  covers: answerPath,
  needs: ['strace', 'mount'],

  async run({ size, seed, state, save, log }) {
    const done = state ?? { scenes: {}, planted: null }
    const tell = (name, scene) => {
      save(done)
      log(`${name}: ${JSON.stringify(scene)}`)
    }
    for (const name of Object.keys(stages)) await playOn(name, { size, seed, done, tell })
    const passed = Object.values(done.scenes)
      .flat()
      .every(({ findings }) => findings.length === 0)
    return {
      passed: passed && done.planted.findings.length > 0,
      ...done,
      planted: { ...done.planted, findings: tallied(done.planted.findings) },
      versions: await versions(),
    }
  },
}

/** Each once, with how often: what was planted is found thousands of times. */
function tallied(findings) {
  const times = {}
  for (const finding of findings) times[finding] = (times[finding] ?? 0) + 1
  return times
}

/** Every scene of one stage, so many times. */
async function playOn(stageName, { size, seed, done, tell }) {
  const own = Object.entries(scenarios).filter(([, { on }]) => on === stageName)
  const isDone = own.every(([name]) => done.scenes[name]?.length >= size)
  const plants = stageName === PLANTED.on && done.planted === null
  if (isDone && !plants) return
  const stage = await Stage.open(`faults-${stageName.replaceAll(' ', '-')}`, stages[stageName])
  try {
    for (let round = 0; round < size; round++)
      for (const [name, scenario] of own) {
        done.scenes[name] ??= []
        if (done.scenes[name].length > round) continue
        done.scenes[name].push(await play(stage, scenario, randomOf(seed + round)))
        tell(name, done.scenes[name].at(-1))
      }
    if (!plants) return
    done.planted = await play(stage, PLANTED, randomOf(seed))
    tell('planted fault', done.planted)
  } finally {
    await stage.close()
  }
}

async function play(stage, scenario, random) {
  const { hangs = false, environment = {}, imports = [] } = scenario
  await stage.start(hangs ? 2 : 1, environment, imports)
  try {
    if (hangs) await hang(stage, random)
    else await breakAndMend(stage, scenario, random)
    await stage.crowd.check()
  } finally {
    await stage.stop()
  }
  return stage.crowd.tale()
}

/** The one of two gateways that is at signing stops in the middle of everything: the other one takes over. */
async function hang({ gateways: [stuck, other], crowd }, random) {
  const before = await checkpointSize(other)
  process.kill(stuck.pid, 'SIGSTOP')
  try {
    await crowd.mustBeAnswered('beside it', random, HEALTHY, [other.url])
    const deadline = Date.now() + PATIENCE_MS
    while ((await checkpointSize(other)) <= before && Date.now() < deadline) await sleep(200)
    if ((await checkpointSize(other)) <= before) crowd.findings.push('nobody took over')
  } finally {
    process.kill(stuck.pid, 'SIGCONT')
  }
  // After more than a minute it has to look at the trail before it tells anything again.
  await stuck.ready()
  if (/AUDIT ALARM.*(fewer|not those|missing)/.test(stuck.said))
    crowd.findings.push('who was only stopped took the trail for another one')
}

async function breakAndMend(stage, scenario, random) {
  const { crowd } = stage
  await crowd.mustBeAnswered('before', random, HEALTHY)
  await crowd.check()
  let mend = async () => {}
  try {
    await crowd.during('until refused', random, async ({ refused }) => {
      mend = await scenario.break(stage)
      if (!(await refused(1, scenario.within ?? PATIENCE_MS)))
        crowd.findings.push('nobody was refused')
    })
    await whileBroken(stage, scenario, random)
  } finally {
    await mend()
  }
  if (scenario.restart) await restartIn(stage, scenario, random)
  await crowd.mustBeAnswered('afterwards', random, HEALTHY)
}

/** From the first refusal on nothing may be told until it is whole again. */
async function whileBroken({ crowd, gateways: [gateway], credentials }, scenario, random) {
  let warns = false
  const { answers } = await crowd.during('broken', random, async ({ refused }) => {
    if (!(await refused(REFUSED, PATIENCE_MS))) crowd.findings.push('nobody was refused')
    warns = await isWarning(gateway)
    if (scenario.stillWorks && !(await works(gateway, credentials.subject, scenario.stillWorks)))
      crowd.findings.push('what must always work did not')
  })
  if (answers > 0 && !scenario.mayAnswer)
    crowd.findings.push(`${answers} answers after the first refusal`)
  if (!warns) crowd.findings.push('the gateway says that all is well')
}

/** After one failed sync nobody knows what is on the disk: it must not go on by itself. */
async function restartIn({ crowd, gateways: [gateway] }, { restart }, random) {
  const { answers } = await crowd.during(
    'mended, not restarted',
    random,
    async ({ answered, refused }) =>
      await Promise.race([answered(HEALTHY, PATIENCE_MS), refused(5, PATIENCE_MS)]),
  )
  if (answers > 0 && restart === 'must')
    crowd.findings.push('it went on with a journal that has failed once')
  await gateway.stop('SIGKILL')
  await gateway.start()
}

/** Not ready, or ready with a warning: whoever watches it learns of it. */
async function isWarning({ url }) {
  const answer = await fetch(`${url}/health/ready`).catch(() => null)
  if (!answer) return true
  const { warnings = [] } = await answer.json()
  return answer.status === 503 || warnings.length > 0
}

async function works({ url }, { token }, query) {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  })
  const { errors } = await answer.json()
  return answer.status === 200 && !errors
}

/** An empty file, unless something is there. */
function put(path) {
  try {
    writeFileSync(path, '', { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

async function checkpointSize({ url }) {
  const note = await (await fetch(`${url}/audit/checkpoint`)).text()
  return Number(note.split('\n')[1])
}
