import type { Instant } from '../../kernel/time.ts'
import type { AuditLeaf } from './audit-log.ts'

/** What is counted, for whom, as of which day: asked again, it has the same answer. */
export interface NoisedQuestion {
  readonly audience: string
  /** The purpose that the people counted have agreed to. */
  readonly population: string
  /** SHA-256 of what is counted and how noise is added. */
  readonly digest: Uint8Array
  /** UTC day, `2026-01-31`. */
  readonly day: string
}

/** Where answers of one audience about one population add up. */
export interface BudgetAccount {
  readonly audience: string
  readonly population: string
  readonly mechanism: 'laplace' | 'gaussian'
  /** UTC month or day: `2026-01`, `2026-01-31`. */
  readonly window: string
}

export interface NoisedAnswer {
  /** With noise, before anything is suppressed: may be negative. */
  readonly value: bigint
  /** When it was counted. */
  readonly asOf: Instant
  /** What the budget held after it was paid for. */
  readonly left: bigint
}

/**
 * What was spent of the privacy budgets, and the answers that it was spent on.
 * An implementation MUST make debit, answer and entry durable together or not at all, and MUST NOT give back what was
 * debited. A caller MUST NOT tell an answer that did not come out of here.
 */
export interface CountLedger {
  /** What was answered already; null: nothing. */
  answered(question: NoisedQuestion): Promise<NoisedAnswer | null>
  spent(account: BudgetAccount): Promise<bigint>
  /**
   * Pays for an answer and keeps it, with its entry. Where somebody else was answered the same meanwhile, that is the
   * answer, and nothing is paid.
   * @param linesOf the entry's lines, from what is left after the debit.
   * @throws Refusal PRIVACY_BUDGET_EXHAUSTED; AUDIT_UNAVAILABLE: then nothing may be told.
   */
  answer(
    question: NoisedQuestion,
    price: { readonly account: BudgetAccount; readonly cost: bigint; readonly budget: bigint },
    counted: { readonly value: bigint; readonly asOf: Instant },
    linesOf: (left: bigint) => readonly AuditLeaf[],
  ): Promise<NoisedAnswer>
}
