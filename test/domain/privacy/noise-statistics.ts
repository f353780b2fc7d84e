/** Published acceptance tests of discrete noise: those of OpenDP (samplers/test.rs) and of Google's differential-privacy library. */
export interface Distribution {
  /** Probability of a whole number. */
  readonly mass: (x: number) => number
  readonly variance: number
  /** Standard error of the sample variance, in units of variance/√n: √5 for Laplace, √2 for Gaussian. */
  readonly varianceError: number
  /** ln of P(x+1)/P(x) for x ≥ 0. */
  readonly logRatio: (x: number) => number
}

export function discreteLaplace(scale: number): Distribution {
  const a = Math.exp(-1 / scale)
  const zero = (1 - a) / (1 + a)
  return {
    mass: (x) => zero * a ** Math.abs(x),
    variance: (2 * a) / (1 - a) ** 2,
    varianceError: Math.sqrt(5),
    logRatio: () => -1 / scale,
  }
}

export function discreteGaussian(variance: number): Distribution {
  const weight = (x: number) => Math.exp((-x * x) / (2 * variance))
  let total = 0
  let spread = 0
  const far = Math.ceil(40 * Math.sqrt(variance))
  for (let x = -far; x <= far; x++) {
    total += weight(x)
    spread += x * x * weight(x)
  }
  return {
    mass: (x) => weight(x) / total,
    variance: spread / total,
    varianceError: Math.SQRT2,
    logRatio: (x) => -(2 * x + 1) / (2 * variance),
  }
}

/** Six standard errors: a right sampler fails one of these with probability 2e-9. */
const Z = 6
/** Google's, for a false rejection of 1e-5. */
const GOOGLE_Z = 4.41717
const WIDEST = 9
const FEWEST_EXPECTED = 5

/** Names of the tests that draws fail; none where they are of this distribution. */
export function faultsOf(draws: readonly number[], of: Distribution): string[] {
  const n = draws.length
  const counts = new Map<number, number>()
  for (const x of draws) counts.set(x, (counts.get(x) ?? 0) + 1)
  const count = (x: number) => counts.get(x) ?? 0
  const faults: string[] = []
  const check = (name: string, passed: boolean) => void (passed || faults.push(name))
  const isLikely = (seen: number, p: number) =>
    Math.abs(seen - n * p) <= Z * Math.sqrt(n * p * (1 - p)) + 1e-9

  check('chi-squared', chiSquared(count, n, of))
  const mean = draws.reduce((sum, x) => sum + x, 0) / n
  check('mean', Math.abs(mean) <= Z * Math.sqrt(of.variance / n))
  check('mean (Google)', Math.abs(mean) <= GOOGLE_Z * Math.sqrt(of.variance / n))
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n
  check(
    'variance (Google)',
    Math.abs(variance - of.variance) <= (GOOGLE_Z * of.varianceError * of.variance) / Math.sqrt(n),
  )
  check('P(0)', isLikely(count(0), of.mass(0)))
  for (const t of [1, 2, 3, 5, 8]) {
    let beyond = 0
    for (const [x, seen] of counts) if (Math.abs(x) >= t) beyond += seen
    let p = 1
    for (let x = 1 - t; x < t; x++) p -= of.mass(x)
    check(`tail from ${t}`, isLikely(beyond, p))
  }
  for (let k = 1; k <= 8; k++) {
    const [above, below] = [count(k), count(-k)]
    check(`symmetry at ${k}`, Math.abs(above - below) <= Z * Math.sqrt(above + below) + 1e-9)
  }
  check('log-ratio slope', slopes(count, n, of))
  return faults
}

function chiSquared(count: (x: number) => number, n: number, of: Distribution): boolean {
  let [sum, bins, seen, expected] = [0, 0, 0, 0]
  const add = (one: number, mass: number) => {
    sum += (one - mass) ** 2 / mass
    bins++
  }
  for (let x = -WIDEST; x <= WIDEST; x++) {
    const mass = n * of.mass(x)
    // What is too rare for a bin of its own falls into the tail.
    if (mass < FEWEST_EXPECTED) continue
    add(count(x), mass)
    seen += count(x)
    expected += mass
  }
  if (n - expected >= FEWEST_EXPECTED) add(n - seen, n - expected)
  const freedom = bins - 1
  return sum <= freedom + Z * Math.sqrt(2 * freedom)
}

function slopes(count: (x: number) => number, n: number, of: Distribution): boolean {
  for (let x = 0; x < WIDEST; x++) {
    // Both signs together; zero has one.
    const here = x === 0 ? count(0) : (count(x) + count(-x)) / 2
    const next = (count(x + 1) + count(-x - 1)) / 2
    if (n * of.mass(x + 1) < 50) return true
    const error = Math.sqrt(1 / here + 1 / next)
    if (!(Math.abs(Math.log(next / here) - of.logRatio(x)) <= Z * error)) return false
  }
  return true
}
