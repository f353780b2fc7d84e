import type { Inconsistency } from '../../domain/audit/checkpoint-signer.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, type Instant, MINUTE } from '../../kernel/time.ts'

/**
 * Why the trail is not to be trusted now. `shrunk` and `diverged`: it is not what was signed. `gap`: an entry is missing.
 * `unsigned`: it could not be signed for too long.
 */
export type TrailDoubt = Inconsistency | 'gap' | 'unsigned'

/** A database that restarts is back within it, and entries of a minute can still be looked through one by one. */
const LONGEST_UNSIGNED = MINUTE

/**
 * Raised while the trail is in doubt. Whoever would add to it asks first: what is added then may have no place in it. It
 * also goes off by itself where nobody vouches for the trail any more, whatever keeps them from it.
 */
export class TrailAlarm {
  readonly #clock: Clock
  readonly #onChange: (doubt: TrailDoubt | null) => void
  #raised: TrailDoubt | null = null
  /** Null: nobody is expected to vouch. */
  #vouchedAt: Instant | null = null
  #told: TrailDoubt | null = null

  /** @param onChange told once when it goes off, when the reason changes and when it is over. */
  constructor(clock: Clock, onChange: (doubt: TrailDoubt | null) => void) {
    this.#clock = clock
    this.#onChange = onChange
  }

  get doubt(): TrailDoubt | null {
    const silent =
      this.#vouchedAt !== null && this.#clock.now() - this.#vouchedAt > LONGEST_UNSIGNED
    return this.#raised ?? (silent ? 'unsigned' : null)
  }

  /** From now on somebody vouches at least every minute, or the alarm goes off by itself. */
  expectVouching(): void {
    this.#vouchedAt = this.#clock.now()
  }

  /** Everything appended so far has been signed. */
  vouch(): void {
    this.#raised = null
    if (this.#vouchedAt !== null) this.#vouchedAt = this.#clock.now()
    this.tell()
  }

  raise(doubt: TrailDoubt): void {
    this.#raised = doubt
    this.tell()
  }

  /** Tells of a change that nobody has been told of yet. */
  tell(): void {
    const { doubt } = this
    if (doubt === this.#told) return
    this.#told = doubt
    this.#onChange(doubt)
  }

  /** @throws Refusal AUDIT_UNAVAILABLE while it is raised. */
  refuseIfRaised(): void {
    if (this.doubt !== null)
      throw new Refusal(
        'AUDIT_UNAVAILABLE',
        'The audit trail is in doubt; nothing is disclosed until an operator has settled that.',
      )
  }
}
