import type { AuditLeaf } from '../../domain/audit/audit-log.ts'
import { type Derived, derivedFrom } from './audit-derived.ts'

/** Some seconds of a busy gateway, and a few megabytes. */
const KEPT = 16_384

/**
 * What the index needs of entries that this process has appended and that are not indexed yet: asking the database for them
 * again costs as much as the rest of indexing. What is not here lies in the trail.
 */
export class RecentEntries {
  /** By number, in the order of numbers. */
  readonly #kept = new Map<number, Derived>()
  #last = -1

  /** @param first number of the first leaf. */
  add(first: number, leaves: readonly AuditLeaf[]): void {
    // Numbers that come again are those of another trail, such as one from a backup.
    if (first <= this.#last) this.#kept.clear()
    this.#last = first + leaves.length - 1
    if (this.#kept.size + leaves.length > KEPT) return
    for (const [at, { entry }] of leaves.entries())
      if (entry) this.#kept.set(first + at, derivedFrom({ ...entry }))
  }

  /** These entries, and forgets them and all before; null where one of them is not here. */
  take(first: number, count: number): (Derived & { readonly index: number })[] | null {
    const found: (Derived & { readonly index: number })[] = []
    for (const [index, derived] of this.#kept) {
      if (index >= first + count) break
      if (index >= first) found.push({ index, ...derived })
      this.#kept.delete(index)
    }
    return found.length === count ? found : null
  }
}
