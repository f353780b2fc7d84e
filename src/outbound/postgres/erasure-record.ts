import type { ErasureRecord, ErasureState } from '../../domain/profiles/erasure-store.ts'

/** What `erasureOf` reads. */
export const ERASURE_COLUMNS =
  'id, state, subjects, refs, look_ups, removed, begun_at, stopped_at, refitted_at, rewritten_at, gone_at'

export interface ErasureRowShape {
  readonly id: string
  readonly state: ErasureState
  readonly subjects: string[]
  readonly refs: string[]
  readonly look_ups: Buffer[]
  readonly removed: Record<string, number>
  readonly begun_at: Date
  readonly stopped_at: Date | null
  readonly refitted_at: Date | null
  readonly rewritten_at: Date | null
  readonly gone_at: Date | null
}

export function erasureOf(row: ErasureRowShape): ErasureRecord {
  const { id, state, subjects, refs, removed } = row
  return {
    id,
    state,
    subjects,
    refs,
    lookUps: row.look_ups,
    removed,
    begunAt: row.begun_at.getTime(),
    stoppedAt: row.stopped_at?.getTime() ?? null,
    refittedAt: row.refitted_at?.getTime() ?? null,
    rewrittenAt: row.rewritten_at?.getTime() ?? null,
    goneAt: row.gone_at?.getTime() ?? null,
  }
}
