import type { Finding } from './export-finding.ts'
import { exportFiles } from './export-folder.ts'
import { HashWindow } from './hash-window.ts'
import { extendRuns, type NumberRun } from './number-runs.ts'

/** How far ahead is looked for the place where both agree again, and how many differences are told one by one. */
const MOST_APART = 262_144
/** Most differences are of a few lines; the look ahead grows only where that is not enough. */
const FIRST_LOOK = 64
const LOOK_FACTOR = 16

/** One place where lines and hashes part: hashes without a line, and lines without a hash. */
interface Parting {
  /** Numbers of entries whose hash no line has, counted within the range. */
  missing: { readonly hash: string; readonly entry: number }[]
  /** Lines whose hash is none of those expected here. */
  extra: { readonly hash: string; readonly line: number }[]
}

/**
 * Compares what the lines hash to with the hashes that lead to the checkpoint, and names each difference. Memory stays
 * constant: both are read side by side, with a look ahead to find where they agree again.
 * @param lines hashes of the lines, in pieces of any number of them.
 * @param expected gives the hashes that the lines ought to have, anew for each call.
 * @param first number of the first entry.
 */
export async function locateFaults(
  lines: AsyncIterable<Uint8Array>,
  expected: () => AsyncIterable<Uint8Array>,
  first: number,
): Promise<readonly Finding[]> {
  const { partings, total, lostAt } = await comparedSideBySide(lines, expected())
  const moved = takeMoved(partings)
  const repeated = await takeRepeated(partings, expected)
  const named = partings.flatMap((parting) => namedIn(parting, total))
  const lost = lostAt === null ? [] : [lostFrom(lostAt)]
  return [...moved, ...repeated, ...named, ...lost]
    .map(({ entry, lastEntry, ...fault }) => ({
      file: exportFiles.entries,
      ...fault,
      ...(entry !== undefined && { entry: first + entry }),
      ...(lastEntry !== undefined && { lastEntry: first + lastEntry }),
    }))
    .sort((one, other) => placeOf(one) - placeOf(other))
}

type Fault = Omit<Finding, 'file'>

function placeOf({ line, entry }: Fault): number {
  return line ?? entry ?? 0
}

function lostFrom(line: number): Fault {
  const message = `From line ${line} on too much differs to say what; the lines behind it were not compared one by one.`
  return { kind: 'root-mismatch', line, message }
}

async function comparedSideBySide(
  lines: AsyncIterable<Uint8Array>,
  expected: AsyncIterable<Uint8Array>,
): Promise<{ partings: Parting[]; total: number; lostAt: number | null }> {
  const there = new HashWindow(lines)
  const wanted = new HashWindow(expected)
  const partings: Parting[] = []
  let apart = 0
  for (;;) {
    await skipAgreed(there, wanted)
    const line = there.position
    const entry = wanted.position
    if (there.length === 0 && wanted.length === 0) return { partings, total: entry, lostAt: null }
    const next = apart > MOST_APART ? null : await meetingPoint(there, wanted)
    if (next === null) return { partings, total: Number.POSITIVE_INFINITY, lostAt: line + 1 }
    apart += next.there + next.wanted
    partings.push({
      extra: there.take(next.there).map((hash, at) => ({ hash, line: line + at + 1 })),
      missing: wanted.take(next.wanted).map((hash, at) => ({ hash, entry: entry + at })),
    })
  }
}

async function skipAgreed(there: HashWindow, wanted: HashWindow): Promise<void> {
  for (let agreed = 1; agreed > 0; ) {
    await Promise.all([there.fill(FIRST_LOOK), wanted.fill(FIRST_LOOK)])
    agreed = there.agreesWith(wanted)
    there.skip(agreed)
    wanted.skip(agreed)
  }
}

interface MeetingPoint {
  readonly there: number
  readonly wanted: number
}

/** How far each has to go until both agree again, or to the end of both; null where that is too far. */
async function meetingPoint(there: HashWindow, wanted: HashWindow): Promise<MeetingPoint | null> {
  for (let reach = FIRST_LOOK; reach <= MOST_APART; reach *= LOOK_FACTOR) {
    await Promise.all([there.fill(reach), wanted.fill(reach)])
    const found = nearestMeeting(there, wanted)
    if (found) return found
    if (there.length < reach && wanted.length < reach)
      return { there: there.length, wanted: wanted.length }
  }
  return null
}

