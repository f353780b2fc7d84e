import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf } from '../dataset.mjs'
import { answerPath } from './answer-path.mjs'
import { ConsentCrowd } from './consent-crowd.mjs'
import { ConsentHistory } from './consent-history.mjs'
import { ConsentHouse } from './consent-house.mjs'
import { versions } from './installation.mjs'
import { RedisProcess } from './redis-process.mjs'

/** Operations between two savings of what was found. */
const ROUND = 5_000
/** Operations within which gateways that remember rows must have been found out. */
const PLANTED = 5_000
const BETWEEN_FAULTS_MS = [1_000, 4_000]
const STOPPED_MS = [300, 2_500]

/** A way of reading that has disclosed nobody at all has shown nothing. */
const KINDS = ['query', 'list', 'list by cursor', 'segment', 'segment by cursor', 'subscription']
/** Findings after which more would show no more. */
const ENOUGH = 100

/** What goes wrong while everybody reads and decides; each leaves the house whole. */
const faults = {
  async 'a gateway is killed'({ house, random }) {
    const gateway = random.pick(house.gateways)
    await gateway.stop('SIGKILL')
    await gateway.start()
  },
  async 'a gateway is restarted'({ house, random }) {
    const gateway = random.pick(house.gateways)
    await gateway.stop()
    await gateway.start()
  },
  async 'a gateway stands still'({ house, random, between }) {
    await house.standStill(random.pick(house.gateways), between(STOPPED_MS))
  },
  async 'a clock jumps'({ house, random }) {
    const seconds = random.below(6) === 0 ? random.below(7_200) - 3_600 : random.below(90) - 45
    house.setClock(random.below(house.gateways.length), seconds)
  },
  async 'Redis is killed'({ house, between }) {
    await house.redis.kill()
    await sleep(between(STOPPED_MS))
    house.redis.spawn()
  },
  async 'Redis stands still'({ house, between }) {
    house.redis.pause()
    await sleep(between(STOPPED_MS))
    house.redis.goOn()
  },
}

/**
 * People give and withdraw their consent at one gateway while a partner reads them at another: by query, list, segment,
 * cursor and subscription. Meanwhile gateways are killed, restarted and stopped, their clocks jump, and Redis goes.
 */
export const consent = {
  name: 'consent',
  shows:
    'no read that starts after a withdrawal was acknowledged discloses, on any gateway, by query, list, segment, cursor or subscription, whatever happens to gateways, clocks and Redis',
  full: 100_000,
  covers: [
    ...answerPath,
    'src/gateway/disclose',
    'src/gateway/ingest',
    'src/domain/privacy',
    'src/domain/profiles',
    'src/outbound/postgres',
    'src/outbound/redis',
    'src/news.ts',
  ],
  needs: ['faketime', 'redis-server'],

  async run({ size, seed, state, save, log }) {
    const done = state ?? { ...nothingYet(), planted: null }
    while (done.operations < size && done.findings.length < ENOUGH) {
      await round(done, Math.min(ROUND, size - done.operations), seed, [], faults)
      save(done)
      log(
        `consent: ${done.operations} of ${size} operations in ${done.seconds} s, ${JSON.stringify(done.disclosed)}, ${done.findings.length} findings`,
      )
    }
    if (done.planted === null) {
      const planted = nothingYet()
      const modules = [new URL('stale-rows.mjs', import.meta.url).href]
      await round(planted, Math.min(PLANTED, size), seed, modules, {})
      done.planted = { operations: planted.operations, findings: planted.findings.length }
      save(done)
    }
    const everyKind = KINDS.every((kind) => done.disclosed[kind] > 0)
    return {
      passed: done.findings.length === 0 && everyKind && done.planted.findings > 0,
      ...done,
      findings: tallied(done.findings),
      versions: { ...(await versions()), redis: RedisProcess.version() },
    }
  },
}

function nothingYet() {
  return {
    operations: 0,
    refused: 0,
    reads: {},
    disclosed: {},
    withheld: {},
    faults: {},
    seconds: 0,
    findings: [],
  }
}

/** A house of its own for each: what was interrupted begins with a new one. */
async function round(tally, operations, seed, imports, possible) {
  const began = performance.now()
  const random = randomOf(seed + tally.operations)
  const house = await ConsentHouse.open('consent', imports)
  const history = new ConsentHistory()
  const crowd = new ConsentCrowd(house, history)
  const stop = new AbortController()
  // Everybody listens to it.
  setMaxListeners(0, stop.signal)
  try {
    const going = crowd.goOn(stop.signal, random)
    const harming = harm(house, random, possible, tally.faults, stop.signal)
    while (crowd.operations < operations && history.findings.length < ENOUGH) {
      await Promise.race([going, harming.then(() => sleep(200)), sleep(200)])
      history.forgetBefore(performance.now() - 60_000)
    }
    stop.abort()
    await harming
    await going
  } finally {
    stop.abort()
    crowd.close()
    await house.close()
  }
  tally.operations += crowd.operations
  tally.refused += crowd.refused
  for (const what of ['reads', 'disclosed', 'withheld'])
    for (const [kind, count] of Object.entries(history[what]))
      tally[what][kind] = (tally[what][kind] ?? 0) + count
  tally.findings.push(...history.findings)
  tally.seconds += Math.round((performance.now() - began) / 1_000)
}

async function harm(house, random, possible, counts, signal) {
  const names = Object.keys(possible)
  const between = ([least, more]) => least + random.below(more)
  while (names.length > 0 && !signal.aborted) {
    await sleep(between(BETWEEN_FAULTS_MS), undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const name = random.pick(names)
    await possible[name]({ house, random, between })
    counts[name] = (counts[name] ?? 0) + 1
  }
}

/** Each once, with how often. */
function tallied(findings) {
  const times = {}
  for (const finding of findings) times[finding] = (times[finding] ?? 0) + 1
  return Object.entries(times).map(([finding, count]) => `${finding} (${count} times)`)
}
