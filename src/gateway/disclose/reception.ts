import { LRUCache } from 'lru-cache'
import { grantOf } from '../../domain/access/grant.ts'
import type { Principal } from '../../domain/access/principal.ts'
import type { AuditOutcome } from '../../domain/audit/entry.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { type Randomness, uuidV7 } from '../../kernel/ids.ts'
import { Refusal, type RefusalCode } from '../../kernel/refusal.ts'
import type { Clock } from '../../kernel/time.ts'
import { settlePurpose } from '../scope/purpose.ts'
import type { Recorder } from '../scope/recorder.ts'
import { Scope } from '../scope/scope.ts'
import type { Disclose, DiscloseDesk } from './disclose.ts'
import { compilePlan, type Plan } from './plan.ts'
import type { Selection } from './plan-rules.ts'
import { steps } from './steps.ts'

/** Who calls, as the transport has found out. */
export interface Caller {
  readonly principal: Principal
  /** Value of the header Bauta-Purpose. */
  readonly purposeHeader: string | null
  readonly requestId: string
}

/** A request that was let in: its hall, its plan and its doors. */
export interface Visit {
  readonly scope: Scope
  readonly plan: Plan
  readonly disclose: Disclose
  readonly args: Readonly<Record<string, unknown>>
}

/** Compiled plans that are kept; one is a few kilobytes and the decisions of the consent states it has met. */
const PLANS = 500

/** Where every request begins and ends: purpose, grant and plan are settled at its start, the entry at its end. */
export class Reception {
  readonly #policy: Policy
  readonly #desk: DiscloseDesk
  readonly #recorder: Recorder
  readonly #clock: Clock
  readonly #randomness: Randomness
  readonly #plans = new LRUCache<string, Plan>({ max: PLANS })

  constructor(parts: {
    policy: Policy
    desk: DiscloseDesk
    recorder: Recorder
    clock: Clock
    randomness: Randomness
  }) {
    this.#policy = parts.policy
    this.#desk = parts.desk
    this.#recorder = parts.recorder
    this.#clock = parts.clock
    this.#randomness = parts.randomness
  }

  newRequestId(): string {
    return uuidV7(this.#clock.now(), this.#randomness)
  }

  /**
   * Lets a request in, or refuses it before any data is loaded; a refusal is an entry too.
   * @param selectionKey identifies document, operation and included fields.
   * @throws Refusal
   */
  async admit(
    caller: Caller,
    selection: Selection,
    selectionKey: string,
    purposeDirective: string | null,
    args: Readonly<Record<string, unknown>>,
  ): Promise<Visit> {
    let visit: Visit | null = null
    try {
      const declared = { directive: purposeDirective, header: caller.purposeHeader }
      visit = this.#visit(
        caller,
        selection,
        selectionKey,
        settlePurpose(this.#policy, caller.principal, declared),
        args,
      )
      steps.beforeLoading(visit.plan)
      return visit
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      visit ??= this.#visit(caller, selection, selectionKey, null, args)
      await this.leave(visit, 'deny', error.code)
      throw error
    }
  }

  /** Makes the entry durable: only after this may the answer leave. @throws Refusal AUDIT_UNAVAILABLE */
  async leave(visit: Visit, outcome: AuditOutcome, code: RefusalCode | null): Promise<void> {
    const { scope, plan, args } = visit
    await steps.beforeAnswering(
      this.#recorder,
      { keys: this.#desk.ports.keys, audiences: this.#desk.audiences },
      { scope, plan, args, outcome, code },
    )
  }

  #visit(
    caller: Caller,
    selection: Selection,
    selectionKey: string,
    purpose: ReturnType<typeof settlePurpose>,
    args: Readonly<Record<string, unknown>>,
  ): Visit {
    const grant = grantOf(caller.principal, purpose)
    const key = `${selectionKey} ${grant.key} ${this.#policy.version}`
    let plan = this.#plans.get(key)
    if (!plan) {
      plan = compilePlan(selection, grant, this.#policy)
      this.#plans.set(key, plan)
    }
    const scope = new Scope(
      caller.requestId,
      caller.principal,
      plan.grant,
      plan.treatments,
      this.#clock.now(),
    )
    return { scope, plan, disclose: this.#desk.open(scope, plan), args }
  }
}
