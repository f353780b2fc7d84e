import type { AuditEntry } from './entry.ts'

/** Name of the action under which an entry says that others were discarded. */
export const DISCARDED = 'audit.discarded'

/** What one entry says about others whose bytes were discarded after it was durable; their hashes stay in the tree. */
export interface Discarded {
  /** Class of the table `retention.csv`. */
  readonly class: string
  /** Numbers of the entries, ascending. */
  readonly indices: readonly number[]
}

/**
 * The action of that entry. The numbers stand in it, as runs such as `0-17 19 40-41`, so that a verifier who meets a
 * hash without bytes can tell whether it was announced.
 */
export function discardedAction({ class: of, indices }: Discarded) {
  return {
    action: DISCARDED,
    class: of,
    count: indices.length,
    indices: runsOf(indices),
  }
}

/** What an entry announces as discarded; null for every other entry and for one that can not be read. */
export function discardedIn(entry: Pick<AuditEntry, 'action'>): Discarded | null {
  const { action, class: of, count, indices: runs } = entry.action ?? {}
  if (action !== DISCARDED || typeof of !== 'string' || typeof runs !== 'string') return null
  const indices = indicesOf(runs)
  return indices && indices.length === count ? { class: of, indices } : null
}

function runsOf(indices: readonly number[]): string {
  const runs: [number, number][] = []
  for (const index of indices) {
    const run = runs.at(-1)
    if (run && index === run[1] + 1) run[1] = index
    else runs.push([index, index])
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(' ')
}

/** The most numbers that one entry may announce: a hostile one must not fill a verifier's memory. */
export const MOST_DISCARDED = 65_536

function indicesOf(runs: string): number[] | null {
  const indices: number[] = []
  for (const run of runs.split(' ')) {
    const [, first, last] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(run) ?? []
    if (first === undefined) return null
    const [from, to] = [Number(first), Number(last ?? first)]
    if (from <= (indices.at(-1) ?? -1) || to < from) return null
    if (indices.length + to - from >= MOST_DISCARDED) return null
    for (let index = from; index <= to; index++) indices.push(index)
  }
  return indices
}
