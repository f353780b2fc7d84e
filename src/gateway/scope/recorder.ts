import type { AuditLeaf, AuditLog } from '../../domain/audit/audit-log.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import { leavesOf } from '../../domain/audit/leaf.ts'
import { type Randomness, uuidV7 } from '../../kernel/ids.ts'
import { Refusal, type RefusalCode } from '../../kernel/refusal.ts'
import { type Clock, isoInstant } from '../../kernel/time.ts'

/** What a door knows about an entry; the recorder adds version, id, time and policy version. */
export type AuditDraft = Omit<AuditEntry, 'v' | 'entryId' | 'time' | 'policy' | 'part'> & {
  readonly ruleIds?: readonly string[]
}

/** The actor of work that no caller asked for: schedules, start-up, the command line. */
export const OPERATOR: AuditEntry['actor'] = {
  clientId: 'operator',
  userPseudonym: null,
  roles: ['admin'],
  tokenJti: null,
  cnfJkt: null,
}

/** Writes entries to the trail. When `record` resolves, the entry is durable; before that, no byte may leave. */
export class Recorder {
  readonly #log: Pick<AuditLog, 'append'>
  readonly #clock: Clock
  readonly #randomness: Randomness
  readonly #policyVersion: string

  constructor(
    log: Pick<AuditLog, 'append'>,
    clock: Clock,
    randomness: Randomness,
    policyVersion: string,
  ) {
    this.#log = log
    this.#clock = clock
    this.#randomness = randomness
    this.#policyVersion = policyVersion
  }

  /**
   * @returns the id of the entry.
   * @throws Refusal AUDIT_UNAVAILABLE: whatever was about to be said must not be said.
   */
  async record(draft: AuditDraft): Promise<string> {
    const { entryId, lines } = this.linesOf(draft)
    try {
      await this.#log.append(lines)
    } catch (cause) {
      if (cause instanceof Refusal && cause.code === 'AUDIT_UNAVAILABLE') throw cause
      throw new Refusal(
        'AUDIT_UNAVAILABLE',
        'The audit trail can not be written; nothing was disclosed.',
        { cause },
      )
    }
    return entryId
  }

  /** The lines of an entry, for whoever appends them together with what they speak of. */
  linesOf(draft: AuditDraft): { readonly entryId: string; readonly lines: readonly AuditLeaf[] } {
    const { ruleIds = [], ...rest } = draft
    const entry: AuditEntry = {
      v: 1,
      entryId: this.#id(),
      time: isoInstant(this.#clock.now()),
      policy: { version: this.#policyVersion, ruleIds },
      ...rest,
    }
    return { entryId: entry.entryId, lines: leavesOf(entry, () => this.#id()) }
  }

  /** An entry about a change of rules, a fit, an import: an action in Bauta's own words and counts, no values of people. */
  async recordAction(
    action: NonNullable<AuditEntry['action']>,
    context: {
      actor?: AuditEntry['actor']
      requestId?: string
      purpose?: string
      audience?: string
      /** Set where it was asked for and refused. */
      refused?: RefusalCode
    } = {},
  ): Promise<string> {
    return await this.record({
      requestId: context.requestId ?? this.#id(),
      phase: 'admin',
      outcome: context.refused ? 'deny' : 'permit',
      ...(context.refused ? { code: context.refused } : {}),
      actor: context.actor ?? OPERATOR,
      audience: context.audience ?? 'bauta',
      operation: { documentId: null, name: null },
      purpose: context.purpose ?? null,
      purposeIri: null,
      legalBasis: null,
      sets: [],
      subjects: [],
      argsHmac: null,
      action,
    })
  }

  #id(): string {
    return uuidV7(this.#clock.now(), this.#randomness)
  }
}
