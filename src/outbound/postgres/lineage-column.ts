import type { Lineage } from '../../domain/profiles/read-model.ts'

type Origin = readonly [source: string, recordKey: string, observedAt: number, receivedAt: number]

/**
 * Lineage as the column holds it: a person's values come from few records, so each is told once. Told with every trait,
 * they were more than half of the row and most of the cost of writing it.
 */
export interface PackedLineage {
  readonly origins: readonly Origin[]
  /** By trait key: the index of its origin, and the rule that chose it. */
  readonly traits: Readonly<Record<string, readonly [origin: number, rule: string]>>
}

export function packLineage(lineage: Readonly<Record<string, Lineage>>): PackedLineage {
  const origins: Origin[] = []
  const traits: Record<string, [number, string]> = {}
  for (const [key, { source, recordKey, observedAt, receivedAt, rule }] of Object.entries(
    lineage,
  )) {
    const origin: Origin = [source, recordKey, observedAt, receivedAt]
    const known = origins.findIndex((one) => one.every((part, i) => part === origin[i]))
    traits[key] = [known < 0 ? origins.push(origin) - 1 : known, rule]
  }
  return { origins, traits }
}

export function unpackLineage({ origins, traits }: PackedLineage): Record<string, Lineage> {
  return Object.fromEntries(
    Object.entries(traits).map(([key, [index, rule]]) => {
      const [source, recordKey, observedAt, receivedAt] = origins[index] as Origin
      return [key, { source, recordKey, observedAt, receivedAt, rule }]
    }),
  )
}
