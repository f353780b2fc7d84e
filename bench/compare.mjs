import { evenLoad, load, longStretch, median } from './load.mjs'
import { canonical, idLists, workloads } from './workloads.mjs'

/** Targets: ratio of Bauta's median to the peer's. */
const TARGETS = [
  ['list', 'mercurius', 1.5],
  ['list', 'fastify-sql', 1.0],
  ['contact', 'mercurius', 1.1],
  ['contact', 'fastify-sql', 0.7],
  ['single', 'mercurius', 1.0],
]
const COMPARED = ['list', 'contact', 'single', 'long']
const WARM_SECONDS = 10
/** p99 at half of the peak rate may be at most this many times p50. */
const TAIL = 3
/** Long enough for some dozens of requests to lie beyond the percentile. */
const TAIL_SECONDS = 30

export async function compare({ databaseUrl, people, contenders, rounds, seconds }) {
  const servers = new Map()
  try {
    for (const contender of contenders)
      servers.set(contender.key, await contender.start(databaseUrl))
    await requireEqualAnswers(contenders, servers, people)
    const medians = {}
    for (const key of COMPARED)
      medians[key] = await measure(key, { contenders, servers, people, rounds, seconds })
    const targets = TARGETS.flatMap(([workload, peer, target]) =>
      ratio(medians, workload, peer, target),
    )
    const tail = servers.has('bauta')
      ? await tailAtHalfPeak(contenders, servers, people, medians.list.bauta, seconds)
      : null
    report(contenders, medians, targets, tail)
    return { requestsPerSecond: medians, targets, tail }
  } finally {
    for (const server of servers.values()) await server.stop()
  }
}

/** Nobody is measured who answers something else. */
async function requireEqualAnswers(contenders, servers, people) {
  for (const [key, workload] of Object.entries(workloads)) {
    const [ids] = idLists(workload.rows, 1, people)
    const answers = new Map()
    for (const contender of contenders) {
      const { path, body } = contender.ask(workload, ids)
      const response = await fetch(servers.get(contender.key).url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...contender.headers },
        body: JSON.stringify(body),
      })
      const answer = await response.json()
      if (answer.errors)
        throw new Error(
          `${contender.key} refuses ${key}: ${JSON.stringify(answer.errors).slice(0, 500)}`,
        )
      answers.set(contender.key, canonical(contender.profiles(answer)))
    }
    const [[firstKey, first], ...others] = answers
    for (const [otherKey, other] of others)
      if (other !== first)
        throw new Error(`${key}: ${firstKey} and ${otherKey} differ: ${difference(first, other)}`)
  }
  console.log('all answers are equal')
}

function difference(one, other) {
  let at = 0
  while (one[at] === other[at]) at++
  return `…${one.slice(Math.max(0, at - 40), at + 60)}… against …${other.slice(Math.max(0, at - 40), at + 60)}…`
}

const requestsOf = (contender, workload, people) =>
  idLists(workload.rows, workload.rows > 100 ? 20 : 200, people).map((ids) =>
    contender.ask(workload, ids),
  )

async function measure(key, { contenders, servers, people, rounds, seconds }) {
  const workload = workloads[key]
  const samples = new Map(contenders.map((contender) => [contender.key, []]))
  // The first round warms caches and compilers and is not counted: thousands of requests, until nothing gets faster.
  for (let round = 0; round <= rounds; round++) {
    for (const contender of contenders) {
      const target = { url: servers.get(contender.key).url, headers: contender.headers }
      const counted = workload.rows > 100 ? longStretch(seconds) : { seconds }
      const stretch = round === 0 ? { ...counted, seconds: WARM_SECONDS } : counted
      const { perSecond } = await load(target, requestsOf(contender, workload, people), stretch)
      if (round > 0) samples.get(contender.key).push(perSecond)
    }
    process.stdout.write(`\r${workload.title}: round ${round} of ${rounds} `)
  }
  process.stdout.write('\n')
  return Object.fromEntries(
    [...samples].map(([name, values]) => [name, Math.round(median(values) * 10) / 10]),
  )
}

function ratio(medians, workload, peer, target) {
  const { bauta, [peer]: other } = medians[workload]
  if (!bauta || !other) return []
  const reached = Math.round((bauta / other) * 100) / 100
  return [{ workload, peer, target, reached, met: reached >= target }]
}

async function tailAtHalfPeak(contenders, servers, people, peak, seconds) {
  const contender = contenders.find(({ key }) => key === 'bauta')
  const target = { url: servers.get('bauta').url, headers: contender.headers }
  const requests = requestsOf(contender, workloads.list, people)
  const { p50, p99 } = await evenLoad(target, requests, {
    seconds: Math.max(TAIL_SECONDS, seconds),
    rate: peak / 2,
  })
  return { p50, p99, target: TAIL, met: p99 < TAIL * p50 }
}

function report(contenders, medians, targets, tail) {
  const width = Math.max(...contenders.map(({ title }) => title.length)) + 2
  console.log(
    `\n${'requests per second (medians)'.padEnd(width)}${COMPARED.map((key) => key.padStart(10)).join('')}`,
  )
  for (const { key, title } of contenders)
    console.log(
      title.padEnd(width) + COMPARED.map((one) => String(medians[one][key]).padStart(10)).join(''),
    )
  console.log('')
  for (const { workload, peer, target, reached, met } of targets)
    console.log(
      `${met ? 'met   ' : 'missed'} ${workloads[workload].title}: ${reached} × ${peer} (target ${target})`,
    )
  if (tail)
    console.log(
      `${tail.met ? 'met   ' : 'missed'} list of 20 at half the peak rate: p50 ${tail.p50} ms, p99 ${tail.p99} ms (target under ${TAIL} × p50)`,
    )
}
