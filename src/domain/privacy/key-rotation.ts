import type { Instant } from '../../kernel/time.ts'
import type { EpochRotation } from './pseudonym-epochs.ts'

/** A key that data keys of people are wrapped by. */
export interface WrappingState {
  readonly number: number
  /** Null: derived from the master key, as the first version did; it ends with that master key. */
  readonly since: Instant | null
  /** When its successor was made; null: it is the one that new data keys are wrapped by. */
  readonly retiredAt: Instant | null
  /** People whose data key it wraps now. */
  readonly people: number
}

export interface RewrapProgress {
  readonly done: number
  readonly total: number
}

/**
 * Changes of keys while gateways run.
 * An implementation MUST keep every data key readable at each moment of a rotation, also where it is killed, and MUST NOT
 * destroy a wrapping key that wraps anything.
 */
export interface KeyRotation {
  rotations(): readonly EpochRotation[]
  /** Tells whether two installations, or a backup and this one, have the same master key; 16 hex digits. */
  masterFingerprint(): string
  /**
   * Announces a new epoch of pseudonyms; durable when this resolves.
   * @throws Refusal CONFLICT while pseudonyms of one of these audiences are accepted in two epochs, or are about to be.
   */
  rotatePseudonyms(rotation: EpochRotation): Promise<void>
  /** Those that are there, the oldest first; the last one is current. */
  wrappingKeys(): Promise<readonly WrappingState[]>
  /**
   * From when this resolves on, new data keys are wrapped by another key.
   * @param after the number of the one that it follows; where somebody else was faster, nothing happens.
   */
  renewWrapping(after: number): Promise<void>
  /** Wraps everybody's data keys by the current key, some at a time; whoever stops in between may begin again. */
  rewrap(): AsyncIterable<RewrapProgress>
  /** Destroys keys that were retired before this instant and wrap nothing; their numbers. */
  destroyRetiredBefore(before: Instant): Promise<readonly number[]>
}
