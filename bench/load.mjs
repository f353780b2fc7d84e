/** Load by autocannon, and the arithmetic on it. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'

export const CONNECTIONS = 16

/**
 * One stretch of load.
 * @param requests `{ path, body }`; sent in turn, each connection from its own place
 * @returns requests per second and latency percentiles in milliseconds
 */
export async function load({ url, headers }, requests, { seconds, connections = CONNECTIONS }) {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: requests.map(({ path, body }) => ({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })),
  })
  const failed = result.errors + result.timeouts + result.non2xx
  if (failed > 0)
    throw new Error(`${url}: ${failed} requests failed under load (${result.non2xx} were refused)`)
  return {
    perSecond: result.requests.total / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  }
}

/**
 * So many requests a second, one after the other at equal distances, whether or not those before are answered. autocannon
 * sends the share of each second in one burst, which then waits for itself.
 * @returns percentiles of the time from the instant at which a request was due, in milliseconds
 */
export async function evenLoad({ url, headers }, requests, { seconds, rate }) {
  const agent = new Agent({ keepAlive: true })
  const answered = []
  const began = performance.now()
  for (let number = 0; number < rate * seconds; number++) {
    const due = began + (number * 1_000) / rate
    const wait = due - performance.now()
    if (wait > 1) await sleep(wait)
    const { path, body } = requests[number % requests.length]
    const answer = answerTo(new URL(path, url), { method: 'POST', agent, headers }, body)
    answered.push(answer.then(() => performance.now() - due))
  }
  const times = (await Promise.all(answered)).sort((one, other) => one - other)
  agent.destroy()
  const percentile = (share) => Math.round(times[Math.floor(times.length * share)] * 10) / 10
  return { p50: percentile(0.5), p99: percentile(0.99) }
}

/** @throws Error where it is refused. */
function answerTo(url, { headers, ...options }, body) {
  return new Promise((resolve, reject) => {
    const type = { 'content-type': 'application/json' }
    const sent = request(url, { ...options, headers: { ...type, ...headers } }, (response) => {
      response.resume()
      response.on('end', () =>
        response.statusCode === 200
          ? resolve()
          : reject(new Error(`${url} answered ${response.statusCode}`)),
      )
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}

/** Long lists take long: fewer at once, and time enough for a round to hold a number of answers. */
export const longStretch = (seconds) => ({ seconds: Math.max(8, 2 * seconds), connections: 4 })

export function median(values) {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Slope of the line through the points, by least squares. */
export function slope(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
