import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf } from '../dataset.mjs'
import { Crowd } from './crowd.mjs'
import { failingSync, SmallDisk } from './injected.mjs'
import { Installation, versions } from './installation.mjs'
import { childrenOf } from './process-tree.mjs'
import { ScratchCluster } from './scratch-cluster.mjs'

const HEALTHY = 40
const REFUSED = 30
/** What the worst machine may need until a fault shows, or is over. */
const PATIENCE_MS = 60_000
/** A trail for which nothing is signed counts as in doubt after a minute. */
const UNSIGNED_MS = 150_000
const DISK_MB = 400
/** Small enough that a small disk is soon full of something else. */
const SMALL_LOG = { min_wal_size: "'32MB'", max_wal_size: "'64MB'", wal_keep_size: '0' }

/** @typedef {{ gateways: GatewayProcess[], crowd: Crowd, cluster: ScratchCluster | null, disk: SmallDisk | null, data: string }} Scene
 * Each breaks something and says how it is made whole again; `restart` where the gateway must not recover by itself. */
const scenarios = {
  'embedded: the journal can not be synced': {
    restart: true,
    async break({ gateways: [gateway], data }) {
      const journal = join(data, 'audit/journal-000001.jsonl')
      const fault = await failingSync([gateway.pid], journal)
      return async () => await fault.stop()
    },
  },
  'embedded: the disk is full': {
    restart: true,
    disk: true,
    async break({ disk }) {
      disk.fill()
      return async () => disk.clear()
    },
  },
  'embedded: only the reserve of the disk is left': {
    disk: true,
    environment: { BAUTA_DISK_RESERVE_MB: '60' },
    async break({ disk }) {
      disk.fill(30)
      return async () => disk.clear()
    },
    stillWorks: 'mutation { withdrawConsent(purpose: "MARKETING") { accepted } }',
  },
  'postgresql: its log can not be synced': {
    cluster: {},
    async break({ cluster }) {
      const fault = await failingSync(childrenOf(cluster.postmaster))
      return async () => await fault.stop()
    },
  },
  'postgresql: the disk is full': {
    cluster: SMALL_LOG,
    disk: true,
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
  'postgresql: the server is gone': {
    cluster: {},
    async break({ cluster }) {
      await cluster.stop('SIGQUIT')
      return async () => await cluster.start()
    },
  },
  'postgresql: nobody can sign': {
    cluster: {},
    within: UNSIGNED_MS,
    async break({ data }) {
      // A folder stands where the new checkpoint is written.
      const draft = join(data, 'keys/audit-log.json.new')
      mkdirSync(draft)
      return async () => rmSync(draft, { recursive: true })
    },
  },
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
  full: 5,
  covers: ['src', 'migrations'],

  async run({ size, seed, state, save, log }) {
    const done = state ?? { scenes: {}, hung: [], planted: null }
    for (let round = 0; round < size; round++)
      for (const name of Object.keys(scenarios)) {
        done.scenes[name] ??= []
        const scenes = done.scenes[name]
        if (scenes.length > round) continue
        scenes.push(await play(name, randomOf(seed + round)))
        save(done)
        log(`${name}: ${JSON.stringify(scenes.at(-1))}`)
      }
    while (done.hung.length < size) {
      done.hung.push(await hang(randomOf(seed + done.hung.length)))
      save(done)
      log(`postgresql: the gateway that signs hangs: ${JSON.stringify(done.hung.at(-1))}`)
    }
    const first = Object.keys(scenarios)[0]
    done.planted ??= await play(first, randomOf(seed), ['swallow-failures.mjs'])
    log(`planted fault: ${JSON.stringify(done.planted)}`)
    const all = [...Object.values(done.scenes).flat(), ...done.hung]
    const passed = all.every(({ findings }) => findings.length === 0)
    return {
      passed: passed && done.planted.findings.length > 0,
      ...done,
      versions: await versions(),
    }
  },
}

async function play(name, random, imports = []) {
  const scenario = scenarios[name]
  const scene = await Scene.open(name, scenario, 1, imports)
  try {
    return await scene.play(scenario, random)
  } finally {
    await scene.close()
  }
}

/** The one of two gateways that is at signing stops in the middle of everything: the other one takes over. */
async function hang(random) {
  const scene = await Scene.open('postgresql: hung', { cluster: {} }, 2)
  const { gateways, crowd } = scene
  const [stuck, other] = gateways
  try {
    const before = await scene.checkpointSize(other)
    process.kill(stuck.pid, 'SIGSTOP')
    const phase = await crowd.during(random, async ({ answered }) => {
      if (!(await answered(HEALTHY, PATIENCE_MS))) crowd.findings.push('nobody was answered')
    })
    const deadline = Date.now() + PATIENCE_MS
    while ((await scene.checkpointSize(other)) <= before && Date.now() < deadline) await sleep(200)
    if ((await scene.checkpointSize(other)) <= before) crowd.findings.push('nobody took over')
    process.kill(stuck.pid, 'SIGCONT')
    await crowd.check()
    return { answers: phase.answers, findings: crowd.findings }
  } finally {
    process.kill(stuck.pid, 'SIGCONT')
    await scene.close()
  }
}

class Scene {
  static async open(name, { cluster, disk, environment }, processes, imports = []) {
    const scene = new Scene()
    const installation = new Installation(`faults-${name.replace(/\W+/g, '-')}`, null)
    scene.data = installation.data
    scene.disk = null
    try {
      const folder = cluster ? `/tmp/bauta-proof-disk-${process.pid}` : installation.data
      if (disk) scene.disk = SmallDisk.mount(folder, DISK_MB)
      else installation.clear()
      scene.cluster = cluster
        ? await ScratchCluster.create(cluster, ...(disk ? [folder] : []))
        : null
      await scene.cluster?.start()
      if (scene.cluster) installation.use(scene.cluster.url)
      if (cluster && disk) installation.clear()
      // What is left of a small disk says nothing, unless that is the question.
      const more = { BAUTA_DISK_RESERVE_MB: '0', ...environment }
      installation.environment = { ...installation.environment, ...more }
      const credentials = await installation.prepare()
      scene.credentials = credentials
      const modules = imports.map((module) => new URL(module, import.meta.url).href)
      scene.gateways = []
      for (let n = 0; n < processes; n++)
        scene.gateways.push(await installation.gateway({ imports: modules }))
      for (const gateway of scene.gateways) await gateway.start()
      scene.crowd = await Crowd.meet(
        scene.gateways.map(({ url }) => url),
        credentials,
      )
      return scene
    } catch (error) {
      await scene.close()
      throw error
    }
  }

  async close() {
    this.crowd?.close()
    for (const gateway of this.gateways ?? []) await gateway.stop('SIGKILL')
    await this.cluster?.remove()
    this.disk?.unmount()
  }

  async play(scenario, random) {
    const { crowd } = this
    const [gateway] = this.gateways
    const before = await crowd.during(random, async ({ answered }) => {
      if (!(await answered(HEALTHY, PATIENCE_MS))) crowd.findings.push('nobody was answered')
    })
    await crowd.check()
    let mend = async () => {}
    let alarm = false
    let broken
    try {
      const untilBroken = await crowd.during(random, async ({ refused }) => {
        mend = await scenario.break(this)
        if (!(await refused(1, scenario.within ?? PATIENCE_MS)))
          crowd.findings.push('nobody was refused')
      })
      // From the first refusal on nothing may be told until it is whole again.
      broken = await crowd.during(random, async ({ refused }) => {
        if (!(await refused(REFUSED, PATIENCE_MS))) crowd.findings.push('nobody was refused')
        alarm = await this.#warns(gateway)
        if (scenario.stillWorks) await this.#mustWork(scenario.stillWorks)
      })
      broken.answersUntilRefused = untilBroken.answers
      if (broken.answers > 0 && !scenario.mayAnswer)
        crowd.findings.push(`${broken.answers} answers after the first refusal`)
      if (!alarm) crowd.findings.push('the gateway says that all is well')
    } finally {
      await mend()
    }
    const recovered = await this.#recover(scenario, random)
    await crowd.check()
    const { answers, profiles, findings } = crowd
    return { before: before.answers, broken, recovered, answers, profiles, findings }
  }

  async #recover({ restart = false }, random) {
    const { crowd } = this
    const [gateway] = this.gateways
    const began = Date.now()
    if (restart) {
      const still = await crowd.during(random, async ({ refused }) => await refused(5, PATIENCE_MS))
      if (still.answers > 0) crowd.findings.push('it went on with a journal that has failed once')
      await gateway.stop('SIGKILL')
      await gateway.start()
    }
    const after = await crowd.during(random, async ({ answered }) => {
      if (!(await answered(HEALTHY, PATIENCE_MS))) crowd.findings.push('it did not recover')
    })
    return { ...after, restart, seconds: Math.round((Date.now() - began) / 1_000) }
  }

  /** Not ready, or ready with a warning: whoever watches it learns of it. */
  async #warns({ url }) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null)
    if (!answer) return true
    const { warnings = [] } = await answer.json()
    return answer.status === 503 || warnings.length > 0
  }

  async #mustWork(query) {
    const [{ url }] = this.gateways
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${this.credentials.subject.token}`,
      },
      body: JSON.stringify({ query }),
    })
    const { errors } = await answer.json()
    if (answer.status !== 200 || errors)
      this.crowd.findings.push(`what must always work was answered ${answer.status}`)
  }

  async checkpointSize({ url }) {
    const note = await (await fetch(`${url}/audit/checkpoint`)).text()
    return Number(note.split('\n')[1])
  }
}
