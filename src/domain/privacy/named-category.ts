import { type Category, covers } from './categories.ts'
import type { Policy } from './policy.ts'

/**
 * Whether the policy's tables name this category or one below it. Rules find an entry for any text below a category, so a
 * misspelt name would pass for the wider one.
 */
export function isNamedCategory(policy: Policy, category: Category): boolean {
  const { categories, roles, purposes, traits } = policy
  const named = [
    ...categories.keys(),
    ...[...roles.values()].flatMap((treatments) => [...treatments.keys()]),
    ...[...purposes.values()].flatMap((purpose) => purpose.categories),
    ...[...traits.values()].map((trait) => trait.category),
  ]
  return named.some((one) => covers(category, one))
}
