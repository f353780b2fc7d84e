import type { Instant } from '../../kernel/time.ts'
import type { Tile, TileReader } from './tiles.ts'

/** What the log has signed. */
export interface SignedCheckpoint {
  /** Which log of this installation: 1, and one more for each fork that an operator has accepted. */
  readonly epoch: number
  /** Entries that it covers. */
  readonly size: number
  readonly root: Uint8Array
  /** C2SP signed note: the three lines of the checkpoint and the log's signature. */
  readonly note: string
  readonly signedAt: Instant
}

/** A checkpoint with the line of a key that the operator does not hold. */
export interface Witnessed {
  readonly checkpoint: SignedCheckpoint
  /** The witness's signature line, without its newline. */
  readonly line: string
}

/**
 * The Merkle tree over the trail, as tiles, and its checkpoints.
 * An implementation MUST let only one caller of `growAlone` at a time in, over all gateways, MUST let the next one in when
 * that one has died, and MUST make everything that its work stored visible together or not at all.
 * A caller MUST NOT take tiles for the truth: what has been signed stands in the key folder.
 */
export interface AuditTree extends TileReader {
  /** Entries that are part of the tree. */
  size(): Promise<number>
  /**
   * Runs `work` alone. Inside it, nothing but the given tree may be asked.
   * @param wait false: null at once where another gateway is at it.
   */
  growAlone<T>(wait: boolean, work: (tree: GrowingTree) => Promise<T>): Promise<T | null>
  /** The newest checkpoint; null before the first. */
  latest(): Promise<SignedCheckpoint | null>
  /** The newest that a witness has signed, of the log that is signed for now; null before the first. */
  latestWitnessed(): Promise<Witnessed | null>
  /** Keeps a witness's line. The last one for a checkpoint counts. */
  saveWitness(witnessed: Witnessed, at: Instant): Promise<void>
  /** The note of the newest log's checkpoint of that size, with its witness's line where it has one; null: not kept. */
  recall(size: number): Promise<string | null>
  /** Keeps the newest log's checkpoint of that size for good: an export was made of it, and a later one may have to extend it. */
  keep(size: number): Promise<void>
  /** Forgets checkpoints signed before that, except the newest, kept ones and those that a witness has signed; returns how many. */
  discardCheckpointsBefore(instant: Instant): Promise<number>
}

/** The tree while nobody else changes it. */
export interface GrowingTree extends TileReader {
  /** Entries that are part of the tree. */
  size(): Promise<number>
  /** Entries of the trail. */
  trailSize(): Promise<number>
  /**
   * Leaf hashes of at most `count` entries from `first` on, in order.
   * @throws TrailGapError where one is missing between others.
   */
  leafHashes(first: number, count: number): Promise<readonly Uint8Array[]>
  /** Puts tiles in the place of narrower ones; the tree then has `size` entries. */
  store(tiles: readonly Tile[], size: number): Promise<void>
  saveCheckpoint(checkpoint: SignedCheckpoint): Promise<void>
}

/** An entry that was numbered and is not there any more. */
export class TrailGapError extends Error {
  override readonly name = 'TrailGapError'

  constructor(index: number) {
    super(`Entry ${index} of the audit trail is missing.`)
  }
}
