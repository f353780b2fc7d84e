import type { Instant } from '../../kernel/time.ts'
import type { TraitDefinition } from '../privacy/policy.ts'
import { ageBandOf } from './age-band.ts'
import type { TraitValue } from './normalise.ts'
import type { Interaction, Lineage, PlainColumn, PlainGroups } from './read-model.ts'
import type { Winner } from './survivorship.ts'
import { type ItemTally, isActivity, type Tally } from './tally.ts'

/** Of items seen, and as many again of items bought: purchases must not push views out, which would tell of them. */
const MOST_INTERACTIONS = 200
const FAVOURITES = 3

/** Registered traits that have a place of their own in the plain groups; the others are custom. */
const GROUP_OF: ReadonlyMap<string, PlainColumn> = new Map([
  ['gender', 'demographics'],
  ['language', 'demographics'],
  ['country', 'location'],
  ['city', 'location'],
  ['plan', 'account'],
  ['lifecycleStage', 'account'],
  ['company', 'account'],
  ['customerSince', 'account'],
  ['onboardingStep', 'activity'],
  ['device', 'device'],
  ['browser', 'device'],
  ['operatingSystem', 'device'],
])

/** The plain group in which the value of a trait stands, under its key. */
export function groupOfTrait(key: string): PlainColumn {
  return GROUP_OF.get(key) ?? 'custom'
}

/** Traits in the vault that are no traits of the registry: ids in other systems, kept so that they can be shown. */
const EXTERNAL = {
  category: 'user.unique_id.external',
  type: 'text',
  survivorship: 'priority',
  sealed: true,
} as const
export const externalIdTraits: ReadonlyMap<string, TraitDefinition> = new Map(
  ['userId', 'crmId'].map((key) => [key, { key, ...EXTERNAL }]),
)

/** What a read-model row says in plain and what goes into the vault, before anything is sealed. */
export interface ComposedProfile {
  readonly groups: PlainGroups
  /** By data category: trait key -> value. */
  readonly vault: ReadonlyMap<string, Readonly<Record<string, TraitValue>>>
  readonly lineage: Readonly<Record<string, Lineage>>
  readonly interactions: readonly Interaction[]
}

/** What counters alone say; the activity of a row has traits as well. */
export type Counted = Pick<PlainGroups, 'activity' | 'commerce'> &
  Pick<ComposedProfile, 'interactions'>

export function countedOf(tally: Tally): Counted {
  return {
    activity: activityOf(tally),
    commerce: commerceOf(tally),
    interactions: interactionsOf(tally),
  }
}

/** The row of one person, from the values that won and the counters of all their homes together. */
export function composeRow(
  winners: ReadonlyMap<string, Winner>,
  tally: Tally,
  now: Instant,
): ComposedProfile {
  const { activity, commerce, interactions } = countedOf(tally)
  const groups: Record<string, Record<string, unknown>> = {
    demographics: {},
    location: {},
    account: {},
    device: {},
    activity: { ...activity },
    commerce: { ...commerce },
    custom: {},
  }
  const vault = new Map<string, Record<string, TraitValue>>()
  const lineage: Record<string, Lineage> = {}
  for (const [key, { definition, value, lineage: origin }] of winners) {
    lineage[key] = origin
    if (definition.sealed) {
      const values = vault.get(definition.category) ?? {}
      values[key] = value
      vault.set(definition.category, values)
    } else {
      const group = groups[groupOfTrait(key)]
      if (group) group[key] = value
    }
  }
  const birthDate = winners.get('birthDate')?.value
  const ageBand =
    typeof birthDate === 'string' ? ageBandOf(birthDate, new Date(now).getUTCFullYear()) : null
  if (ageBand) groups.demographics = { ...groups.demographics, ageBand }
  return {
    groups: groups as unknown as PlainGroups,
    vault,
    lineage,
    interactions,
  }
}

function activityOf(tally: Tally): PlainGroups['activity'] {
  if (tally.firstAt === null || tally.lastAt === null) return {}
  const names = Object.entries(tally.events).filter(([name]) => isActivity(name))
  return {
    sessionCount: tally.sessions,
    firstSeenAt: tally.firstAt,
    lastSeenAt: tally.lastAt,
    eventCounts: Object.fromEntries(names.map(([name, [count]]) => [name, count])),
    lastAt: Object.fromEntries(names.map(([name, [, at]]) => [name, at])),
  }
}

function commerceOf(tally: Tally): PlainGroups['commerce'] {
  const orders = Object.values(tally.orders)
  if (orders.length === 0) return {}
  let totalValue = 0
  let lastOrderAt = Number.NEGATIVE_INFINITY
  for (const [value, at] of orders) {
    totalValue += value
    lastOrderAt = Math.max(lastOrderAt, at)
  }
  const favouriteCategories = Object.entries(tally.categories)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, FAVOURITES)
    .map(([category]) => category)
  return {
    orderCount: orders.length,
    totalValue: Math.round(totalValue * 100) / 100,
    lastOrderAt,
    favouriteCategories,
  }
}

/** Newest first; of two at the same instant, by item id, so that equal counters give equal rows. */
function interactionsOf(tally: Tally): readonly Interaction[] {
  const items = Object.entries(tally.items)
  const kept = new Set([
    ...newest(items, ([, , , lastSeenAt]) => lastSeenAt),
    ...newest(items, ([, bought, lastAt]) => (bought > 0 ? lastAt : null)),
  ])
  return items
    .filter(([id]) => kept.has(id))
    .map(([id, [seen, bought, at]]): Interaction => [id, seen, bought, at])
    .sort((one, other) => other[3] - one[3] || (one[0] < other[0] ? -1 : 1))
}

function newest(
  items: readonly [string, ItemTally][],
  instantOf: (item: ItemTally) => Instant | null,
): readonly string[] {
  return items
    .flatMap(([id, item]): [string, Instant][] => {
      const at = instantOf(item)
      return at === null ? [] : [[id, at]]
    })
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_INTERACTIONS)
    .map(([id]) => id)
}
