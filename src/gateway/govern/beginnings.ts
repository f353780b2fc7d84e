import type { AuditLog } from '../../domain/audit/audit-log.ts'
import type { Recorder } from '../scope/recorder.ts'

/** What a start found or made different. */
export interface Beginning {
  /** The installation was given its keys: this is its first start. */
  readonly keysMade: boolean
  /** Migrations that ran. */
  readonly migrations: readonly string[]
  readonly policyVersion: string
}

/**
 * Records what has changed since the last entry was written, before anybody is served: keys, schema, policy. That the
 * policy is another one is seen by the newest entry, which names the version that held then.
 * @throws Refusal AUDIT_UNAVAILABLE
 */
export async function recordBeginning(
  recorder: Recorder,
  log: AuditLog,
  { keysMade, migrations, policyVersion }: Beginning,
): Promise<void> {
  const [newest] = await log.find({}, { limit: 1, before: null })
  const before = newest?.entry.policy.version ?? null
  if (keysMade) await recorder.recordAction({ action: 'keys.make' })
  if (migrations.length > 0)
    await recorder.recordAction({ action: 'schema.migrate', migrations: migrations.join(' ') })
  if (before !== policyVersion)
    await recorder.recordAction({ action: 'policy.change', before, now: policyVersion })
}
