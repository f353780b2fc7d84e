import type { Checkpoint } from './checkpoint.ts'
import { equal, verifyConsistency } from './merkle.ts'
import type { VerifierKey } from './signed-note.ts'

/** The newest checkpoint that the signer has let out of its hands. */
export interface LastSigned extends Checkpoint {
  /** Which log of this installation: 1, and one more for each fork that an operator has accepted. */
  readonly epoch: number
  /** C2SP signed note with the log's signature. */
  readonly note: string
}

/** The tree as the database has it now. */
export type Tree = Pick<Checkpoint, 'size' | 'root'>

/**
 * Signs for the log, and remembers what it has signed, apart from the database.
 * An implementation MUST have made a checkpoint durable as the last one before `sign` resolves, MUST refuse every tree that
 * does not extend it, and MUST NOT take anything that the database says for what was signed. One signer serves all
 * gateways of an installation; each new log begins with the empty tree, so `last` always has an answer.
 */
export interface CheckpointSigner {
  last(): Promise<LastSigned>
  /** Public keys: of the log that is signed for now, and after it those of logs before a fork, newest first. */
  keys(): Promise<readonly VerifierKey[]>
  /**
   * @param consistency the proof (RFC 6962 §2.1.2) that leads from that many entries to this tree.
   * @throws InconsistentTreeError
   */
  sign(
    tree: Tree,
    consistency: (from: number) => Promise<readonly Uint8Array[]>,
  ): Promise<LastSigned>
  /** Begins another log with a key and an origin of its own, after an operator has accepted that the last one ends here. */
  fork(): Promise<LastSigned>
}

/** `shrunk`: entries that were signed for are gone. `diverged`: they are others now. */
export type Inconsistency = 'shrunk' | 'diverged'

/** A tree that does not extend what was signed: an old copy of the database, or somebody has changed it. */
export class InconsistentTreeError extends Error {
  override readonly name = 'InconsistentTreeError'
  readonly inconsistency: Inconsistency

  constructor(inconsistency: Inconsistency, signed: Tree, now: Pick<Tree, 'size'>) {
    super(
      inconsistency === 'shrunk'
        ? `The audit trail has ${now.size} entries, but ${signed.size} were signed for.`
        : `The first ${signed.size} entries of the audit trail are not those that were signed for.`,
    )
    this.inconsistency = inconsistency
  }
}

/** @throws InconsistentTreeError unless `now` begins with what was signed. */
export async function mustExtend(
  signed: Tree,
  now: Tree,
  consistency: (from: number) => Promise<readonly Uint8Array[]>,
): Promise<void> {
  if (now.size < signed.size) throw new InconsistentTreeError('shrunk', signed, now)
  // Every tree extends the empty one; RFC 6962 has no proof for that.
  if (signed.size === 0) return
  const extended =
    now.size === signed.size
      ? equal(now.root, signed.root)
      : verifyConsistency({
          oldSize: signed.size,
          newSize: now.size,
          oldRoot: signed.root,
          newRoot: now.root,
          proof: await consistency(signed.size),
        })
  if (!extended) throw new InconsistentTreeError('diverged', signed, now)
}
