import { PolicyError, type TableRows } from './policy.ts'
import { type Rational, rationalOf } from './rational.ts'
import { placeOf } from './table-rows.ts'

/** Units of a budget: one millionth of ε (pure differential privacy) or of ρ (zero-concentrated, Bun and Steinke 2016). */
export const UNITS = 1_000_000n

/** How noise is made and paid for. */
export interface NoiseRule {
  /** Laplace noise is paid for in ε, Gaussian in ρ; each adds up over the answers of a window. */
  readonly mechanism: 'laplace' | 'gaussian'
  /** Scale 1/ε of Laplace noise, variance 1/(2ρ) of Gaussian: one person changes a count by one. */
  readonly spread: Rational
  /** Price of one answer and the most that is spent in a window, in `UNITS`. */
  readonly cost: bigint
  readonly budget: bigint
  /** Of the UTC calendar. */
  readonly window: 'day' | 'month'
}

/** In which form a role is told how many people there are of a kind. */
export interface CountRule {
  /** Null: rounded only. */
  readonly noise: NoiseRule | null
  /** What a count is rounded to where no noise is added. */
  readonly roundedTo: number
  /** Fewer (after noise) are not told at all; nor are sets told apart that differ by fewer. */
  readonly fewest: number
  /** Different sets that one client may have counted in a UTC day. */
  readonly setsPerDay: number
}

/**
 * The table of who is told of counts and how; a role without a row is told none.
 * @throws PolicyError naming the row of counts.csv.
 */
export function compileCountRules(
  rows: TableRows,
  roles: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, CountRule> {
  const rules = new Map<string, CountRule>()
  for (const [index, row] of rows.entries()) {
    const at = placeOf('counts.csv', row, index)
    const role = row.role ?? ''
    if (!roles.has(role)) throw new PolicyError(`${at}: role "${role}" has no column in roles.csv`)
    if (rules.has(role)) throw new PolicyError(`${at}: "${role}" stands twice`)
    const treatment = oneOf(row, 'treatment', ['NOISED', 'GENERALISED'] as const, at)
    rules.set(role, {
      noise: treatment === 'NOISED' ? noiseOf(row, at) : null,
      roundedTo: whole(row, 'rounded_to', at),
      fewest: whole(row, 'fewest', at),
      setsPerDay: whole(row, 'sets_per_day', at),
    })
  }
  return rules
}

/** The rule for a caller with these roles: of several, the one that adds noise, so that no second role takes it off. */
export function countRuleFor(
  rules: ReadonlyMap<string, CountRule>,
  roles: readonly string[],
): CountRule | null {
  const own = roles.flatMap((role) => rules.get(role) ?? [])
  return own.find(({ noise }) => noise !== null) ?? own[0] ?? null
}

/** What an amount of a budget is in words of one person: `0.25`. */
export function amountOf(units: bigint): number {
  return Number(units) / Number(UNITS)
}

/** δ at which spent ρ is told as ε. */
export const DELTA = 1e-6

/** The ε that so much spent is worth: itself for Laplace; for Gaussian at `DELTA` (Bun and Steinke 2016, proposition 1.3). */
export function epsilonSpent({ mechanism }: NoiseRule, units: bigint): number {
  const spent = amountOf(units)
  if (mechanism === 'laplace') return spent
  return spent + 2 * Math.sqrt(spent * Math.log(1 / DELTA))
}

function noiseOf(row: TableRows[number], at: string): NoiseRule {
  const mechanism = oneOf(row, 'mechanism', ['laplace', 'gaussian'] as const, at)
  const price = amount(row, 'cost', at)
  const cost = unitsOf(price)
  const budget = unitsOf(amount(row, 'budget', at))
  if (budget < cost) throw new PolicyError(`${at}: the budget does not pay for one answer`)
  const { numerator: n, denominator: d } = price
  const spread =
    mechanism === 'laplace'
      ? { numerator: d, denominator: n }
      : { numerator: d, denominator: 2n * n }
  return { mechanism, spread, cost, budget, window: oneOf(row, 'window', ['day', 'month'], at) }
}

function amount(row: TableRows[number], column: string, at: string): Rational {
  const value = rationalOf(row[column] ?? '')
  if (value === null || value.numerator === 0n)
    throw new PolicyError(
      `${at}: ${column} must be a number above 0 with at most six digits behind the point`,
    )
  return value
}

/** Exact: an amount has at most six digits behind the point. */
function unitsOf({ numerator, denominator }: Rational): bigint {
  return (numerator * UNITS) / denominator
}

function whole(row: TableRows[number], column: string, at: string): number {
  const text = row[column] ?? ''
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new PolicyError(`${at}: ${column} must be a whole number above 0`)
  return Number(text)
}

function oneOf<T extends string>(
  row: TableRows[number],
  column: string,
  allowed: readonly T[],
  at: string,
): T {
  const found = allowed.find((one) => one === row[column])
  if (!found)
    throw new PolicyError(
      `${at}: ${column} is "${row[column] ?? ''}", expected one of ${allowed.join(', ')}`,
    )
  return found
}