/** The nearest place; of two that are as near, the one from which on they agree for longer. */
function nearestMeeting(there: HashWindow, wanted: HashWindow): MeetingPoint | null {
  const places = new Map<string, number>()
  for (let at = wanted.length - 1; at >= 0; at--) places.set(wanted.hash(at), at)
  let best: MeetingPoint | null = null
  let steps = Number.POSITIVE_INFINITY
  let agreed = 0
  for (let at = 0; at < there.length && at <= steps; at++) {
    const place = places.get(there.hash(at))
    if (place === undefined || at + place > steps) continue
    const run = there.agreesWith(wanted, at, place)
    if (at + place === steps && run <= agreed) continue
    best = { there: at, wanted: place }
    steps = at + place
    agreed = run
  }
  return best
}

/** Lines that are missing elsewhere: they were moved. */
function takeMoved(partings: readonly Parting[]): readonly Fault[] {
  const missing = new Map(partings.flatMap(({ missing: all }) => all.map((one) => [one.hash, one])))
  const moved: Fault[] = []
  const found = new Set<string>()
  for (const parting of partings)
    parting.extra = parting.extra.filter(({ hash, line }) => {
      const one = missing.get(hash)
      if (one === undefined || found.has(hash)) return true
      found.add(hash)
      moved.push({
        kind: 'entry-reordered',
        line,
        entry: one.entry,
        message: `Line ${line} holds an entry that belongs elsewhere.`,
      })
      return false
    })
  for (const parting of partings)
    parting.missing = parting.missing.filter(({ hash }) => !found.has(hash))
  return moved
}

/** Lines that stand where they belong as well: they were repeated. */
async function takeRepeated(
  partings: readonly Parting[],
  expected: () => AsyncIterable<Uint8Array>,
): Promise<readonly Fault[]> {
  const unknown = new Set(partings.flatMap(({ extra }) => extra.map(({ hash }) => hash)))
  if (unknown.size === 0) return []
  const known = new Map<string, number>()
  const all = new HashWindow(expected())
  for (await all.fill(FIRST_LOOK); all.length > 0; await all.fill(FIRST_LOOK)) {
    const position = all.position
    for (const [at, hash] of all.take(all.length).entries())
      if (unknown.has(hash)) known.set(hash, position + at)
  }
  const repeated: Fault[] = []
  for (const parting of partings)
    parting.extra = parting.extra.filter(({ hash, line }) => {
      const entry = known.get(hash)
      if (entry === undefined) return true
      repeated.push({
        kind: 'entry-duplicated',
        line,
        entry,
        message: `Line ${line} repeats an entry that stands in its place as well.`,
      })
      return false
    })
  return repeated
}

/** What is left of one place: as many altered as there are of both, the rest dropped or added. */
function namedIn({ missing, extra }: Parting, total: number): readonly Fault[] {
  const altered = missing.slice(0, extra.length).map(
    ({ entry }, at): Fault => ({
      kind: 'entry-altered',
      entry,
      line: extra[at]?.line as number,
      message: `Line ${extra[at]?.line} is not the entry that was written.`,
    }),
  )
  const runs: NumberRun[] = []
  for (const { entry } of missing.slice(extra.length)) extendRuns(runs, entry)
  const dropped = runs.map((run) => droppedIn(run, total))
  const added = extra.slice(missing.length).map(
    ({ line }): Fault => ({
      kind: 'entry-added',
      line,
      message: `Line ${line} is no entry of this log.`,
    }),
  )
  return [...altered, ...dropped, ...added]
}

function droppedIn({ first, last }: NumberRun, total: number): Fault {
  const isTail = last === total - 1
  const what = first === last ? 'An entry is missing' : `${last - first + 1} entries are missing`
  return {
    kind: isTail ? 'tail-truncated' : 'entry-dropped',
    entry: first,
    ...(last > first && { lastEntry: last }),
    message: isTail ? `The end is cut off. ${what}.` : `${what}.`,
  }
}
