import type { ClientStore } from '../../domain/access/principal.ts'
import { DAY_KEYS_KEPT, type DayKeys } from '../../domain/audit/day-keys.ts'
import type {
  KeyRotation,
  RewrapProgress,
  WrappingState,
} from '../../domain/privacy/key-rotation.ts'
import { type Epochs, epochsAt, refuseOverlap } from '../../domain/privacy/pseudonym-epochs.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Clock, DAY, type Instant, isoInstant, SECOND } from '../../kernel/time.ts'
import type { Recorder } from '../scope/recorder.ts'

/** Gateways look for announcements every second; none may make pseudonyms of the old epoch after another makes new ones. */
const AHEAD = 5 * SECOND

export interface KeysStatus {
  readonly now: Instant
  readonly master: {
    /** Tells master keys apart, and nothing else of them. */
    readonly fingerprint: string
    /** The setting that it comes from. */
    readonly source: string
  }
  readonly audiences: readonly (Epochs & { readonly audience: string })[]
  /** Announced, and not in force yet. */
  readonly announced: readonly { readonly audience: string | null; readonly at: Instant }[]
  readonly wrapping: readonly (WrappingState & {
    /** When the current one is followed by another. */
    readonly followedFrom: Instant | null
    /** When a retired one may be destroyed. */
    readonly destroyedFrom: Instant | null
  })[]
  readonly days: readonly {
    /** In UTC: `2026-01-31`. */
    readonly day: string
    readonly since: Instant
    readonly destroyedFrom: Instant
  }[]
}

export interface KeyRotationsParts {
  readonly keys: KeyRotation
  readonly dayKeys: Pick<DayKeys, 'days'>
  readonly masterSource: string
  readonly clients: Pick<ClientStore, 'list'>
  readonly recorder: Pick<Recorder, 'recordAction'>
  readonly clock: Clock
  /** How long pseudonyms of the epoch before are accepted. */
  readonly overlapDays: number
  /** How long copies of wrapping keys are kept. */
  readonly backupDays: number
}

/** New keys for old ones, while gateways run. Each change is an entry of the trail before it holds. */
export class KeyRotations {
  readonly #parts: KeyRotationsParts

  constructor(parts: KeyRotationsParts) {
    this.#parts = parts
  }

  /**
   * From an instant a few seconds ahead, pseudonyms are made in a new epoch; those of the one before are accepted for as
   * many days as the overlap has.
   * @param audience null: every audience.
   * @throws Refusal NOT_FOUND where no client has this audience, CONFLICT while an earlier overlap lasts.
   */
  async rotatePseudonyms(audience: string | null): Promise<{ at: Instant; until: Instant }> {
    const { keys, clients, recorder, clock, overlapDays } = this.#parts
    const known = await clients.list()
    if (audience !== null && !known.some((client) => client.audience === audience))
      throw new Refusal('NOT_FOUND', `No client has the audience "${audience}".`)
    refuseOverlap(keys.rotations(), audience, clock.now())
    const at = clock.now() + AHEAD
    const until = at + overlapDays * DAY
    const times = { at: isoInstant(at), until: isoInstant(until) }
    await recorder.recordAction({ action: 'keys.rotate', keys: 'pseudonyms', audience, ...times })
    await keys.rotatePseudonyms({ audience, at, until })
    return { at, until }
  }

  /** A new wrapping key for everybody's data keys, old and new ones. Interrupted, it is finished by `keepUp`. */
  async *rotateWrapping(): AsyncGenerator<RewrapProgress> {
    const { keys, recorder } = this.#parts
    const number = (await keys.wrappingKeys()).at(-1)?.number ?? 0
    await recorder.recordAction({ action: 'keys.rotate', keys: 'wrapping', number: number + 1 })
    await keys.renewWrapping(number)
    yield* keys.rewrap()
  }

  /**
   * What the clock asks for: retired wrapping keys are destroyed once no copy of the key folder from their time should
   * exist any more, what an interrupted rotation has left is wrapped anew, and a key that is old is followed by another.
   * @returns how many keys were destroyed.
   */
  async keepUp(): Promise<number> {
    const { keys, clock, backupDays } = this.#parts
    for await (const _ of keys.rewrap());
    const before = clock.now() - backupDays * DAY
    const destroyed = await this.#destroy(before)
    const current = (await keys.wrappingKeys()).at(-1)
    if (current && (current.since === null || current.since < before))
      for await (const _ of this.rotateWrapping());
    return destroyed
  }

  async status(): Promise<KeysStatus> {
    const { keys, dayKeys, masterSource, clients, clock } = this.#parts
    const now = clock.now()
    const rotations = keys.rotations()
    const audiences = [...new Set((await clients.list()).map(({ audience }) => audience))].sort()
    return {
      now,
      master: { fingerprint: keys.masterFingerprint(), source: masterSource },
      audiences: audiences.map((audience) => ({
        audience,
        ...epochsAt(rotations, audience, now),
      })),
      announced: rotations
        .filter(({ at }) => at > now)
        .map(({ audience, at }) => ({ audience, at })),
      wrapping: (await keys.wrappingKeys()).map((one) => ({ ...one, ...this.#endOf(one) })),
      days: (await dayKeys.days()).map((day) => {
        const since = Date.parse(`${day}T00:00:00Z`)
        return { day, since, destroyedFrom: since + (1 + DAY_KEYS_KEPT) * DAY }
      }),
    }
  }

  #endOf({ since, retiredAt }: WrappingState) {
    const period = this.#parts.backupDays * DAY
    return {
      followedFrom: retiredAt === null && since !== null ? since + period : null,
      destroyedFrom: retiredAt === null ? null : retiredAt + period,
    }
  }

  async #destroy(before: Instant): Promise<number> {
    const { keys, recorder } = this.#parts
    const doomed = (await keys.wrappingKeys()).filter(
      ({ since, retiredAt, people }) =>
        since !== null && people === 0 && retiredAt !== null && retiredAt < before,
    )
    if (doomed.length === 0) return 0
    const numbers = doomed.map(({ number }) => number).join(' ')
    await recorder.recordAction({ action: 'keys.destroy', keys: 'wrapping', numbers })
    return (await keys.destroyRetiredBefore(before)).length
  }
}
