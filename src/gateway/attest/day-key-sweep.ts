import type { AuditArchive } from '../../domain/audit/audit-archive.ts'
import { DAY_KEYS_KEPT, type DayKeys } from '../../domain/audit/day-keys.ts'
import { type Clock, DAY, isoInstant } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/**
 * Destroys the keys of days that are over for 30 days; from then on nobody can test guesses against their entries, and what
 * their arguments were found by goes as well. The entry that says so is durable before.
 * @returns how many days' keys.
 */
export async function destroyOldDayKeys(parts: {
  readonly dayKeys: DayKeys
  readonly archive: Pick<AuditArchive, 'forgetArguments'>
  readonly recorder: Recorder
  readonly clock: Clock
}): Promise<number> {
  const { dayKeys, archive, recorder, clock } = parts
  const first = isoInstant(clock.now() - DAY_KEYS_KEPT * DAY).slice(0, 10)
  const doomed = (await dayKeys.days()).filter((day) => day < first)
  if (doomed.length > 0)
    await recorder.recordAction({ action: 'day-keys.destroy', days: doomed.join(' ') })
  const destroyed = await dayKeys.destroyBefore(first)
  // Also where a round before was killed between the two, or the index has grown anew.
  await archive.forgetArguments(first)
  return destroyed.length
}
