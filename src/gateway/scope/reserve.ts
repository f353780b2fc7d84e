import type { StorageSpace } from '../../domain/audit/storage-space.ts'
import { Refusal } from '../../kernel/refusal.ts'

/** `low`: warn, there is time to act. `reserved`: what is left is kept for what must always work. */
export type Room = 'ample' | 'low' | 'reserved'

/** What an operator is told when it changes. */
export function roomLine(room: Room): string {
  return {
    ample: 'Storage: there is room again.',
    low: 'Storage: running low. Before long only withdrawals, revocations and exports will be answered.',
    reserved:
      'Storage: only the reserve is left. Nothing but withdrawals, revocations and exports is answered.',
  }[room]
}

/** Warnings begin at so many times the reserve. */
const WARN_AT = 5

/**
 * Keeps the last of the disk for what must always work: withdrawing a consent, revoking a client, exporting the trail,
 * and the sign-ins that these need. Everything else is refused below it, because each of its answers would take from
 * what is left.
 */
export class Reserve {
  readonly #space: StorageSpace
  readonly #bytes: number
  readonly #onChange: (room: Room) => void
  #room: Room = 'ample'
  #free: number | null = null

  /** @param bytes size of the reserve. */
  constructor(space: StorageSpace, bytes: number, onChange: (room: Room) => void = () => {}) {
    this.#space = space
    this.#bytes = bytes
    this.#onChange = onChange
  }

  get room(): Room {
    return this.#room
  }

  /** In bytes, as of the last look; null: not known. */
  get free(): number | null {
    return this.#free
  }

  /** What is free now. Where that can't be found out, what was known holds on. */
  async look(): Promise<void> {
    const free = await this.#space.free()
    const room = this.#roomAt(free)
    this.#free = free
    if (room === this.#room) return
    this.#room = room
    this.#onChange(room)
  }

  /** @throws Refusal AUDIT_UNAVAILABLE where only the reserve is left. */
  assertRoom(): void {
    if (this.#room === 'reserved')
      throw new Refusal(
        'AUDIT_UNAVAILABLE',
        'Storage is running out: the rest is kept for withdrawals, revocations and exports.',
      )
  }

  #roomAt(free: number | null): Room {
    if (free === null || free >= this.#bytes * WARN_AT) return 'ample'
    return free >= this.#bytes ? 'low' : 'reserved'
  }
}
