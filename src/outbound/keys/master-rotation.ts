import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deriveKey } from '../../domain/privacy/pseudonym.ts'
import { open, SealError, seal } from '../../domain/privacy/seal.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { replaceDurably } from './durable-file.ts'
import { DAY_SEAL, DAYS_FOLDER, dayContext, daysIn } from './file-day-keys.ts'
import { Installation } from './installation.ts'
import { SubjectLogFile } from './subject-log-file.ts'
import {
  DERIVED,
  numbersIn,
  WRAPPING_FOLDER,
  WRAPPING_SEAL,
  wrappingContext,
} from './wrapping-keys.ts'

/**
 * Seals a key folder under another master key. One rename decides: before it the old key opens everything, after it the
 * new one does, and the old one nothing. What is still sealed under the old key is sealed anew after that; a crash in
 * between leaves the old key in `installation.json`, sealed under the new, and whoever opens the folder next goes on.
 * Gateways that run meanwhile refuse from the next second on, until they are started with the new key.
 * @throws Refusal KEYS_UNAVAILABLE: `master` is not the folder's; CONFLICT: data keys are wrapped by it directly.
 */
export async function rotateMaster(options: {
  readonly dir: string
  readonly master: Uint8Array
  readonly next: Uint8Array
  readonly randomness: Randomness
}): Promise<void> {
  const { dir, master, next, randomness } = options
  if (Buffer.from(master).equals(next))
    throw new Refusal('CONFLICT', 'The new master key is the one that the folder has already.')
  const installation = await Installation.open({ dir, master, randomness, mayCreate: false })
  await installation.hold(async () => {
    const log = new SubjectLogFile(join(dir, 'subjects.log'), randomness)
    log.look()
    if (log.table.counts.has(DERIVED))
      throw new Refusal('CONFLICT', 'Rotate the wrapping key first: data keys rest on this one.')
    await installation.changeMaster(next)
  })
  const renewed = await Installation.open({ dir, master: next, randomness, mayCreate: false })
  await finishMasterRotation(dir, renewed, randomness)
}

/** Ends a rotation that was begun, if there is one. */
export async function finishMasterRotation(
  dir: string,
  installation: Installation,
  randomness: Randomness,
): Promise<void> {
  if (installation.previousMaster() === null) return
  await installation.hold(async () => {
    const previous = installation.previousMaster()
    if (previous === null) return
    for (const { path, kind, context } of sealedFiles(dir)) {
      const [from, to] = [deriveKey(previous, [kind]), installation.sealingKey(kind)]
      const anew = resealed(readFileSync(path), context, from, to, randomness)
      if (anew) await replaceDurably(path, anew)
    }
    await installation.forgetPrevious()
  })
}

function sealedFiles(dir: string) {
  const [wrapping, days] = [join(dir, WRAPPING_FOLDER), join(dir, DAYS_FOLDER)]
  return [
    ...numbersIn(wrapping).map((number) => ({
      path: join(wrapping, `${number}.key`),
      kind: WRAPPING_SEAL,
      context: wrappingContext(number),
    })),
    ...daysIn(days).map((day) => ({
      path: join(days, `${day}.key`),
      kind: DAY_SEAL,
      context: dayContext(day),
    })),
  ]
}

/** Null: it was sealed under the new key already. @throws SealError: under neither. */
function resealed(
  file: Uint8Array,
  context: readonly string[],
  from: Uint8Array,
  to: Uint8Array,
  randomness: Randomness,
): Buffer | null {
  try {
    open(to, context, file)
    return null
  } catch (error) {
    if (!(error instanceof SealError)) throw error
    return seal(to, context, open(from, context, file), randomness)
  }
}
