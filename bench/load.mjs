/** Load by autocannon, and the arithmetic on it. */
import autocannon from 'autocannon'

export const CONNECTIONS = 16

/**
 * One stretch of load.
 * @param requests `{ path, body }`; sent in turn, each connection from its own place
 * @param rate requests per second over all connections; absent: as many as are answered
 * @returns requests per second and latency percentiles in milliseconds
 */
export async function load(
  { url, headers },
  requests,
  { seconds, rate, connections = CONNECTIONS },
) {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    ...(rate && { overallRate: Math.max(1, Math.round(rate)) }),
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
