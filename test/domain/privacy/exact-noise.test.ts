import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { ExactNoise } from '../../../src/domain/privacy/exact-noise.ts'
import { type Rational, rationalOf, wholeRoot } from '../../../src/domain/privacy/rational.ts'
import { seededRandomness } from '../../seeded-randomness.ts'
import {
  type Distribution,
  discreteGaussian,
  discreteLaplace,
  faultsOf,
} from './noise-statistics.ts'

const DRAWS = 20_000
const ratio = (numerator: number, denominator = 1): Rational => ({
  numerator: BigInt(numerator),
  denominator: BigInt(denominator),
})
const many = (draw: () => number, n = DRAWS) => Array.from({ length: n }, draw)
const sampler = (seed: number) => new ExactNoise(seededRandomness(seed))

describe('exact noise', () => {
  test('has the published probabilities', () => {
    // Discrete Laplace and Gaussian, computed from their definitions to ten digits.
    const masses = (of: Distribution) => [0, 1, 2, 3].map((x) => Number(of.mass(x).toFixed(10)))
    expect(masses(discreteLaplace(1))).toEqual([
      0.4621171573, 0.1700034016, 0.0625407564, 0.0230074585,
    ])
    expect(masses(discreteGaussian(1))).toEqual([
      0.3989422783, 0.2419707232, 0.0539909662, 0.0044318484,
    ])
    expect(discreteLaplace(2).mass(0)).toBeCloseTo(0.2449186624, 10)
    expect(discreteLaplace(2).variance).toBeCloseTo(7.8353961781, 10)
  })

  test.each([
    [ratio(2), 2],
    [ratio(7, 3), 7 / 3],
    [ratio(1, 2), 1 / 2],
  ])('draws discrete Laplace of scale %o', (scale, as) => {
    const noise = sampler(1)
    expect(
      faultsOf(
        many(() => Number(noise.laplace(scale))),
        discreteLaplace(as),
      ),
    ).toEqual([])
  })

  test.each([
    [ratio(1), 1],
    [ratio(25, 4), 25 / 4],
  ])('draws discrete Gaussian of variance %o', (variance, as) => {
    const noise = sampler(2)
    expect(
      faultsOf(
        many(() => Number(noise.gaussian(variance))),
        discreteGaussian(as),
      ),
    ).toEqual([])
  })

  test('is told from mutants by the same tests', () => {
    const { bytes } = seededRandomness(3)
    const uniform = () => Buffer.from(bytes(6)).readUIntBE(0, 6) / 2 ** 48
    const noise = sampler(4)
    const magnitude = () => Math.abs(Number(noise.laplace(ratio(2))))
    const mutants: Record<string, () => number> = {
      'Math.log Laplace': () => {
        const u = uniform() - 0.5
        return Math.round(-2 * Math.sign(u) * Math.log(1 - 2 * Math.abs(u)))
      },
      // Zero kept with either sign: drawn twice as often as it should be.
      'double-counted zero': () =>
        uniform() < 0.2449186624 / 1.2449186624 ? 0 : Number(noise.laplace(ratio(2))),
      'biased sign': () => magnitude() * (uniform() < 0.56 ? 1 : -1),
      'half the scale': () => Number(noise.laplace(ratio(1))),
      'Gaussian instead': () => Number(noise.gaussian(ratio(8))),
    }
    const found = Object.entries(mutants).map(([name, draw]) => [
      name,
      faultsOf(many(draw), discreteLaplace(2)).length > 0,
    ])
    expect(found).toEqual(Object.keys(mutants).map((name) => [name, true]))
  })

  test('keeps the promise of ε between neighbours, as far as samples can refute it', () => {
    const half = Math.exp(0.5)
    const broken = (scale: Rational) => {
      const noise = sampler(5)
      const outputs = (count: number) => {
        const seen = new Map<number, number>()
        for (const x of many(() => count + Number(noise.laplace(scale))))
          seen.set(x, (seen.get(x) ?? 0) + 1)
        return seen
      }
      const [without, having] = [outputs(100), outputs(101)]
      return [...without.keys(), ...having.keys()].some((x) => {
        const [one, other] = [without.get(x) ?? 0, having.get(x) ?? 0]
        const exceeds = (a: number, b: number) => a > half * b + 6 * Math.sqrt(a + half * half * b)
        return exceeds(one, other) || exceeds(other, one)
      })
    }
    expect(broken(ratio(2))).toBe(false)
    expect(broken(ratio(1))).toBe(true)
  })

  test('draws whole numbers below a bound, each as likely', () => {
    const noise = sampler(6)
    for (const n of [1, 2, 3, 7, 256, 257]) {
      const counts = Array.from({ length: n }, () => 0)
      const draws = n * 400
      for (let i = 0; i < draws; i++) {
        const at = Number(noise.below(BigInt(n)))
        counts[at] = (counts[at] ?? 0) + 1
      }
      const chi = counts.reduce((sum, seen) => sum + (seen - 400) ** 2 / 400, 0)
      expect(chi).toBeLessThanOrEqual(n - 1 + 6 * Math.sqrt(2 * (n - 1)))
    }
  })

  test('holds no floating point', () => {
    const files = ['exact-noise.ts', 'noise-pool.ts', 'rational.ts']
    for (const file of files) {
      const code = readFileSync(`src/domain/privacy/${file}`, 'utf8').replace(
        /\/\*[\s\S]*?\*\/|\/\/.*/g,
        '',
      )
      expect(code).not.toMatch(/\bMath\.|\bNumber\(|parseFloat|\d\.\d|\*\*\s*-/)
    }
  })
})

test('decimals are read as they stand', () => {
  expect(rationalOf('0.5')).toEqual({ numerator: 5n, denominator: 10n })
  expect(rationalOf('12')).toEqual({ numerator: 12n, denominator: 1n })
  for (const text of ['', '.5', '1e3', '-1', '0.1234567', '1,5', ' 1', 'NaN'])
    expect(rationalOf(text)).toBeNull()
})

test('the whole root is the largest whose square fits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (n) => {
      const root = wholeRoot(n)
      expect(root * root <= n && (root + 1n) * (root + 1n) > n).toBe(true)
    }),
  )
})
