import { randomOf } from '../dataset.mjs'
import { versions } from './installation.mjs'
import { TimingHouse } from './timing-house.mjs'
import { FOUND, farthestT } from './welch.mjs'

/** Pairs between two savings of what was measured. */
const ROUND = 1_000
/** Pairs before any is counted: documents are compiled, pages are in memory. */
const WARM_UP = 200
/** The comparison in which a planted difference must be found. */
const PLANTED = 'a profile that may not be known, and none'

/**
 * Somebody who may not be known takes as long to be refused as nobody does, over HTTP: pairs of both classes in random
 * order on one connection, so that whatever else the machine does falls on both.
 */
export const timing = {
  name: 'timing',
  shows: `the time of an answer does not tell whether somebody or some client exists: |t| below ${FOUND}`,
  full: 10_000,
  covers: [
    'src/inbound/http',
    'src/inbound/graphql',
    'src/gateway/disclose',
    'src/gateway/scope',
    'src/gateway/govern/token-client.ts',
    'src/gateway/govern/tokens.ts',
    'src/domain/privacy',
    'src/outbound/keys',
    'src/outbound/postgres',
  ],

  async run({ size, seed, state, save, log }) {
    const done = state ?? { measured: {}, planted: {} }
    const keep = (part) => (measured) => save({ ...done, [part]: measured })
    await measureAll({ size, seed, log, measured: done.measured, save: keep('measured') })
    log('timing: once more, with a difference of 20 µs planted')
    await measureAll({
      size,
      seed,
      log,
      measured: done.planted,
      save: keep('planted'),
      imports: ['slow-if-there.mjs'],
      only: PLANTED,
    })
    const found = summaries(done.measured)
    const planted = summaries(done.planted)
    const findings = Object.entries(found).flatMap(([name, { t, differing }]) => [
      ...(Math.abs(t) < FOUND ? [] : [`${name}: t = ${t}`]),
      ...(differing === 0 ? [] : [`${name}: ${differing} answers differ in what they say`]),
    ])
    // Slower, as it was planted: a difference the other way round is another one.
    const isControlFound = planted[PLANTED].t >= FOUND
    if (!isControlFound)
      findings.push(`20 µs that were planted were not found: this run says nothing`)
    return { passed: findings.length === 0, found, planted, findings, versions: await versions() }
  },
}

async function measureAll({ size, seed, log, measured, save, imports = [], only = null }) {
  const house = await TimingHouse.open(imports)
  try {
    for (const [name, classes] of Object.entries(house.comparisons())) {
      if (only !== null && name !== only) continue
      measured[name] ??= { there: [], absent: [], differing: 0 }
      const times = measured[name]
      if (times.there.length >= size) continue
      await pairs(house, classes, WARM_UP, randomOf(seed))
      while (times.there.length < size) {
        const count = Math.min(ROUND, size - times.there.length)
        const round = await pairs(house, classes, count, randomOf(seed + times.there.length))
        times.there.push(...round.there)
        times.absent.push(...round.absent)
        times.differing += round.differing
        save(measured)
        log(
          `timing: ${name}: ${times.there.length} of ${size} pairs, t = ${farthestT(times.there, times.absent).toFixed(2)}`,
        )
      }
    }
  } finally {
    await house.close()
  }
}

/** One of each class, and then the next two, each time in an order drawn by chance. */
async function pairs(house, [there, absent], count, random) {
  const round = { there: [], absent: [], differing: 0 }
  for (let n = 0; n < count; n++) {
    const asked = { there: there(random), absent: absent(random) }
    const order = random.below(2) === 0 ? ['there', 'absent'] : ['absent', 'there']
    const said = []
    for (const which of order) {
      const answer = await house.ask(asked[which])
      round[which].push(answer.time)
      said.push(answer.said)
    }
    if (said[0] !== said[1]) round.differing++
  }
  return round
}

const summaries = (measured) =>
  Object.fromEntries(
    Object.entries(measured).map(([name, { there, absent, differing }]) => [
      name,
      {
        pairs: there.length,
        t: Number(farthestT(there, absent).toFixed(2)),
        medianMicroseconds: { there: medianOf(there), absent: medianOf(absent) },
        differing,
      },
    ]),
  )

const medianOf = (times) =>
  Math.round(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] / 1_000)
