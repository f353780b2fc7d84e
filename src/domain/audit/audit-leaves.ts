/** One entry of the trail as it lies there. */
export interface TrailLeaf {
  readonly index: number
  /** RFC 6962 leaf hash: the one that the tree holds, or the row's own where the tree has not come that far. */
  readonly hash: Uint8Array
  /** The exact bytes as they are stored now, verified by nobody; null where retention has discarded them. */
  readonly bytes: Uint8Array | null
}

/**
 * The entries of the trail, wherever they lie: rows, or compressed bundles once they are old.
 * An implementation MUST give the bytes as they are stored and MUST NOT mend them: whoever exports or verifies has to see
 * what is there. A caller MUST expect entries that retention has discarded.
 */
export interface AuditLeaves {
  /** Entries by number, in the order asked. Numbers that the trail does not hold are left out. */
  at(indices: readonly number[]): Promise<readonly TrailLeaf[]>
  /**
   * `count` entries from `first` on, in order and in pages, read as they are asked for; memory stays constant. Numbers
   * that the trail does not hold are left out, so a gap shows.
   */
  range(first: number, count: number): AsyncIterable<readonly TrailLeaf[]>
}
