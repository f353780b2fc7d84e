import type { Instant } from '../../kernel/time.ts'
import { type Category, coveredByAny } from '../privacy/categories.ts'
import type { Survivorship, TraitDefinition } from '../privacy/policy.ts'
import type { TraitValue } from './normalise.ts'
import type { Lineage } from './read-model.ts'

/** What one source says about a person, as far as it stands: the latest version of one record. */
export interface SourceRecord {
  readonly source: string
  readonly recordKey: string
  readonly observedAt: Instant
  readonly receivedAt: Instant
  readonly traits: Readonly<Record<string, TraitValue>>
}

/** The value that stands for a trait, and why. */
export interface Winner {
  readonly definition: TraitDefinition
  readonly value: TraitValue
  readonly lineage: Lineage
}

/** What the rules need to know of the policy. */
export interface SurvivorshipPolicy {
  readonly traits: ReadonlyMap<string, TraitDefinition>
  readonly sources: ReadonlyMap<string, { readonly priority: number; readonly verified: boolean }>
}

/** Who somebody is, and in whose files they stand: only sources that vouch for identifiers may say. */
const VOUCHED_FOR: readonly Category[] = ['user.identity_verification', 'user.unique_id']

/**
 * Source of values that a person had put right. It is no row of a policy: nobody imports under its name, and it beats
 * every source, whatever the rule of the trait.
 */
export const RECTIFICATION = 'rectification'

interface Candidate {
  readonly record: SourceRecord
  readonly value: TraitValue
  readonly priority: number
  readonly votes: number
}

type Order = (one: Candidate, other: Candidate) => number

/** Last word of every rule: total, so that the outcome doesn't depend on the order in which records came. */
const tieBreak: Order = (one, other) =>
  other.record.observedAt - one.record.observedAt ||
  one.priority - other.priority ||
  other.record.receivedAt - one.record.receivedAt ||
  compareText(one.record.source, other.record.source) ||
  compareText(one.record.recordKey, other.record.recordKey)

/** The better candidate first. */
const rules: Readonly<Record<Survivorship, Order>> = {
  priority: (one, other) => one.priority - other.priority || tieBreak(one, other),
  recent: tieBreak,
  complete: (one, other) =>
    String(other.value).length - String(one.value).length || tieBreak(one, other),
  frequent: (one, other) => other.votes - one.votes || tieBreak(one, other),
}

const rectifiedFirst = (rule: Order): Order => {
  const rank = ({ record }: Candidate) => (record.source === RECTIFICATION ? 0 : 1)
  return (one, other) => rank(one) - rank(other) || rule(one, other)
}

/**
 * One value per trait out of all records of a person, each by the rule of its definition: the source of highest
 * priority, the latest observation, the longest value, or the one that most records agree on. Traits that the policy
 * doesn't know are left out; a source that it doesn't know comes last. A browser may tell what somebody likes, and not
 * who they are: of that, unverified sources are not heard.
 */
export function resolveTraits(
  records: readonly SourceRecord[],
  policy: SurvivorshipPolicy,
): ReadonlyMap<string, Winner> {
  const winners = new Map<string, Winner>()
  const keys = new Set(records.flatMap((record) => Object.keys(record.traits)))
  for (const key of [...keys].sort()) {
    const definition = policy.traits.get(key)
    if (!definition) continue
    const heard = coveredByAny(VOUCHED_FOR, definition.category)
      ? records.filter(
          ({ source }) => source === RECTIFICATION || policy.sources.get(source)?.verified,
        )
      : records
    const order = rectifiedFirst(rules[definition.survivorship])
    const [best, ...others] = candidatesFor(key, heard, policy).sort(order)
    if (!best) continue
    const { source, recordKey, observedAt, receivedAt } = best.record
    const chosen = others.length === 0 ? 'only' : definition.survivorship
    const rule = source === RECTIFICATION ? 'rectified' : chosen
    const lineage = { source, recordKey, observedAt, receivedAt, rule }
    winners.set(key, { definition, value: best.value, lineage })
  }
  return winners
}

function candidatesFor(
  key: string,
  records: readonly SourceRecord[],
  policy: SurvivorshipPolicy,
): Candidate[] {
  const holding = records.flatMap((record) => {
    const value = Object.hasOwn(record.traits, key) ? record.traits[key] : undefined
    return value === undefined ? [] : [{ record, value }]
  })
  return holding.map(({ record, value }) => ({
    record,
    value,
    priority: policy.sources.get(record.source)?.priority ?? Number.MAX_SAFE_INTEGER,
    votes: holding.filter((other) => other.value === value).length,
  }))
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
