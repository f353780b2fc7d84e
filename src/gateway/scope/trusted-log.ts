import type {
  AuditFilter,
  AuditLeaf,
  AuditLog,
  StoredAuditEntry,
} from '../../domain/audit/audit-log.ts'
import type { TrailAlarm } from './trail-alarm.ts'

/** The trail as doors see it: while it is in doubt nothing is added, so nothing that needs an entry is disclosed. */
export class TrustedLog implements AuditLog {
  readonly #log: AuditLog
  readonly #alarm: TrailAlarm

  constructor(log: AuditLog, alarm: TrailAlarm) {
    this.#log = log
    this.#alarm = alarm
  }

  async append(leaves: readonly AuditLeaf[]): Promise<void> {
    this.#alarm.refuseIfRaised()
    await this.#log.append(leaves)
    // What the alarm was raised for may have happened before this batch: then its entries stand on a wrong trail.
    this.#alarm.refuseIfRaised()
  }

  async size(): Promise<number> {
    return await this.#log.size()
  }

  async durableSize(): Promise<number> {
    return await this.#log.durableSize()
  }

  async find(
    filter: AuditFilter,
    page: { limit: number; before: number | null },
  ): Promise<readonly StoredAuditEntry[]> {
    return await this.#log.find(filter, page)
  }
}
