import type { AuditArchive } from '../../domain/audit/audit-archive.ts'
import type { AuditLog } from '../../domain/audit/audit-log.ts'
import type { AuditTree } from '../../domain/audit/audit-tree.ts'
import type { CheckpointSigner } from '../../domain/audit/checkpoint-signer.ts'
import { formatVerifierKey } from '../../domain/audit/signed-note.ts'
import type { Instant } from '../../kernel/time.ts'
import type { TrailAlarm, TrailDoubt } from '../scope/trail-alarm.ts'

/** How the trail is, in numbers. */
export interface TrailState {
  /** Why it is in doubt; null: it is not. */
  readonly doubt: TrailDoubt | null
  /** Name of the log that is signed for, and its public key as a C2SP vkey. */
  readonly origin: string
  readonly key: string
  readonly entries: number
  /** Entries under the newest checkpoint, and when that was published; null: none was. */
  readonly signed: number
  readonly signedAt: Instant | null
  /** Entries under the newest checkpoint that a witness has signed; null: none was. */
  readonly witnessed: number | null
  /** Entries that lie in compressed bundles. */
  readonly archived: number
}

export async function trailState(parts: {
  readonly log: AuditLog
  readonly tree: AuditTree
  readonly signer: CheckpointSigner
  readonly archive: AuditArchive
  readonly alarm: TrailAlarm
}): Promise<TrailState> {
  const { log, tree, signer, archive, alarm } = parts
  const last = await signer.last()
  const [key] = await signer.keys()
  const [published, witnessed] = [await tree.latest(), await tree.latestWitnessed()]
  return {
    doubt: alarm.doubt,
    origin: last.origin,
    key: key ? formatVerifierKey(key) : '',
    entries: await log.size(),
    signed: last.size,
    signedAt: published?.signedAt ?? null,
    witnessed: witnessed?.checkpoint.size ?? null,
    archived: await archive.size(),
  }
}
