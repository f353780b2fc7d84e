import type { ClientStore } from '../../domain/access/principal.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { Refusal, type RefusalCode } from '../../kernel/refusal.ts'
import { type Clock, isoInstant } from '../../kernel/time.ts'
import type { Recorder } from './recorder.ts'
import type { SecurityCounters } from './security-counters.ts'

const DENIAL = 'denial'

/** Refusals that say: you may not. The others say: I did not understand, or I can not. */
const DENIALS: ReadonlySet<RefusalCode> = new Set([
  'FORBIDDEN',
  'PURPOSE_REQUIRED',
  'PURPOSE_CONFLICT',
  'DOCUMENT_REQUIRED',
  'DOCUMENT_NOT_FOUND',
  'QUERY_TOO_COSTLY',
  'BUDGET_EXHAUSTED',
  'PRIVACY_BUDGET_EXHAUSTED',
])

export function isDenial(code: RefusalCode): boolean {
  return DENIALS.has(code)
}

export interface Denied {
  readonly actor: AuditEntry['actor']
  readonly audience: string
  readonly requestId: string
}

/**
 * Each denial is an entry, so a client that collects them could fill the trail: it has so many a day. One entry says
 * that they are used up; further ones are counted. What the client may do it still may.
 */
export class Denials {
  readonly #parts: {
    readonly clients: ClientStore
    readonly recorder: Recorder
    readonly counters: SecurityCounters
    readonly clock: Clock
    readonly perDay: number
  }
  /** Client -> the UTC day on which its denials were used up, so that further ones cost the database nothing. */
  readonly #usedUp = new Map<string, string>()

  constructor(parts: {
    clients: ClientStore
    recorder: Recorder
    counters: SecurityCounters
    clock: Clock
    /** Denials of one client in a UTC day that are entries of their own. */
    perDay: number
  }) {
    this.#parts = parts
  }

  /**
   * For answers that would tell somebody something by not being a refusal: where none is left, everybody is refused.
   * @throws Refusal RATE_LIMITED
   */
  async assertLeft(by: Denied): Promise<void> {
    const { clients, clock, perDay } = this.#parts
    const { clientId } = by.actor
    const day = isoInstant(clock.now()).slice(0, 10)
    if (
      this.#usedUp.get(clientId) === day ||
      (await clients.usesOf(clientId, DENIAL, day)) >= perDay
    )
      await this.spend(by)
  }

  /** Takes one of the client's denials; returns where it is to be recorded. @throws Refusal RATE_LIMITED where none is left. */
  async spend({ actor, audience, requestId }: Denied): Promise<void> {
    const { clients, recorder, counters, clock, perDay } = this.#parts
    const { clientId } = actor
    const day = isoInstant(clock.now()).slice(0, 10)
    if (this.#usedUp.get(clientId) !== day) {
      const used = await clients.countUse(clientId, DENIAL, day)
      if (used <= perDay) return
      this.#usedUp.set(clientId, day)
      if (used === perDay + 1)
        await recorder.recordAction(
          { action: 'denials.use-up', perDay },
          { actor, audience, requestId },
        )
    }
    counters.note('denied-beyond-budget', { requestId, clientId })
    throw new Refusal(
      'RATE_LIMITED',
      'This client was refused too often today; it is until midnight UTC.',
    )
  }
}
