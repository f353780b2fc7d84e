import type { Principal } from '../../domain/access/principal.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { actorOf } from '../scope/actor.ts'
import type { Audiences } from '../scope/audiences.ts'
import type { Denials } from '../scope/denials.ts'
import { settlePurpose } from '../scope/purpose.ts'
import { OPERATOR, type Recorder } from '../scope/recorder.ts'
import type { Exporter } from './trail-export.ts'

const PURPOSE = 'COMPLIANCE'

/** Who may take the trail out of the house. */
export class ExportDoor {
  readonly #parts: {
    readonly policy: Policy
    readonly audiences: Audiences
    readonly denials: Denials
    readonly recorder: Recorder
  }

  constructor(parts: {
    policy: Policy
    audiences: Audiences
    denials: Denials
    recorder: Recorder
  }) {
    this.#parts = parts
  }

  /**
   * @param purposeHeader value of the header Bauta-Purpose.
   * @throws Refusal FORBIDDEN without the scope audit:export, PURPOSE_REQUIRED; either is an entry.
   */
  async admit(
    principal: Principal,
    purposeHeader: string | null,
    requestId: string,
  ): Promise<Exporter> {
    const { policy, audiences, denials, recorder } = this.#parts
    const by = {
      actor: actorOf(principal, audiences),
      audience: principal.client.audience,
      requestId,
    }
    try {
      if (!principal.scopes.has('audit:export'))
        throw new Refusal('FORBIDDEN', 'This token lacks the scope audit:export.', {
          scope: 'audit:export',
        })
      const purpose = settlePurpose(policy, principal, { directive: null, header: purposeHeader })
      if (purpose === null)
        throw new Refusal('PURPOSE_REQUIRED', 'Name a purpose in the header Bauta-Purpose.')
      return { ...by, purpose }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      await denials.spend(by)
      await recorder.recordAction({ action: 'audit.export' }, { ...by, refused: error.code })
      throw error
    }
  }

  /** Whoever runs commands on the gateway's own machine. */
  operator(requestId: string): Exporter {
    const purpose = this.#parts.policy.purposes.get(PURPOSE) ?? null
    return { actor: OPERATOR, audience: 'bauta', requestId, purpose }
  }
}
