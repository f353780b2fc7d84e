import type { Randomness } from '../../kernel/ids.ts'
import { type Rational, wholeRoot } from './rational.ts'

/**
 * Exact samplers of discrete noise: Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy",
 * arXiv 2004.00010, algorithms 1 to 3. Whole numbers only: what floating point leaves in the last bits of a textbook
 * sampler tells the true value (Mironov 2012). How long a draw takes depends on what it gives, so an answer never waits
 * for its own (noise-pool.ts).
 */
export class ExactNoise {
  readonly #randomness: Randomness

  constructor(randomness: Randomness) {
    this.#randomness = randomness
  }

  /** A whole number x with probability proportional to exp(-|x| / scale). With scale 1/ε on a count: ε-private. */
  laplace({ numerator: t, denominator: s }: Rational): bigint {
    for (;;) {
      const u = this.below(t)
      if (!this.#oneInExp(u, t)) continue
      let v = 0n
      while (this.#oneInExp(1n, 1n)) v++
      const magnitude = (u + t * v) / s
      const negative = this.below(2n) === 1n
      // Zero has no sign: taking it with either would count it twice.
      if (negative && magnitude === 0n) continue
      return negative ? -magnitude : magnitude
    }
  }

  /** A whole number x with probability proportional to exp(-x² / (2 variance)). With variance 1/(2ρ) on a count: ρ-zCDP. */
  gaussian({ numerator, denominator }: Rational): bigint {
    const t = wholeRoot(numerator / denominator) + 1n
    for (;;) {
      const y = this.laplace({ numerator: t, denominator: 1n })
      // exp(-(|y| - variance/t)² / (2 variance)), over one denominator.
      const distance = (y < 0n ? -y : y) * t * denominator - numerator
      const over = 2n * numerator * denominator * t * t
      if (this.#oneInExp(distance * distance, over)) return y
    }
  }

  /** A whole number from 0 to n - 1, each as likely. */
  below(n: bigint): bigint {
    const bits = (n - 1n).toString(2).length
    const bytes = (bits + 7) >> 3
    const surplus = BigInt(bytes * 8 - bits)
    for (;;) {
      let drawn = 0n
      for (const byte of this.#randomness.bytes(bytes)) drawn = (drawn << 8n) | BigInt(byte)
      drawn >>= surplus
      if (drawn < n) return drawn
    }
  }

  /** True with probability exp(-a/b). */
  #oneInExp(a: bigint, b: bigint): boolean {
    for (let whole = a / b; whole > 0n; whole--) if (!this.#oneInExpBelowOne(1n, 1n)) return false
    return this.#oneInExpBelowOne(a % b, b)
  }

  /** As `#oneInExp`, for a ≤ b: the first k whose draw with a/(bk) fails is odd so often. */
  #oneInExpBelowOne(a: bigint, b: bigint): boolean {
    let k = 1n
    while (this.below(b * k) < a) k++
    return k % 2n === 1n
  }
}
