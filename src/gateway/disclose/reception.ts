import { LRUCache } from 'lru-cache'
import { grantOf } from '../../domain/access/grant.ts'
import type { Principal } from '../../domain/access/principal.ts'
import type { AuditOutcome } from '../../domain/audit/entry.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { type Randomness, type SubjectId, uuidV7 } from '../../kernel/ids.ts'
import { limits } from '../../kernel/limits.ts'
import { Refusal, type RefusalCode } from '../../kernel/refusal.ts'
import type { Clock, Instant, Monotonic } from '../../kernel/time.ts'
import { actorOf } from '../scope/actor.ts'
import type { GivenArgument } from '../scope/argument-hashes.ts'
import type { Allowance } from '../scope/budgets.ts'
import type { Denials, Denied } from '../scope/denials.ts'
import { settlePurpose } from '../scope/purpose.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Reserve } from '../scope/reserve.ts'
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
  /** To which the registered document is bound that is sent; absent or null: none is. */
  readonly boundPurpose?: string | null
  /** The request carries `Sec-GPC: 1`. */
  readonly gpc?: boolean
  readonly requestId: string
  /** What its cost is taken from; absent: an operator's own, which nothing is taken from. */
  readonly allowance?: Allowance
}

/** A request that was let in: its hall, its plan and its doors. */
export interface Visit {
  readonly scope: Scope
  readonly plan: Plan
  readonly disclose: Disclose
  readonly args: readonly GivenArgument[]
  /** When it was let in, in monotonic time. */
  readonly began: number
}

/** Puts Global Privacy Control on record for these people; of how many it was not before. */
export interface HonouringGpc {
  honour(subjects: readonly SubjectId[], entity: string, now: Instant): Promise<number>
}

/** Compiled plans that are kept; one is a few kilobytes and the decisions of the consent states it has met. */
const PLANS = 500

/**
 * An answer about somebody of whom nothing may be told comes no sooner, so that the clock does not tell whether there is
 * anybody: several times what finding that out takes, in milliseconds.
 */
const MISSED_AFTER = 10

/** What a person may always do, also when only the reserve of the disk is left. */
const TAKES_BACK: ReadonlySet<string> = new Set([
  'withdrawConsent',
  'eraseProfile',
  'restrictProcessing',
  'object',
])

function takesBack({ operation, rootFields }: Selection): boolean {
  return operation === 'mutation' && rootFields.every((field) => TAKES_BACK.has(field))
}

/** Where every request begins and ends: purpose, grant and plan are settled at its start, the entry at its end. */
export class Reception {
  readonly #policy: Policy
  readonly #desk: DiscloseDesk
  readonly #recorder: Recorder
  readonly #clock: Clock
  readonly #randomness: Randomness
  readonly #denials: Denials
  readonly #reserve: Reserve
  readonly #gpc: HonouringGpc
  readonly #monotonic: Monotonic
  readonly #plans = new LRUCache<string, Plan>({ max: PLANS })

  constructor(parts: {
    policy: Policy
    desk: DiscloseDesk
    recorder: Recorder
    clock: Clock
    randomness: Randomness
    denials: Denials
    reserve: Reserve
    gpc: HonouringGpc
    monotonic: Monotonic
  }) {
    this.#policy = parts.policy
    this.#desk = parts.desk
    this.#recorder = parts.recorder
    this.#clock = parts.clock
    this.#randomness = parts.randomness
    this.#denials = parts.denials
    this.#reserve = parts.reserve
    this.#gpc = parts.gpc
    this.#monotonic = parts.monotonic
  }

  newRequestId(): string {
    return uuidV7(this.#clock.now(), this.#randomness)
  }

  /**
   * Lets a request in, or refuses it before any data is loaded; a refusal is an entry too, but for RATE_LIMITED.
   * @param selectionKey identifies document, operation and included fields.
   * @param cost estimated units of the operation with these arguments.
   * @throws Refusal
   */
  async admit(
    caller: Caller,
    selection: Selection,
    selectionKey: string,
    purposeDirective: string | null,
    args: readonly GivenArgument[],
    cost: number,
  ): Promise<Visit> {
    if (!takesBack(selection)) this.#reserve.assertRoom()
    const most = Math.min(limits.queryCost, caller.allowance?.costPerMinute ?? limits.queryCost)
    // Counted where it is refused, and no entry: whoever asks too often would fill the trail with that.
    if (cost <= most) await caller.allowance?.spendCost(cost)
    let visit: Visit | null = null
    try {
      const directive = purposeDirective ?? caller.boundPurpose ?? null
      const declared = { directive, header: caller.purposeHeader }
      visit = this.#visit(
        caller,
        selection,
        selectionKey,
        settlePurpose(this.#policy, caller.principal, declared),
        args,
      )
      steps.beforeLoading(visit.plan, cost, most)
      if (caller.gpc === true) await this.#honour(visit.scope)
      return visit
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      visit ??= this.#visit(caller, selection, selectionKey, null, args)
      await this.leave(visit, 'deny', error.code)
      throw error
    }
  }

  /**
   * Makes the entry durable: only after this may the answer leave. A denial costs the client one of the day's.
   * @throws Refusal AUDIT_UNAVAILABLE; RATE_LIMITED for a denial where none is left: then there is no entry.
   */
  async leave(visit: Visit, outcome: AuditOutcome, code: RefusalCode | null): Promise<void> {
    const { scope, plan, args } = visit
    if (outcome === 'deny') await this.#denials.spend(this.#denied(scope))
    await steps.beforeAnswering(
      this.#recorder,
      { ...this.#desk.ports, audiences: this.#desk.audiences },
      { scope, plan, args, outcome, code },
    )
    if (scope.missed) await this.#monotonic.waitUntil(visit.began + MISSED_AFTER)
  }

  /** Whom the request acts for has opted out before anything is read: this answer is decided by it too. */
  async #honour(scope: Scope): Promise<void> {
    const { subject, device, client } = scope.principal
    if (!scope.grant.actsForSubject || subject === null) return
    const subjects = device === undefined ? [subject] : [subject, device]
    const added = await this.#gpc.honour(subjects, client.id, scope.now)
    if (added > 0) scope.noteAction({ optOutBySignal: 'gpc' })
    scope.honoured.push('gpc')
  }

  #denied({ principal, grant, requestId }: Scope): Denied {
    return {
      actor: actorOf(principal, this.#desk.audiences),
      audience: grant.audience,
      requestId,
    }
  }

  #visit(
    caller: Caller,
    selection: Selection,
    selectionKey: string,
    purpose: ReturnType<typeof settlePurpose>,
    args: readonly GivenArgument[],
  ): Visit {
    const began = this.#monotonic.now()
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
    return { scope, plan, disclose: this.#desk.open(scope, plan), args, began }
  }
}
