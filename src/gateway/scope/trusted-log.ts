import type { AuditLeaf, AuditLog } from '../../domain/audit/audit-log.ts'
import type { TrailAlarm } from './trail-alarm.ts'

/** The trail as doors see it: while it is in doubt nothing is added, so nothing that needs an entry is disclosed. */
export class TrustedLog implements Pick<AuditLog, 'append'> {
  readonly #log: Pick<AuditLog, 'append'>
  readonly #alarm: TrailAlarm

  constructor(log: Pick<AuditLog, 'append'>, alarm: TrailAlarm) {
    this.#log = log
    this.#alarm = alarm
  }

  async append(leaves: readonly AuditLeaf[]): Promise<void> {
    this.#alarm.refuseIfRaised()
    await this.#log.append(leaves)
    // What the alarm was raised for may have happened before this batch: then its entries stand on a wrong trail.
    this.#alarm.refuseIfRaised()
  }
}
