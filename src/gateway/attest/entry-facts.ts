import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { Instant } from '../../kernel/time.ts'

/** What an entry says; null where it can not be read. The trail outlives the code that wrote it. */
export function entryIn(bytes: Uint8Array): Partial<AuditEntry> | null {
  try {
    const entry: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof entry === 'object' && entry !== null ? entry : null
  } catch {
    return null
  }
}

/** When an entry was made; the beginning of time where it does not say. */
export function timeOf(bytes: Uint8Array): Instant {
  const time = entryIn(bytes)?.time
  const instant = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return Number.isNaN(instant) ? 0 : instant
}
