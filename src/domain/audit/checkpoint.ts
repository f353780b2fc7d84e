import { HASH_BYTES } from './merkle.ts'
import { fromBase64, openNote, type SignerKey, signNote, type VerifierKey } from './signed-note.ts'

/** What the signer of a log vouches for: these many entries, with this root, and no others before them. */
export interface Checkpoint {
  /** Which log; also the name of its key. */
  readonly origin: string
  /** Number of entries. */
  readonly size: number
  /** RFC 6962 Merkle tree hash: 32 bytes. */
  readonly root: Uint8Array
}

/** A text that is no checkpoint of this log. */
export class CheckpointError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CheckpointError'
  }
}

/** C2SP tlog-checkpoint: origin, size, root in base64; three lines and no more. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
}

/** @throws CheckpointError also for extension lines: whoever does not know them could not say what they promise. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, digits, encoded, end, ...more] = text.split('\n')
  const size = Number(digits)
  const root = fromBase64(encoded ?? '')
  if (!origin || end !== '' || more.length > 0)
    throw new CheckpointError('A checkpoint has three lines: origin, size and root.')
  if (!/^(0|[1-9]\d*)$/.test(digits ?? '') || !Number.isSafeInteger(size))
    throw new CheckpointError('The second line of a checkpoint is a number of entries.')
  if (root?.length !== HASH_BYTES)
    throw new CheckpointError('The third line of a checkpoint is a hash of 32 bytes in base64.')
  return { origin, size, root }
}

/** @throws CheckpointError where the key is not that of the log. */
export function signCheckpoint(checkpoint: Checkpoint, signer: SignerKey): string {
  mustBeNamed(checkpoint.origin, signer)
  return signNote(checkpointText(checkpoint), signer)
}

/** A checkpoint that the log has signed. */
export interface OpenCheckpoint extends Checkpoint {
  /** The keys, of those given, whose signatures it carries: that of the log, and maybe of witnesses. */
  readonly signedBy: readonly VerifierKey[]
}

/**
 * @param log the only key whose signature counts as the log's.
 * @param witnesses further keys; who needs one of them MUST look for it in `signedBy`.
 * @throws NoteError where the note does not hold or the log has not signed it; CheckpointError where it is another log's.
 */
export function openCheckpoint(
  note: string | Uint8Array,
  log: VerifierKey,
  witnesses: readonly VerifierKey[] = [],
): OpenCheckpoint {
  const { text, signedBy } = openNote(note, [log, ...witnesses])
  if (!signedBy.includes(log)) throw new CheckpointError(`${log.name} has not signed this.`)
  const checkpoint = parseCheckpoint(text)
  mustBeNamed(checkpoint.origin, log)
  return { ...checkpoint, signedBy }
}

function mustBeNamed(origin: string, { name }: VerifierKey): void {
  if (origin !== name)
    throw new CheckpointError(`A checkpoint of ${origin} is not ${name}'s to sign.`)
}
