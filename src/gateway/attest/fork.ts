import {
  type CheckpointSigner,
  InconsistentTreeError,
  type LastSigned,
} from '../../domain/audit/checkpoint-signer.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Sequencer } from './sequencer.ts'

/** An end and a beginning: what the old log had signed last, and what the new one has signed first. */
export interface Fork {
  readonly from: LastSigned
  readonly to: LastSigned
}

/**
 * Goes on with the trail as the database has it, where it does not extend what was signed and the right one can not be
 * restored. The old log ends; another one begins, under a name and a key of its own, with an entry that says so. Whoever
 * holds a checkpoint of the old log can still show what is missing.
 * @param recorder over the trail itself: the alarm, which keeps everybody else from adding to it, is what is settled here.
 * @throws Refusal CONFLICT where nothing is wrong; TrailGapError where entries are missing in the middle.
 */
export async function acceptFork(parts: {
  readonly sequencer: Sequencer
  readonly signer: CheckpointSigner
  readonly recorder: Recorder
}): Promise<Fork> {
  const { sequencer, signer, recorder } = parts
  const { inconsistency } = await mustBeInconsistent(sequencer)
  const from = await signer.last()
  await recorder.recordAction({
    action: 'audit.fork',
    inconsistency,
    origin: from.origin,
    size: from.size,
    root: Buffer.from(from.root).toString('base64'),
  })
  await signer.fork()
  return { from, to: await sequencer.check() }
}

async function mustBeInconsistent(sequencer: Sequencer): Promise<InconsistentTreeError> {
  try {
    await sequencer.check()
  } catch (error) {
    if (error instanceof InconsistentTreeError) return error
    throw error
  }
  throw new Refusal(
    'CONFLICT',
    'The audit trail extends what was signed; there is no fork to accept.',
  )
}
