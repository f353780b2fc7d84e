import { Refusal } from '../../kernel/refusal.ts'
import { type Instant, isoInstant } from '../../kernel/time.ts'

/** A change of epoch. It is announced before it holds, so that all gateways switch at one instant. */
export interface EpochRotation {
  /** Null: of every audience. */
  readonly audience: string | null
  /** From here on pseudonyms are made in the next epoch. */
  readonly at: Instant
  /** Until here those of the epoch before are accepted. */
  readonly until: Instant
}

/** In which epochs an audience's pseudonyms are made and accepted at one instant. */
export interface Epochs {
  readonly current: number
  /** When the current one began; null: with the installation. */
  readonly since: Instant | null
  /** Null: only pseudonyms of the current one are accepted. */
  readonly previous: { readonly epoch: number; readonly until: Instant } | null
}

/**
 * Two epochs of an audience are accepted at most, so the next rotation waits for the end of the overlap.
 * @param audience null: every one.
 * @throws Refusal CONFLICT
 */
export function refuseOverlap(
  rotations: readonly EpochRotation[],
  audience: string | null,
  now: Instant,
): void {
  const running = rotations.find((one) => now < one.until && concerns(one, audience))
  if (running)
    throw new Refusal(
      'CONFLICT',
      `Pseudonyms of ${running.audience ?? 'every audience'} are in an overlap until ${isoInstant(running.until)}; rotate again after that.`,
    )
}

function concerns({ audience }: EpochRotation, other: string | null): boolean {
  return audience === null || other === null || audience === other
}

/** The number of an epoch is one more than the rotations that concerned the audience until then. */
export function epochsAt(
  rotations: readonly EpochRotation[],
  audience: string,
  now: Instant,
): Epochs {
  let current = 1
  let last: EpochRotation | null = null
  for (const rotation of rotations) {
    if (!concerns(rotation, audience) || rotation.at > now) continue
    current += 1
    last = rotation
  }
  const isAccepted = last !== null && now < last.until
  return {
    current,
    since: last?.at ?? null,
    previous: isAccepted ? { epoch: current - 1, until: last?.until ?? now } : null,
  }
}
