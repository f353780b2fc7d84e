import type { SecurityCount, SecurityCountStore } from '../../domain/audit/security-counts.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { HOUR, type Instant } from '../../kernel/time.ts'
import type { Scope } from '../scope/scope.ts'
import type { SecurityCounters } from '../scope/security-counters.ts'

const MOST_COUNTS = 1_000

/** What strangers tried: read by those who run the gateway and those who answer for it. */
export class SecurityReport {
  readonly #counters: SecurityCounters
  readonly #store: SecurityCountStore

  constructor(counters: SecurityCounters, store: SecurityCountStore) {
    this.#counters = counters
    this.#store = store
  }

  /**
   * Counts by minute and event, newest first, what this gateway has just counted among them; other gateways bring theirs
   * within seconds.
   * @param period the last hour where nothing is said.
   * @throws Refusal FORBIDDEN without the scope health:read; BAD_USER_INPUT for too many.
   */
  async counts(
    scope: Scope,
    period: { readonly from: Instant | null; readonly to: Instant | null },
    first: number,
  ): Promise<readonly SecurityCount[]> {
    if (!scope.grant.scopes.has('health:read'))
      throw new Refusal('FORBIDDEN', 'This token lacks the scope health:read.')
    if (!(first >= 0 && first <= MOST_COUNTS))
      throw new Refusal(
        'BAD_USER_INPUT',
        `"first" must be a whole number from 0 to ${MOST_COUNTS}.`,
      )
    await this.#counters.flush()
    const to = period.to ?? scope.now + 1
    return await this.#store.find(period.from ?? to - HOUR, to, first)
  }
}
