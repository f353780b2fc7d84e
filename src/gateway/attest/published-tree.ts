import type { AuditTree, SignedCheckpoint } from '../../domain/audit/audit-tree.ts'
import { type OpenCheckpoint, openCheckpoint } from '../../domain/audit/checkpoint.ts'
import type { CheckpointSigner } from '../../domain/audit/checkpoint-signer.ts'
import type { PublishedInclusion, PublishedProofs } from '../../domain/audit/published-proofs.ts'
import { formatVerifierKey, type VerifierKey } from '../../domain/audit/signed-note.ts'
import { hashesIn, readTiles, TILE_WIDTH } from '../../domain/audit/tiles.ts'
import { consistencyProof, inclusionProof } from '../../domain/audit/tree-proofs.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Clock } from '../../kernel/time.ts'

/** Hashes in base64 that lead from the older tree to the newer. */
export interface PublishedConsistency {
  readonly oldSize: number
  readonly newSize: number
  readonly proof: readonly string[]
}

/** What everybody may know of the trail: hashes and signatures, from which nothing about a person or a caller follows. */
export class PublishedTree implements PublishedProofs {
  readonly #tree: AuditTree
  readonly #signer: CheckpointSigner
  readonly #witness: VerifierKey | null
  readonly #clock: Clock

  /** @param witness the key whose signature is taken from outside; null: nobody's. */
  constructor(
    tree: AuditTree,
    signer: CheckpointSigner,
    witness: VerifierKey | null,
    clock: Clock,
  ) {
    this.#tree = tree
    this.#signer = signer
    this.#witness = witness
    this.#clock = clock
  }

  async checkpoint(): Promise<string> {
    const latest = await this.#latest()
    const witnessed = await this.#tree.latestWitnessed()
    const same = witnessed?.checkpoint.note === latest.note
    return same ? `${latest.note}${witnessed.line}\n` : latest.note
  }

  /** @throws Refusal BAD_USER_INPUT unless 0 < oldSize ≤ newSize ≤ size of the newest checkpoint. */
  async consistency(oldSize: number, newSize: number): Promise<PublishedConsistency> {
    await this.#mustBePublished(newSize)
    return await orBadInput(async () => {
      const proof = await consistencyProof(oldSize, newSize, this.#tree)
      return { oldSize, newSize, proof: proof.map(base64) }
    })
  }

  async inclusion(index: number, size: number): Promise<PublishedInclusion> {
    await this.#mustBePublished(size)
    return await orBadInput(async () => {
      const proof = await inclusionProof(index, size, this.#tree)
      const width = (index % TILE_WIDTH) + 1
      const tile = { level: 0, index: Math.floor(index / TILE_WIDTH), width }
      const [hashes] = await readTiles([tile], this.#tree)
      const leafHash = [...hashesIn(hashes as Uint8Array)].at(-1) as Uint8Array
      return { index, size, leafHash: base64(leafHash), proof: proof.map(base64) }
    })
  }

  async keys(): Promise<readonly string[]> {
    return (await this.#signer.keys()).map(formatVerifierKey)
  }

  /**
   * Takes a checkpoint that the witness has signed beside the log.
   * @throws Refusal NOT_FOUND where no witness is known; BAD_USER_INPUT for anything but such a note.
   */
  async acceptWitness(note: string): Promise<void> {
    const witness = this.#witness
    if (witness === null)
      throw new Refusal('NOT_FOUND', 'No witness is known here; BAUTA_AUDIT_WITNESS_KEY names one.')
    const [log] = await this.#signer.keys()
    const opened = openWitnessed(note, log as VerifierKey, witness)
    const { epoch, origin } = await this.#signer.last()
    if (opened.origin !== origin) throw refused(undefined)
    const now = this.#clock.now()
    const checkpoint = { epoch, ...opened, note: noteOf(note, log as VerifierKey), signedAt: now }
    await this.#tree.saveWitness({ checkpoint, line: lineOf(note, witness) }, now)
  }

  async #latest(): Promise<SignedCheckpoint> {
    const latest = await this.#tree.latest()
    if (latest === null) throw new Refusal('NOT_FOUND', 'Nothing has been signed yet.')
    return latest
  }

  async #mustBePublished(size: number): Promise<void> {
    const latest = await this.#latest()
    if (!Number.isSafeInteger(size) || size > latest.size)
      throw new Refusal('BAD_USER_INPUT', `The newest checkpoint covers ${latest.size} entries.`)
  }
}

function openWitnessed(note: string, log: VerifierKey, witness: VerifierKey): OpenCheckpoint {
  try {
    const opened = openCheckpoint(note, log, [witness])
    if (opened.signedBy.includes(witness)) return opened
  } catch (cause) {
    throw refused(cause)
  }
  throw refused(undefined)
}

function refused(cause: unknown): Refusal {
  const message = 'This is not a checkpoint that both the log and its witness have signed.'
  return new Refusal('BAD_USER_INPUT', message, { cause })
}

/** The note with the log's own signature and no other. */
function noteOf(note: string, log: VerifierKey): string {
  return `${note.slice(0, note.lastIndexOf('\n\n') + 2)}${lineOf(note, log)}\n`
}

/** The signature line of a key, in a note that was opened with it. */
function lineOf(note: string, { name, id }: VerifierKey): string {
  const prefix = `— ${name} `
  const line = note
    .slice(note.lastIndexOf('\n\n') + 2)
    .split('\n')
    .find(
      (one) =>
        one.startsWith(prefix) &&
        Buffer.from(one.slice(prefix.length), 'base64').readUInt32BE(0) === id,
    )
  return line as string
}

/** Proofs that can not be are the caller's mistake. */
async function orBadInput<T>(prove: () => Promise<T>): Promise<T> {
  try {
    return await prove()
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('BAD_USER_INPUT', error.message)
    throw error
  }
}

function base64(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64')
}
