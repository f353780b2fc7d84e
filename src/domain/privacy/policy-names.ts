import type { Category } from './categories.ts'
import { PolicyError } from './table-rows.ts'

const CATEGORY = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/
const COUNTRY = /^[A-Z]{2}$/
/** Those that something turns on. */
const SIGNAL =
  /^(gpc|tcf:([1-9]|1[01])|gpp:(SaleOptOut|SharingOptOut|TargetedAdvertisingOptOut)|segment:\S+)$/

/**
 * A category, and no pattern: `user.*` would be looked for among prefixes and not be found, and CASL would take it for
 * everything.
 * @throws PolicyError
 */
export function plainCategory(category: Category, at: string): Category {
  if (CATEGORY.test(category)) return category
  throw new PolicyError(
    `${at}: category "${category}" is none; write dotted words such as user.contact, which covers all below it`,
  )
}

/**
 * A signal that nothing turns on would close nothing, and its author would not know.
 * @throws PolicyError
 */
export function knownSignal(signal: string, at: string): string {
  if (SIGNAL.test(signal)) return signal
  throw new PolicyError(
    `${at}: signals has "${signal}"; write gpc, tcf:1 to tcf:11, gpp:SaleOptOut, gpp:SharingOptOut, gpp:TargetedAdvertisingOptOut or segment:Name`,
  )
}

/** @throws PolicyError */
export function plainCountry(country: string, at: string): void {
  if (!COUNTRY.test(country))
    throw new PolicyError(
      `${at}: country is "${country}"; write two letters of ISO 3166, such as DE`,
    )
}
