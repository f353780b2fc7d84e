import type { AuditLeaves } from '../../domain/audit/audit-leaves.ts'
import type { AuditLog } from '../../domain/audit/audit-log.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { Randomness } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Recorder } from '../scope/recorder.ts'
import type { Difference, Replay, Unsettled } from './replay.ts'

/** What came of replaying part of the trail. */
export interface TrailReplay {
  readonly entries: number
  /** Entries that tell of no decision about a person, or whose bytes were discarded when they were old. */
  readonly withoutDecision: number
  readonly agreeing: number
  readonly unsettled: Readonly<Partial<Record<Unsettled, number>>>
  /** The first one, and how many entries differ. */
  readonly difference: (Difference & { readonly index: number }) | null
  readonly differing: number
}

const PAGE = 200

/** Replays entries by number, or some drawn at random; that it was done is an entry itself. */
export class ReplayedTrail {
  readonly #parts: {
    readonly replay: Replay
    readonly log: Pick<AuditLog, 'size'>
    readonly leaves: Pick<AuditLeaves, 'at'>
    readonly recorder: Pick<Recorder, 'recordAction'>
    readonly randomness: Randomness
  }

  constructor(parts: {
    readonly replay: Replay
    readonly log: Pick<AuditLog, 'size'>
    readonly leaves: Pick<AuditLeaves, 'at'>
    readonly recorder: Pick<Recorder, 'recordAction'>
    readonly randomness: Randomness
  }) {
    this.#parts = parts
  }

  /** @throws Refusal NOT_FOUND where there is no such entry. */
  async entry(index: number): Promise<TrailReplay> {
    const size = await this.#parts.log.size()
    if (index >= size)
      throw new Refusal('NOT_FOUND', `There is no entry ${index}; the trail has ${size}.`)
    return await this.#replay([index])
  }

  /** @param count how many; all where the trail has no more. */
  async sample(count: number): Promise<TrailReplay> {
    const size = await this.#parts.log.size()
    if (count >= size) return await this.#replay(Array.from({ length: size }, (_, index) => index))
    const drawn = new Set<number>()
    while (drawn.size < count) drawn.add(this.#draw(size))
    return await this.#replay([...drawn].sort((a, b) => a - b))
  }

  /** Of 2^48 numbers, so that the remainder favours nobody noticeably. */
  #draw(size: number): number {
    return Buffer.from(this.#parts.randomness.bytes(6)).readUIntBE(0, 6) % size
  }

  async #replay(indices: readonly number[]): Promise<TrailReplay> {
    const unsettled: Partial<Record<Unsettled, number>> = {}
    let [withoutDecision, agreeing, differing] = [0, 0, 0]
    let difference: TrailReplay['difference'] = null
    for (let start = 0; start < indices.length; start += PAGE)
      for (const { index, bytes } of await this.#parts.leaves.at(
        indices.slice(start, start + PAGE),
      )) {
        const entry = bytes && (JSON.parse(Buffer.from(bytes).toString('utf8')) as AuditEntry)
        if (!entry || entry.subjects.length === 0) {
          withoutDecision += 1
          continue
        }
        const replayed = await this.#parts.replay.of(entry)
        agreeing += replayed.agreeing
        for (const [cause, people] of Object.entries(replayed.unsettled) as [Unsettled, number][])
          unsettled[cause] = (unsettled[cause] ?? 0) + people
        if (replayed.difference === null) continue
        differing += 1
        difference ??= { index, ...replayed.difference }
      }
    const entries = indices.length
    await this.#parts.recorder.recordAction({ action: 'audit.replay', entries, differing })
    return { entries, withoutDecision, agreeing, unsettled, difference, differing }
  }
}
