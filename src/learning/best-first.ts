/** Highest score first; equal ones by id, so that equal input gives equal order. */
export function byScore(
  [a, one]: readonly [id: string, score: number, ...unknown[]],
  [b, other]: readonly [id: string, score: number, ...unknown[]],
): number {
  return other - one || (a < b ? -1 : 1)
}

/** The n-th largest value, or the smallest where there are fewer; 0 of none. */
export function nthLargest(values: Float64Array, n: number): number {
  // Numbers in a typed array sort natively, many times faster than with a comparison of our own.
  const sorted = values.slice().sort()
  return sorted[Math.max(0, sorted.length - n)] ?? 0
}
