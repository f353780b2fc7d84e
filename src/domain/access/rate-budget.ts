/** What was spent under one key within its running minute. */
export interface Spent {
  readonly units: number
  /** Until the next minute of this key begins, in milliseconds. */
  readonly resetMs: number
}

/**
 * Counts what is spent, minute by minute; how much is too much the caller decides.
 * An implementation MUST count every unit once over all gateways that share its store, MUST begin anew a minute after
 * the first unit, and MUST NOT fail or wait for long: while its store is gone it counts in this process, so that the
 * budgets of so many gateways are so many, but never without end.
 */
export interface RateBudget {
  /** @param units a whole number. */
  spend(key: string, units: number): Promise<Spent>
}
