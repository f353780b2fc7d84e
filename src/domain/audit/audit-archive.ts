import type { TrailLeaf } from './audit-leaves.ts'

/**
 * Where old entries go: from rows to compressed bundles of 256, and at last, by class, to nothing but their hash.
 * An implementation MUST move a bundle and take away its rows in one commit, MUST take the bytes of discarded entries from
 * bundles and everything derived from them in one commit, and MUST leave the tree as it is. No two gateways change it at
 * once.
 */
export interface AuditArchive {
  /** Number of the first entry that is not archived yet; a multiple of 256. */
  size(): Promise<number>
  /**
   * Moves the bundle that begins with entry `first`.
   * @param mayMove shown what will be moved; throws where it must not.
   * @returns false where another gateway has moved it, or is at it.
   */
  move(first: number, mayMove: (leaves: readonly TrailLeaf[]) => void): Promise<boolean>
  /**
   * Removes copies that are kept beside the trail of entries that were archived when this was called before: what was
   * moved just now may not have reached the disk. @returns files removed.
   */
  dropCopies(): Promise<number>
  /** Up to which entry all that `key` names has been discarded. */
  discardedTo(key: string): Promise<number>
  /** Discards the bytes of archived entries, and notes that for `key` everything below `to` is done. */
  discard(entries: readonly DiscardedEntry[], key: string, to: number): Promise<void>
  /**
   * Forgets by what arguments of entries before that day (of UTC) are found, but not identifiers: the keys of these days are
   * destroyed. The hashes in the entries stay. @returns how many.
   */
  forgetArguments(before: string): Promise<number>
  /** Runs `work` unless another gateway runs it: then null, at once. */
  alone<T>(work: () => Promise<T>): Promise<T | null>
}

/** An entry whose bytes go, and what else of it is kept beside the trail. */
export interface DiscardedEntry {
  readonly index: number
  readonly entryId: string
}
