import type { AuditLog } from '../../domain/audit/audit-log.ts'
import { type AuditTree, type GrowingTree, TrailGapError } from '../../domain/audit/audit-tree.ts'
import type { CheckpointSigner, LastSigned } from '../../domain/audit/checkpoint-signer.ts'
import { InconsistentTreeError } from '../../domain/audit/checkpoint-signer.ts'
import { grow, readRightEdge } from '../../domain/audit/tree-growth.ts'
import { consistencyProof } from '../../domain/audit/tree-proofs.ts'
import type { Clock } from '../../kernel/time.ts'

/** Entries integrated in one transaction: hashing them holds up the event loop for some milliseconds. */
const PAGE = 4_096

/** What the sequencer works with. */
export interface SequencerParts {
  readonly log: Pick<AuditLog, 'durableSize'>
  readonly tree: AuditTree
  readonly signer: CheckpointSigner
  readonly clock: Clock
}

/**
 * Integrates what was appended into the tree and signs for it. Entries have their numbers already; what they get here is a
 * place that can be proved. Any number of gateways may call it at any time: one works, the others find nothing to do.
 */
export class Sequencer {
  readonly #parts: SequencerParts

  constructor(parts: SequencerParts) {
    this.#parts = parts
  }

  /**
   * Integrates and signs everything appended before the call.
   * @returns what is signed now; null where another gateway is at it.
   * @throws InconsistentTreeError, TrailGapError: the trail is not what was signed, or not whole.
   */
  async advance(): Promise<LastSigned | null> {
    const { log, tree, signer } = this.#parts
    const [size, last, published] = [
      await log.durableSize(),
      await signer.last(),
      await tree.latest(),
    ]
    const nothingNew = size === last.size && published?.note === last.note
    return nothingNew ? last : await this.#upTo(size, false)
  }

  /** As `advance`, but waits for its turn, and looks at the tree even where nothing is new. For a start. */
  async check(): Promise<LastSigned> {
    const signed = await this.#upTo(await this.#parts.log.durableSize(), true)
    return signed as LastSigned
  }

  async #upTo(size: number, wait: boolean): Promise<LastSigned | null> {
    for (;;) {
      const step = await this.#parts.tree.growAlone(
        wait,
        async (tree) => await this.#step(tree, size),
      )
      if (step === null || step.signed !== null) return step?.signed ?? null
    }
  }

  /** One page. Signs once the tree holds everything that it is meant to. */
  async #step(tree: GrowingTree, wanted: number): Promise<{ readonly signed: LastSigned | null }> {
    const last = await this.#parts.signer.last()
    const there = await tree.trailSize()
    if (there < last.size) throw new InconsistentTreeError('shrunk', last, { size: there })
    const before = await tree.size()
    // Another gateway may have come further meanwhile, and what was signed for is durable.
    const size = Math.max(wanted, last.size, before)
    const count = Math.min(size - before, PAGE)
    const hashes = await tree.leafHashes(before, count)
    if (hashes.length < count) throw new TrailGapError(before + hashes.length)
    const { tiles, edge, root } = grow(await readRightEdge(before, tree), hashes)
    if (count > 0) await tree.store(tiles, edge.size)
    if (edge.size < size) return { signed: null }
    try {
      return { signed: await this.#sign(tree, size, root) }
    } catch (error) {
      if (error instanceof InconsistentTreeError && (await this.#wasOvertaken(last)))
        return { signed: null }
      throw error
    }
  }

  /**
   * A gateway that was stopped in the middle wakes without its turn, with answers from before others went on: what it
   * has looked at is old, not wrong.
   */
  async #wasOvertaken(last: LastSigned): Promise<boolean> {
    return (await this.#parts.signer.last()).note !== last.note
  }

  async #sign(tree: GrowingTree, size: number, root: Uint8Array): Promise<LastSigned> {
    const { signer, clock } = this.#parts
    const signed = await signer.sign(
      { size, root },
      async (from) => await consistencyProof(from, size, tree),
    )
    const { epoch, note } = signed
    await tree.saveCheckpoint({ epoch, size, root, note, signedAt: clock.now() })
    return signed
  }
}
