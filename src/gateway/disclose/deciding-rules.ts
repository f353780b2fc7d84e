import {
  type Category,
  coveredByAny,
  covers,
  longestPrefixKey,
} from '../../domain/privacy/categories.ts'
import type { Policy, Purpose } from '../../domain/privacy/policy.ts'
import type { Reason } from '../../domain/privacy/treatment.ts'
import type { Plan } from './plan.ts'
import type { StateDecisions } from './state-decisions.ts'

/**
 * The rows of the tables that settle in which form a category is seen at most, or that it is not:
 * `roles.csv: user.name, column partner`, `purposes.csv: MARKETING covers user.name`.
 */
export function decidingRules(
  { grant, policy, treatments }: Plan,
  category: Category,
): readonly string[] {
  if (grant.categories !== null && !coveredByAny(grant.categories, category))
    return [`registration: limited to ${grant.categories.join(' ')}`]
  const treatment = treatments.get(category) ?? 'WITHHELD'
  for (const role of grant.roles) {
    const table = policy.roles.get(role)
    const row = table && longestPrefixKey(table, category)
    if (row === undefined || table?.get(row) !== treatment) continue
    const cell = `roles.csv: ${row}, column ${role}`
    const { purpose } = grant
    if (treatment === 'WITHHELD' || purpose === null) return [cell]
    const covering = purpose.categories.find((one) => covers(one, category))
    return covering === undefined
      ? [`purposes.csv: ${purpose.key} does not cover it`]
      : [cell, `purposes.csv: ${purpose.key} covers ${covering}`]
  }
  return ['roles.csv: no row, so it is withheld']
}

const GIVEN: ReadonlySet<string> = new Set(['ConsentGiven', 'RenewedConsentGiven'])

/** The rows that then decide about somebody in this consent state: a signal that closes, a mechanism that needs no word. */
export function rulesOfState(
  { grant, policy }: Plan,
  country: string | null,
  { closedBy, standing }: Pick<StateDecisions, 'closedBy' | 'standing'>,
  reason: Reason | null,
): readonly string[] {
  const { purpose } = grant
  if (purpose === null) return []
  if (reason === 'OPTED_OUT_BY_SIGNAL' && closedBy !== null) return [closingRule(purpose, closedBy)]
  const isUnsettled =
    reason === 'CONSENT_UNKNOWN' ||
    reason === 'CONSENT_EXPIRED' ||
    (reason === null && standing !== null && !GIVEN.has(standing.state))
  return isUnsettled ? [mechanismRule(policy, purpose, country)] : []
}

export const closingRule = ({ key }: Purpose, signal: string) =>
  `purposes.csv: ${key} is closed by ${signal}`

export function mechanismRule(policy: Policy, purpose: Purpose, country: string | null): string {
  const column = country === null ? undefined : policy.jurisdictions.get(country)
  return column !== undefined && purpose.mechanisms.has(column)
    ? `purposes.csv: ${purpose.key}, column mechanism_${column}`
    : 'jurisdictions.csv: no row, so opt_in'
}
