import { type Category, covers } from './categories.ts'
import type { Policy } from './policy.ts'

/**
 * Whether a table of the policy names this category, or one below it. Any other counts as whatever lies above it, so a
 * misspelt one would be taken for something that nobody meant.
 */
export function isNamed(policy: Policy, category: Category): boolean {
  for (const named of namesOf(policy)) if (covers(category, named)) return true
  return false
}

function* namesOf({ categories, roles, purposes, traits }: Policy): Generator<Category> {
  yield* categories.keys()
  for (const table of roles.values()) yield* table.keys()
  for (const purpose of purposes.values()) yield* purpose.categories
  for (const trait of traits.values()) yield trait.category
}
