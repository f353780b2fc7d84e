import type { AuditArchive } from '../../domain/audit/audit-archive.ts'
import type { AuditLeaves, TrailLeaf } from '../../domain/audit/audit-leaves.ts'
import type { AuditTree } from '../../domain/audit/audit-tree.ts'
import { BUNDLE_ENTRIES } from '../../domain/audit/entry-bundle.ts'
import { equal, leafHash } from '../../domain/audit/merkle.ts'
import { type Clock, DAY, type Instant } from '../../kernel/time.ts'
import { timeOf } from './entry-facts.ts'

/** Bundles of one round: a second's work or two, after which others are at it again. */
const ROUND = 256

/** An entry that is not the one that was signed for. It stays where it is, for whoever looks into it. */
export class AlteredEntryError extends Error {
  override readonly name = 'AlteredEntryError'

  constructor(index: number) {
    super(`Entry ${index} of the audit trail is not the one that the tree holds.`)
  }
}

/** Moves old entries from rows to compressed bundles. They keep their numbers and verify as before. */
export class Archiver {
  readonly #archive: AuditArchive
  readonly #leaves: AuditLeaves
  readonly #tree: AuditTree
  readonly #clock: Clock
  readonly #age: number

  /** @param afterDays age at which entries are moved. */
  constructor(
    ports: {
      readonly archive: AuditArchive
      readonly leaves: AuditLeaves
      readonly tree: AuditTree
      readonly clock: Clock
    },
    afterDays: number,
  ) {
    this.#archive = ports.archive
    this.#leaves = ports.leaves
    this.#tree = ports.tree
    this.#clock = ports.clock
    this.#age = afterDays * DAY
  }

  /**
   * One round: at most 256 bundles.
   * @returns entries that were moved.
   * @throws AlteredEntryError
   */
  async run(): Promise<number> {
    const signed = await this.#tree.size()
    const start = await this.#archive.size()
    const end = Math.min(signed - (signed % BUNDLE_ENTRIES), start + ROUND * BUNDLE_ENTRIES)
    let first = start
    while (first < end && (await this.#isOld(first + BUNDLE_ENTRIES - 1))) {
      if (!(await this.#archive.move(first, (leaves) => mustBeWhole(first, leaves)))) break
      first += BUNDLE_ENTRIES
    }
    return first - start
  }

  /** Entries are in order of time but for what clocks differ by, so the last of a bundle speaks for all. */
  async #isOld(index: number): Promise<boolean> {
    const [leaf] = await this.#leaves.at([index])
    const now: Instant = this.#clock.now()
    return leaf?.bytes != null && now - timeOf(leaf.bytes) >= this.#age
  }
}

function mustBeWhole(first: number, leaves: readonly TrailLeaf[]): void {
  for (let at = 0; at < BUNDLE_ENTRIES; at++) {
    const leaf = leaves[at]
    const whole = leaf?.index === first + at && leaf.bytes && equal(leafHash(leaf.bytes), leaf.hash)
    if (!whole) throw new AlteredEntryError(first + at)
  }
}
