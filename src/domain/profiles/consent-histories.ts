import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { ConsentRecord } from '../privacy/consent.ts'

export interface FiledConsent {
  readonly home: SubjectId
  readonly record: ConsentRecord
}

/** Two homes, known since an instant to be one person. */
export interface HomeLink {
  readonly one: SubjectId
  readonly other: SubjectId
  readonly at: Instant
}

/**
 * One history per home of a person, as compileConsent takes them. A decision taken after two homes were linked was
 * taken by one person and so stands in the histories of both, where it replaces what came before; only decisions from
 * before the link can contradict each other, and of those the most restrictive holds.
 */
export function consentHistories(
  filed: readonly FiledConsent[],
  links: readonly HomeLink[],
): readonly (readonly ConsentRecord[])[] {
  const homes = [...new Set(filed.map(({ home }) => home))]
  if (homes.length < 2) return [filed.map(({ record }) => record)]
  const histories = new Map(homes.map((home) => [home, [] as ConsentRecord[]]))
  for (const { home, record } of filed) {
    const linked = reachable(home, links, record.recordedAt)
    for (const [other, history] of histories) if (linked.has(other)) history.push(record)
  }
  return [...histories.values()]
}

function reachable(from: SubjectId, links: readonly HomeLink[], before: Instant): Set<SubjectId> {
  const early = links.filter(({ at }) => at < before)
  const found = new Set([from])
  for (const home of found) {
    // A set that grows while it is walked through is walked to its end.
    for (const { one, other } of early) {
      if (one === home) found.add(other)
      if (other === home) found.add(one)
    }
  }
  return found
}
