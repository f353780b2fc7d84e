// Whether the time in which a noised count is at hand tells how large its noise is.
//   npm run build && node bench/noise-timing.mjs [draws]
// Correlates time with |noise| over 100,000 draws, with the control that must be found: noise drawn when it is asked for.
// Times beyond the 99th percentile are left out (pauses of the machine), as dudect does.
import { randomFillSync } from 'node:crypto'
import { ExactNoise } from '../dist/src/domain/privacy/exact-noise.js'
import { NoisePool } from '../dist/src/domain/privacy/noise-pool.js'

const DRAWS = Number(process.argv[2] ?? 100_000)
/** dudect's threshold: beyond it a leak is found. */
const FOUND = 4.5
/** As in policy/counts.csv: ε = 0.25. */
const scale = { numerator: 4n, denominator: 1n }

let pool = Buffer.alloc(0)
const bytes = (length) => {
  if (length > pool.length) pool = randomFillSync(Buffer.alloc(65_536))
  const taken = pool.subarray(0, length)
  pool = pool.subarray(length)
  return taken
}
const exact = new ExactNoise({ bytes })

function measure(take, between) {
  const samples = []
  for (let n = 0; n < DRAWS; n++) {
    const began = process.hrtime.bigint()
    const noise = take()
    const time = Number(process.hrtime.bigint() - began)
    samples.push([time, Math.abs(Number(noise))])
    between()
  }
  const limit = samples.map(([time]) => time).sort((a, b) => a - b)[Math.floor(DRAWS * 0.99)]
  return tOf(samples.filter(([time]) => time <= limit))
}

/** Student's t of Pearson's correlation. */
function tOf(samples) {
  const n = samples.length
  const mean = [0, 1].map((at) => samples.reduce((sum, one) => sum + one[at], 0) / n)
  let [xx, yy, xy] = [0, 0, 0]
  for (const [x, y] of samples) {
    xx += (x - mean[0]) ** 2
    yy += (y - mean[1]) ** 2
    xy += (x - mean[0]) * (y - mean[1])
  }
  const r = xy / Math.sqrt(xx * yy)
  return (r * Math.sqrt(n - 2)) / Math.sqrt(1 - r * r)
}

const later = []
const rested = new NoisePool(
  () => exact.laplace(scale),
  (work) => later.push(work),
)
const burst = new NoisePool(
  () => exact.laplace(scale),
  () => {},
)
const idle = () => {
  for (const work of later.splice(0)) work()
}
const results = {
  'with time between requests': measure(() => rested.take(), idle),
  'in one burst': measure(
    () => burst.take(),
    () => {},
  ),
  'control: drawn when asked': measure(
    () => exact.laplace(scale),
    () => {},
  ),
}
for (const [name, t] of Object.entries(results))
  console.log(`${name}: t = ${t.toFixed(2)} over ${DRAWS} draws`)
const [one, other, control] = Object.values(results)
if (Math.abs(one) >= FOUND || Math.abs(other) >= FOUND) process.exitCode = 1
if (Math.abs(control) < FOUND) {
  console.log('the control was not found: this run says nothing')
  process.exitCode = 1
}
