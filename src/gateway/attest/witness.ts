import { type OpenCheckpoint, openCheckpoint } from '../../domain/audit/checkpoint.ts'
import { InconsistentTreeError, mustExtend } from '../../domain/audit/checkpoint-signer.ts'
import {
  cosignNote,
  formatSignerKey,
  formatVerifierKey,
  parseSignerKey,
  parseVerifierKey,
  type SignerKey,
  signerKey,
  type VerifierKey,
} from '../../domain/audit/signed-note.ts'
import {
  LogUnreachableError,
  type WitnessedLog,
  type WitnessMemory,
} from '../../domain/audit/witness.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'

/** The log has signed something that does not extend what it had signed before. */
export interface WitnessAlarm {
  readonly kind: 'alarm'
  /** What is wrong, in plain words. */
  readonly message: string
  /** The two notes that contradict each other: together they are the evidence. */
  readonly held: string
  readonly offered: string
}

export type WitnessOutcome =
  | WitnessAlarm
  /** @property before entries that the checkpoint signed last covers; null: this is the first, taken on trust. */
  | {
      readonly kind: 'signed'
      readonly origin: string
      readonly size: number
      readonly before: number | null
    }
  | { readonly kind: 'unreachable'; readonly message: string }

/** A key pair of a witness, as text: the private one for its own machine, the public one for everybody. */
export interface WitnessKeys {
  readonly private: string
  readonly public: string
}

/** @throws Refusal BAD_USER_INPUT for a name with blanks or plus signs. */
export function makeWitnessKeys(name: string, randomness: Randomness): WitnessKeys {
  const key = orRefuse(() => signerKey(name, randomness.bytes(32)))
  return { private: formatSignerKey(key), public: formatVerifierKey(key) }
}

/**
 * Signs the newest checkpoint of a log, unless it does not extend the one signed last. What was signed is durable before
 * it is handed over, so that no crash and no lost answer makes the witness forget.
 * @param keys `log`: the log's vkey as the witness was given it; `witness`: the witness's private key.
 * @throws Refusal BAD_USER_INPUT where a key is none, or the memory is not of this log and this witness.
 */
export async function witnessLog(
  log: WitnessedLog,
  memory: WitnessMemory,
  keys: { readonly log: string; readonly witness: string },
): Promise<WitnessOutcome> {
  const logKey = orRefuse(() => parseVerifierKey(keys.log))
  const witness = orRefuse(() => parseSignerKey(keys.witness))
  try {
    return await memory.alone(async (open) => {
      const held = await open.last()
      const last = held && { note: held, checkpoint: rememberedIn(held, logKey, witness) }
      const offered = await log.checkpoint()
      const checkpoint = openOffered(offered, logKey)
      const message = last && (await objection(log, last.checkpoint, checkpoint))
      if (last && message) return { kind: 'alarm', message, held: last.note, offered }
      const note = cosignNote(offered, witness)
      await open.save(note)
      await log.submit(note)
      const { origin, size } = checkpoint
      return { kind: 'signed', origin, size, before: last ? last.checkpoint.size : null }
    })
  } catch (error) {
    if (!(error instanceof LogUnreachableError)) throw error
    return { kind: 'unreachable', message: error.message }
  }
}

/** What is offered; it has the log's signature, so that it can be held against it. */
function openOffered(offered: string, logKey: VerifierKey): OpenCheckpoint {
  try {
    return openCheckpoint(offered, logKey)
  } catch (error) {
    const why = (error as Error).message
    throw new LogUnreachableError(`What answers is not the log ${logKey.name}: ${why}`)
  }
}

/** Why a checkpoint may not be signed; null where it may. */
async function objection(
  log: WitnessedLog,
  last: OpenCheckpoint,
  checkpoint: OpenCheckpoint,
): Promise<string | null> {
  try {
    await mustExtend(last, checkpoint, (from) => log.consistency(from, checkpoint.size))
    return null
  } catch (error) {
    if (error instanceof InconsistentTreeError) return error.message
    throw error
  }
}

function rememberedIn(note: string, logKey: VerifierKey, witness: SignerKey): OpenCheckpoint {
  const known: VerifierKey = witness
  const opened = orRefuse(() => openCheckpoint(note, logKey, [known]))
  if (opened.signedBy.includes(known)) return opened
  throw new Refusal('BAD_USER_INPUT', 'The state is that of another witness.')
}

function orRefuse<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new Refusal('BAD_USER_INPUT', (cause as Error).message, { cause })
  }
}
