import { Agent, request as ask } from 'node:http'
import { evenLoad, load, median } from './load.mjs'
import { idLists, workloads } from './workloads.mjs'

/** So many times its p99 alone may a list take beside the flood. */
const TARGET = 1.2
/** Of what the gateway answers at its peak: as much as an operator would leave room for. */
const SHARE_OF_PEAK = 0.3
const PEAK_SECONDS = 5
/** Log-ins under way at once: many more than are compared at a time. */
const FLOOD = 32

/** Lists at an even rate, alone and beside a flood of log-ins that all cost a comparison with a hash, in turn. */
export async function flood({ databaseUrl, people, contenders, rounds, seconds }) {
  const [bauta] = contenders
  const server = await bauta.start(databaseUrl)
  const asker = { url: server.url, headers: bauta.headers }
  const requests = idLists(workloads.list.rows, 200, people).map((ids) =>
    bauta.ask(workloads.list, ids),
  )
  const p99 = { alone: [], beside: [] }
  let logIns = 0
  try {
    const { perSecond } = await load(asker, requests, { seconds: PEAK_SECONDS })
    const rate = Math.max(1, Math.round(perSecond * SHARE_OF_PEAK))
    for (let round = 0; round < rounds; round++) {
      p99.alone.push((await evenLoad(asker, requests, { seconds, rate })).p99)
      const stop = new AbortController()
      const flooding = floodOf(server.url, stop.signal)
      p99.beside.push((await evenLoad(asker, requests, { seconds, rate })).p99)
      stop.abort()
      logIns += await flooding
    }
    const medians = { alone: median(p99.alone), beside: median(p99.beside) }
    const reached = Math.round((medians.beside / medians.alone) * 100) / 100
    const met = reached <= TARGET
    const logInsPerSecond = Math.round(logIns / (rounds * seconds))
    console.log(
      `${met ? 'met   ' : 'missed'} p99 of lists beside ${logInsPerSecond} log-ins/s: ${reached} of alone (${medians.beside} and ${medians.alone} ms at ${rate} lists/s; target at most ${TARGET})`,
    )
    return { listsPerSecond: rate, logInsPerSecond, p99, reached, target: TARGET, met }
  } finally {
    await server.stop()
  }
}

/** @returns how many log-ins were answered: unknown clients, each of whom costs as much as a wrong secret. */
async function floodOf(url, signal) {
  const agent = new Agent({ keepAlive: true, maxSockets: FLOOD })
  let answered = 0
  const visitor = async (number) => {
    for (let turn = 0; !signal.aborted; turn++) {
      await logIn(url, agent, `nobody-${number}-${turn}`)
      answered++
    }
  }
  await Promise.all(Array.from({ length: FLOOD }, (_, number) => visitor(number)))
  agent.destroy()
  return answered
}

/** @throws Error where it is let in, or something breaks: 401 and 429 are what is due. */
function logIn(url, agent, clientId) {
  const body = `grant_type=client_credentials&client_id=${clientId}&client_secret=wrong`
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    const sent = ask(new URL('/oauth/token', url), { method: 'POST', agent, headers }, (answer) => {
      answer.resume()
      answer.on('end', () =>
        answer.statusCode === 401 || answer.statusCode === 429
          ? resolve()
          : reject(new Error(`a log-in was answered with ${answer.statusCode}`)),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
