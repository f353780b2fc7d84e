/**
 * A data category in dotted form, widest first: `user.contact.email` (after the Fides taxonomy).
 * A category covers itself and everything below it.
 */
export type Category = string

export function covers(wider: Category, narrower: Category): boolean {
  return narrower === wider || narrower.startsWith(`${wider}.`)
}

export function coveredByAny(wider: Iterable<Category>, narrower: Category): boolean {
  for (const one of wider) if (covers(one, narrower)) return true
  return false
}

/** The entry of the longest category that covers the one asked for: the most specific rule wins. */
export function longestPrefix<T>(
  table: ReadonlyMap<Category, T>,
  category: Category,
): T | undefined {
  const key = longestPrefixKey(table, category)
  return key === undefined ? undefined : table.get(key)
}

/** Under which category the entry stands that `longestPrefix` finds. */
export function longestPrefixKey(
  table: { has(category: Category): boolean },
  category: Category,
): Category | undefined {
  let candidate = category
  for (;;) {
    if (table.has(candidate)) return candidate
    const dot = candidate.lastIndexOf('.')
    if (dot < 0) return undefined
    candidate = candidate.slice(0, dot)
  }
}

/** What two limits leave together; null: no limit. */
export function narrower(
  one: readonly Category[] | null,
  other: readonly Category[] | null,
): readonly Category[] | null {
  if (one === null) return other
  if (other === null) return one
  const inside = (list: readonly Category[], category: Category) =>
    list.some((wider) => category === wider || category.startsWith(`${wider}.`))
  return [
    ...new Set([...one.filter((c) => inside(other, c)), ...other.filter((c) => inside(one, c))]),
  ]
}
