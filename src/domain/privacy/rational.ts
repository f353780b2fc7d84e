/** An exact number: no rounding anywhere. The denominator is above 0. */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

const DECIMAL = /^(\d{1,9})(?:\.(\d{1,6}))?$/

/** A decimal such as `0.5`, at most six digits behind the point, as it stands; null for other text. */
export function rationalOf(decimal: string): Rational | null {
  const [, whole, part = ''] = DECIMAL.exec(decimal) ?? []
  if (whole === undefined) return null
  return { numerator: BigInt(whole + part), denominator: 10n ** BigInt(part.length) }
}

/** The largest whole number whose square is at most `n`, which is not negative. */
export function wholeRoot(n: bigint): bigint {
  if (n < 2n) return n
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}
