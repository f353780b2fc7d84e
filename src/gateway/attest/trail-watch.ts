import { TrailGapError } from '../../domain/audit/audit-tree.ts'
import {
  type CheckpointSigner,
  InconsistentTreeError,
} from '../../domain/audit/checkpoint-signer.ts'
import type { TrailAlarm, TrailDoubt } from '../scope/trail-alarm.ts'
import type { Sequencer } from './sequencer.ts'

/** Keeps the trail signed, and raises the alarm where it can not be. */
export class TrailWatch {
  readonly #sequencer: Sequencer
  readonly #signer: CheckpointSigner
  readonly #alarm: TrailAlarm
  readonly #onFailure: (error: unknown) => void
  #signed = -1
  #failing = false

  /** @param onFailure told of the first of several failures in a row that leave open whether the trail is right. */
  constructor(
    sequencer: Sequencer,
    signer: CheckpointSigner,
    alarm: TrailAlarm,
    onFailure: (error: unknown) => void,
  ) {
    this.#sequencer = sequencer
    this.#signer = signer
    this.#alarm = alarm
    this.#onFailure = onFailure
  }

  /** Entries that are known to be signed for. */
  get signed(): number {
    return Math.max(0, this.#signed)
  }

  /** At a start, before anything is appended. @throws whatever else than the trail itself is wrong. */
  async begin(): Promise<void> {
    try {
      this.#signed = (await this.#sequencer.check()).size
    } catch (error) {
      const doubt = doubtOf(error)
      if (doubt === null) throw error
      this.#alarm.raise(doubt)
    }
  }

  /** Signs what is new. Again and again, at least every second; never rejects. */
  async look(): Promise<void> {
    try {
      const signed = (await this.#sequencer.advance()) ?? (await this.#byAnother())
      if (signed !== null) {
        this.#signed = signed.size
        this.#alarm.vouch()
      }
      this.#failing = false
    } catch (error) {
      const doubt = doubtOf(error)
      if (doubt !== null) this.#alarm.raise(doubt)
      else if (!this.#failing) this.#onFailure(error)
      this.#failing = doubt === null
    }
    this.#alarm.tell()
  }

  /** What another gateway, which is at it, has signed since this one looked last. */
  async #byAnother() {
    const last = await this.#signer.last()
    return last.size > this.#signed ? last : null
  }
}

function doubtOf(error: unknown): TrailDoubt | null {
  if (error instanceof InconsistentTreeError) return error.inconsistency
  return error instanceof TrailGapError ? 'gap' : null
}
