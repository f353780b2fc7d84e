import {
  type AuditStatistics,
  type Dimension,
  type VolumeGroup,
  VolumeGroups,
} from '../../domain/audit/audit-statistics.ts'
import { DAYS_BEFORE, type UnusualDay, unusualDays } from '../../domain/audit/unusual-days.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { DAY, type Instant, isoInstant } from '../../kernel/time.ts'
import type { Scope } from '../scope/scope.ts'
import { assertOfficer } from './officer.ts'

/** What is measured of a client's day. */
export type Measure = 'entries' | 'people'

export interface Volumes {
  /** Whole days of UTC: from the first up to, not including, the second. */
  readonly from: Instant
  readonly to: Instant
  readonly groups: readonly VolumeGroup[]
  readonly unusual: readonly (UnusualDay & { readonly actor: string; readonly measure: Measure })[]
}

const MOST_DAYS = 366
const MOST_GROUPS = 5_000
const MEASURES: readonly Measure[] = ['entries', 'people']

/** Who reads what, for which purpose, of how many people; and which days were unusual. From daily sums, not from entries. */
export class AuditVolumes {
  readonly #statistics: AuditStatistics

  constructor(statistics: AuditStatistics) {
    this.#statistics = statistics
  }

  /** @throws Refusal FORBIDDEN; BAD_USER_INPUT where the time is too long or told apart too finely. */
  async between(
    scope: Scope,
    { from, to }: { readonly from: Instant; readonly to: Instant },
    by: readonly Dimension[],
  ): Promise<Volumes> {
    assertOfficer(scope)
    const [first, end] = [Math.floor(from / DAY) * DAY, Math.ceil(to / DAY) * DAY]
    if (end <= first || end - first > MOST_DAYS * DAY)
      throw new Refusal(
        'BAD_USER_INPUT',
        `"to" must be after "from", by at most ${MOST_DAYS} days.`,
      )
    const groups = new VolumeGroups(by, MOST_GROUPS)
    // Two days may count the same people, so days of clients are told apart before their people are counted.
    const clients = new VolumeGroups(['day', 'actor'], Number.POSITIVE_INFINITY)
    const firstDay = dayOf(first)
    try {
      for await (const page of this.#statistics.volumes(
        dayOf(first - DAYS_BEFORE * DAY),
        dayOf(end),
      ))
        for (const volume of page) {
          clients.add(volume)
          if (volume.day >= firstDay) groups.add(volume)
        }
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      const message = `That makes more than ${MOST_GROUPS} groups: group by less, or ask for a shorter time.`
      throw new Refusal('BAD_USER_INPUT', message, { cause })
    }
    const unusual = [...byActor(clients.groups())].flatMap(([actor, days]) =>
      MEASURES.flatMap((measure) =>
        unusualDays(inOrder(days, end, measure), firstDay).map((one) => ({
          ...one,
          actor,
          measure,
        })),
      ),
    )
    return { from: first, to: end, groups: groups.groups(), unusual }
  }
}

function byActor(groups: readonly VolumeGroup[]): ReadonlyMap<string, readonly VolumeGroup[]> {
  const actors = new Map<string, VolumeGroup[]>()
  for (const group of groups) {
    const actor = group.by.actor ?? ''
    const groupsOf = actors.get(actor) ?? []
    groupsOf.push(group)
    actors.set(actor, groupsOf)
  }
  return actors
}

/** One volume for each day from the client's first on, also where it did nothing. */
function inOrder(days: readonly VolumeGroup[], end: Instant, measure: Measure) {
  const volumes = new Map(
    days.map(({ by, entries, people }) => [
      by.day,
      measure === 'entries' ? entries : people.count(),
    ]),
  )
  const first = Date.parse(days[0]?.by.day ?? '')
  const count = Math.max(0, (end - first) / DAY)
  return Array.from({ length: count }, (_, at) => {
    const day = dayOf(first + at * DAY)
    return { day, volume: volumes.get(day) ?? 0 }
  })
}

function dayOf(instant: Instant): string {
  return isoInstant(instant).slice(0, 10)
}
