import { createHash } from 'node:crypto'
import type {
  BudgetAccount,
  NoisedAnswer,
  NoisedQuestion,
} from '../../domain/audit/count-ledger.ts'
import {
  amountOf,
  type CountRule,
  epsilonSpent,
  type NoiseRule,
} from '../../domain/privacy/count-rules.ts'
import type { SegmentRule } from '../../domain/segments/rule.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'
import { actorOf } from '../scope/actor.ts'
import type { Audiences } from '../scope/audiences.ts'
import type { AuditDraft } from '../scope/recorder.ts'
import type { Scope } from '../scope/scope.ts'
import type { CountDesk } from './count-desk.ts'
import type { Plan } from './plan.ts'
import type { BudgetView, PeopleCountView } from './views.ts'

type Noised = CountRule & { readonly noise: NoiseRule }

/** Counts with noise, of one request: paid for, kept and recorded before they are told; the same all day. */
export class NoisedCounts {
  readonly #scope: Scope
  readonly #plan: Plan
  readonly #desk: CountDesk
  readonly #audiences: Audiences

  constructor(scope: Scope, plan: Plan, ports: { audiences: Audiences; desk: CountDesk }) {
    this.#scope = scope
    this.#plan = plan
    this.#desk = ports.desk
    this.#audiences = ports.audiences
  }

  /**
   * @param count the true number: asked for only where there is no answer of today and one can be paid for.
   * @throws Refusal PRIVACY_BUDGET_EXHAUSTED, AUDIT_UNAVAILABLE
   */
  async count(
    rule: Noised,
    of: SegmentRule,
    count: () => Promise<number>,
  ): Promise<PeopleCountView> {
    const { noise } = rule
    const { now, grant } = this.#scope
    const population = grant.purpose?.key ?? ''
    const day = isoInstant(now).slice(0, 10)
    const question = { audience: grant.audience, population, digest: digestOf(noise, of), day }
    const { ledger } = this.#desk.parts
    const known = await ledger.answered(question)
    if (known) return viewOf(rule, known)
    const account = this.#account(noise, population)
    if (noise.budget - (await ledger.spent(account)) < noise.cost)
      throw new Refusal(
        'PRIVACY_BUDGET_EXHAUSTED',
        'The privacy budget for counts of these people is used up; viewer.budgets says until when.',
      )
    return viewOf(rule, await this.#pay(noise, account, question, await count()))
  }

  async budgets(noise: NoiseRule): Promise<readonly BudgetView[]> {
    const { principal, now } = this.#scope
    return await Promise.all(
      [...principal.purposes].sort().map(async (population) => {
        const spent = await this.#desk.parts.ledger.spent(this.#account(noise, population))
        return {
          population,
          mechanism: noise.mechanism,
          limit: amountOf(noise.budget),
          left: amountOf(noise.budget - spent),
          perCount: amountOf(noise.cost),
          epsilonSpent: spent === 0n ? 0 : epsilonSpent(noise, spent),
          renewedAt: endOf(noise.window, now),
        }
      }),
    )
  }

  async #pay(
    noise: NoiseRule,
    account: BudgetAccount,
    question: NoisedQuestion,
    people: number,
  ): Promise<NoisedAnswer> {
    const { ledger, alarm, recorder } = this.#desk.parts
    const { cost, budget } = noise
    const value = BigInt(people) + this.#desk.noise(noise)
    alarm.refuseIfRaised()
    const answer = await ledger.answer(
      question,
      { account, cost, budget },
      { value, asOf: this.#scope.now },
      (left) => recorder.linesOf(this.#entry(noise, account, left)).lines,
    )
    // What the alarm was raised for may have happened before this entry: then it stands on a wrong trail.
    alarm.refuseIfRaised()
    return answer
  }

  #entry(noise: NoiseRule, account: BudgetAccount, left: bigint): AuditDraft {
    const { principal, grant, requestId } = this.#scope
    const { selection } = this.#plan
    const { population, window } = account
    const paid = amountOf(noise.cost)
    return {
      requestId,
      phase: 'decision',
      outcome: 'permit',
      actor: actorOf(principal, this.#audiences),
      audience: grant.audience,
      operation: { documentId: selection.documentId, name: selection.operationName },
      purpose: grant.purpose?.key ?? null,
      purposeIri: grant.purpose?.dpv ?? null,
      legalBasis: grant.purpose?.legalBasis ?? null,
      ruleIds: grant.roles.map((role) => `counts/${role}`),
      sets: [],
      subjects: [],
      dp: {
        ...(noise.mechanism === 'laplace' ? { epsilon: paid } : { rho: paid }),
        budgetLeft: amountOf(left),
        population,
        window,
      },
      argsHmac: null,
      action: { action: 'count.noised' },
    }
  }

  #account(noise: NoiseRule, population: string): BudgetAccount {
    const { now, grant } = this.#scope
    const window = isoInstant(now).slice(0, noise.window === 'month' ? 7 : 10)
    return { audience: grant.audience, population, mechanism: noise.mechanism, window }
  }
}

/** Noise first, then the threshold: a count that is withheld says no more than one that is told. */
function viewOf({ noise, fewest }: Noised, { value, left, asOf }: NoisedAnswer): PeopleCountView {
  const suppressed = value < BigInt(fewest)
  const paid = amountOf(noise.cost)
  return {
    value: suppressed ? null : Number(value),
    suppressed,
    treatment: 'NOISED',
    roundedTo: null,
    epsilon: noise.mechanism === 'laplace' ? paid : null,
    rho: noise.mechanism === 'gaussian' ? paid : null,
    budgetLeft: amountOf(left),
    asOf,
  }
}

/** A rule under two names is one question; the same rule with other noise is another. */
function digestOf({ mechanism, cost }: NoiseRule, of: SegmentRule): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify([mechanism, String(cost), of]))
    .digest()
}

/** When a window of the UTC calendar ends. */
function endOf(window: NoiseRule['window'], now: Instant): Instant {
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  return window === 'month' ? Date.UTC(year, month + 1, 1) : Date.UTC(year, month, day + 1)
}
