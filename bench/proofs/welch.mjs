/**
 * Whether two classes of times differ, as dudect asks (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?",
 * 2017): Welch's t over all times, and over those below several percentiles of both classes together, since pauses of the
 * machine only ever lengthen.
 */
export const FOUND = 4.5
const PERCENTILES = [0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1]

/** @returns the t that lies farthest from 0 */
export function farthestT(one, other) {
  const all = [...one, ...other].sort((a, b) => a - b)
  const found = PERCENTILES.map((percentile) => {
    const most = all[Math.max(0, Math.ceil(all.length * percentile) - 1)]
    return welchT(
      one.filter((time) => time <= most),
      other.filter((time) => time <= most),
    )
  })
  return found.reduce((farthest, t) => (Math.abs(t) > Math.abs(farthest) ? t : farthest), 0)
}

function welchT(one, other) {
  const [a, b] = [momentsOf(one), momentsOf(other)]
  const error = Math.sqrt(a.variance / one.length + b.variance / other.length)
  return one.length < 2 || other.length < 2 || error === 0 ? 0 : (a.mean - b.mean) / error
}

function momentsOf(times) {
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length
  const squares = times.reduce((sum, time) => sum + (time - mean) ** 2, 0)
  return { mean, variance: squares / (times.length - 1) }
}
