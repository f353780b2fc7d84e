import { PeopleSketch } from './people-sketch.ts'

/** What the entries of one day that have everything below in common add up to. */
export interface DayVolume {
  /** UTC: `2026-01-31`. */
  readonly day: string
  readonly actor: string
  readonly audience: string
  readonly purpose: string | null
  readonly outcome: string
  /** Paths that were disclosed in any form. */
  readonly fields: readonly string[]
  readonly entries: number
  /** People named, once for each entry that names them. */
  readonly disclosures: number
  /** People named by lists beside the log: model fits, bulk exports. */
  readonly listed: number
  /** Which people, as `PeopleSketch.toBytes`. */
  readonly people: Buffer
}

/** An implementation MUST count every entry appended before the call, and MUST NOT read the entries again for it. */
export interface AuditStatistics {
  /** Days from `from` up to, not including, `to`; days without entries are absent. In pages, ordered by day. */
  volumes(from: string, to: string): AsyncIterable<readonly DayVolume[]>
}

/** By what volumes are told apart. */
export const dimensions = ['day', 'actor', 'audience', 'purpose', 'outcome', 'field'] as const
export type Dimension = (typeof dimensions)[number]

/** What several volumes add up to. A dimension that was not asked for is absent. */
export interface VolumeGroup {
  readonly by: Readonly<Partial<Record<Dimension, string | null>>>
  entries: number
  disclosures: number
  listed: number
  readonly people: PeopleSketch
}

/**
 * Adds volumes up, one by one. By field, a volume counts for each of its fields, so the groups overlap.
 * @throws RangeError beyond `most` groups: who asked has to ask for less.
 */
export class VolumeGroups {
  readonly #by: readonly Dimension[]
  readonly #most: number
  readonly #groups = new Map<string, VolumeGroup>()

  constructor(by: readonly Dimension[], most: number) {
    this.#by = [...new Set(by)]
    this.#most = most
  }

  add(volume: DayVolume): void {
    const fields = this.#by.includes('field') ? volume.fields : [null]
    for (const field of fields) {
      const key = this.#by.map((one) => (one === 'field' ? field : volume[one]))
      const group = this.#groupOf(key)
      group.entries += volume.entries
      group.disclosures += volume.disclosures
      group.listed += volume.listed
      group.people.mergeBytes(volume.people)
    }
  }

  /** By day where days were asked for, then the largest first. */
  groups(): readonly VolumeGroup[] {
    return [...this.#groups.values()].sort(
      (a, b) =>
        (a.by.day ?? '').localeCompare(b.by.day ?? '') ||
        b.disclosures + b.listed - (a.disclosures + a.listed) ||
        b.entries - a.entries,
    )
  }

  #groupOf(key: readonly (string | null)[]): VolumeGroup {
    const name = JSON.stringify(key)
    const known = this.#groups.get(name)
    if (known) return known
    if (this.#groups.size >= this.#most) throw new RangeError(`more than ${this.#most} groups`)
    const by = Object.fromEntries(this.#by.map((one, at) => [one, key[at]]))
    const group = { by, entries: 0, disclosures: 0, listed: 0, people: new PeopleSketch() }
    this.#groups.set(name, group)
    return group
  }
}
