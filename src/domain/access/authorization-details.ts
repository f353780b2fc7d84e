import { NO_LIMITS, type TokenLimits } from './principal.ts'

/** Our type of authorization details (RFC 9396 §2). */
export const DETAILS_TYPE = 'bauta'
const MOST_ENTRIES = 100
/** Keys, categories and pseudonyms. They go on record, where an e-mail address has no place. */
const NAME = /^[\w.-]{1,100}$/
const MOST = 1_000_000_000

const LISTS = {
  purposes: 'purposes',
  // The name that RFC 9396 §2.2 gives to kinds of data.
  datatypes: 'categories',
  segments: 'segments',
  subjects: 'subjects',
} as const

const BUDGETS = {
  requests_per_minute: 'requestsPerMinute',
  cost_per_minute: 'costPerMinute',
  lookups_per_day: 'lookupsPerDay',
} as const

/**
 * Limits as they stand in requests and tokens: one object of type `bauta` with lists `purposes`, `datatypes`, `segments`
 * and `subjects`, and `budgets`. Undefined where there is no limit.
 */
export function detailsOf(limits: TokenLimits): readonly [Record<string, unknown>] | undefined {
  const details: Record<string, unknown> = {}
  for (const [member, name] of Object.entries(LISTS))
    if (limits[name] !== null) details[member] = limits[name]
  const budgets: Record<string, number> = {}
  for (const [member, name] of Object.entries(BUDGETS))
    if (limits[name] !== null) budgets[member] = limits[name]
  if (Object.keys(budgets).length > 0) details.budgets = budgets
  return Object.keys(details).length > 0 ? [{ type: DETAILS_TYPE, ...details }] : undefined
}

/**
 * The reverse of `detailsOf`. What is not understood is a problem, never skipped: a limit that somebody meant would be
 * missing (RFC 9396 §5).
 */
export function readDetails(
  value: unknown,
): { readonly limits: TokenLimits } | { readonly problem: string } {
  if (value === undefined) return { limits: NO_LIMITS }
  const [details, ...more] = Array.isArray(value) ? value : []
  if (!isObject(details) || more.length > 0 || details.type !== DETAILS_TYPE)
    return { problem: `must be a list of one object of the type "${DETAILS_TYPE}"` }
  const limits: Record<string, unknown> = { ...NO_LIMITS }
  for (const [member, given] of Object.entries(details)) {
    if (member === 'type') continue
    const problem =
      member === 'budgets' ? readBudgets(given, limits) : readList(member, given, limits)
    if (problem !== null) return { problem }
  }
  return { limits: limits as unknown as TokenLimits }
}

/**
 * The member by which these limits leave nothing to do, which nobody asks for on purpose; null: none does. No look-ups may
 * well be meant.
 */
export function emptyMember(limits: TokenLimits): string | null {
  for (const [member, name] of Object.entries(LISTS)) if (limits[name]?.length === 0) return member
  for (const [member, name] of Object.entries(BUDGETS))
    if (name !== 'lookupsPerDay' && limits[name] === 0) return member
  return null
}

function readList(member: string, given: unknown, limits: Record<string, unknown>): string | null {
  if (!isKey(LISTS, member))
    return `may have the members ${Object.keys(LISTS).join(', ')} and budgets`
  const isList =
    Array.isArray(given) &&
    given.length <= MOST_ENTRIES &&
    given.every((one) => typeof one === 'string' && NAME.test(one))
  if (!isList) return `${member} must be a list of at most ${MOST_ENTRIES} names`
  limits[LISTS[member]] = [...new Set(given)]
  return null
}

function readBudgets(given: unknown, limits: Record<string, unknown>): string | null {
  if (!isObject(given)) return 'budgets must be an object'
  for (const [member, most] of Object.entries(given)) {
    if (!isKey(BUDGETS, member))
      return `budgets may have the members ${Object.keys(BUDGETS).join(', ')}`
    if (!Number.isInteger(most) || (most as number) < 0 || (most as number) > MOST)
      return `${member} must be a whole number`
    limits[BUDGETS[member]] = most
  }
  return null
}

function isKey<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
