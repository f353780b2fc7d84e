import type { Policy } from '../../src/domain/privacy/policy.ts'
import type { IngestInput } from '../../src/gateway/ingest/ingest-input.ts'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { at, recordOf, valueOfTrait } from '../small-world.ts'

/** One thing about a person that differs between two worlds. */
export interface Facet {
  readonly name: string
  /** Categories that hold it, or something derived from it by composition. */
  readonly categories: readonly string[]
  /** Treatments in which the difference shows: a fine one is lost in anything but CLEAR. */
  readonly showsIn: ReadonlySet<string>
  /** What a source tells to make the second world from the first. */
  tell(of: Person): { source: string; inputs: readonly IngestInput[] }
}

export interface Person {
  readonly subject: SubjectId
  readonly ordinal: number
  readonly country: string | null
}

const ANY: ReadonlySet<string> = new Set(['CLEAR', 'GENERALISED', 'MASKED', 'NOISED', 'PSEUDONYM'])
const CLEAR: ReadonlySet<string> = new Set(['CLEAR'])

/** Changes of traits that their generalised or masked forms don't show. */
const FINE: Readonly<Record<string, Change>> = {
  name: () => 'Mona Riva',
  email: (ordinal) => `mona.riva.${ordinal}@example.com`,
  phone: (ordinal) => `+493023125${String(ordinal + 500).padStart(3, '0')}`,
  birthDate: () => '1985-09-30',
  city: () => 'city three',
  identityVerifiedAt: () => new Date(Date.parse(at(40)) + 1_000).toISOString(),
}

/** What else a trait is shown in. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  birthDate: ['user.demographic.age_band'],
  country: ['user.location.city'],
}

const COARSE: Readonly<Record<string, Change>> = {
  birthDate: () => '1950-01-01',
  country: () => 'FR',
  email: (ordinal) => `wanda.rossi.${ordinal}@example.org`,
  phone: (ordinal) => `+4930231254${String(ordinal).padStart(2, '0')}`,
}

type Change = (ordinal: number) => unknown

/** Whatever the tables know about is changed by some facet: the traits of each category together, and what people do. */
export function facetsOf(policy: Policy): readonly Facet[] {
  const told = new Map<SubjectId, Record<string, Change>>()
  const traits = (
    name: string,
    showsIn: ReadonlySet<string>,
    category: string,
    changes: Readonly<Record<string, Change>>,
  ): Facet => ({
    name,
    categories: [
      category,
      ...Object.keys(changes).flatMap((key) => (showsIn === ANY && ALSO[key]) || []),
    ],
    showsIn,
    tell(of) {
      const all = { ...told.get(of.subject), ...changes }
      told.set(of.subject, all)
      const record = recordOf(policy, of)
      // A country decides which law holds: people for whom it is another keep theirs.
      const changed = Object.entries(all).filter(
        ([one]) => one !== 'country' || of.country === 'DE',
      )
      const values = Object.fromEntries(changed.map(([one, change]) => [one, change(of.ordinal)]))
      return { source: 'crm', inputs: [{ ...record, traits: { ...record.traits, ...values } }] }
    },
  })
  const byCategory = new Map<string, Record<string, Change>>()
  for (const [key, { category }] of policy.traits) {
    const change = COARSE[key] ?? (() => valueOfTrait(policy, key, 1))
    byCategory.set(category, { ...byCategory.get(category), [key]: change })
  }
  return [
    ...Object.entries(FINE).flatMap(([key, change]) => {
      const category = policy.traits.get(key)?.category
      return category ? [traits(`${key}, a little`, CLEAR, category, { [key]: change })] : []
    }),
    ...deeds,
    ...[...byCategory].map(([category, changes]) => traits(category, ANY, category, changes)),
  ]
}

const ACTIVITY = 'user.behavior.activity'
const PURCHASES = 'user.behavior.purchase_history'

const deed = (name: string, category: string, showsIn: ReadonlySet<string>, of: Deeds): Facet => ({
  name,
  categories: [category],
  showsIn,
  tell: ({ subject }) => ({ source: 'shop', inputs: of(subject) }),
})
type Deeds = (subject: SubjectId) => readonly IngestInput[]

const event = (
  subject: SubjectId,
  id: string,
  name: string,
  timestamp: string,
  properties: Record<string, unknown> = {},
): IngestInput => ({
  type: 'event',
  messageId: `${subject}-${id}`,
  identifiers: [],
  name,
  timestamp,
  properties,
})
const shortlyBefore = (days: number) => new Date(Date.parse(at(days)) - 1_000).toISOString()

const deeds: readonly Facet[] = [
  deed('one more session and view within the bands', ACTIVITY, CLEAR, (subject) => [
    event(subject, 's', 'Session Started', shortlyBefore(12)),
    event(subject, 'v', 'Product Viewed', shortlyBefore(11), { itemId: 'item-1' }),
  ]),
  deed('one more order within the bands', PURCHASES, CLEAR, (subject) => [
    event(subject, 'o', 'Order Completed', shortlyBefore(9.5), {
      itemId: 'item-5',
      orderId: `${subject}-little`,
      price: 10,
    }),
  ]),
  deed('the newest views', ACTIVITY, ANY, (subject) => [
    ...Array.from({ length: 9 }, (_, n) =>
      event(subject, `w${n}`, 'Session Started', at(1 + n / 10)),
    ),
    ...Array.from({ length: 4 }, (_, n) =>
      event(subject, `n${n}`, 'Product Viewed', at(1 + n / 10), { itemId: `item-${10 + n}` }),
    ),
  ]),
  deed('the newest orders, of other items', PURCHASES, ANY, (subject) =>
    Array.from({ length: 8 }, (_, n) =>
      event(subject, `p${n}`, 'Order Completed', at(0.5 + n / 100), {
        itemId: `item-${n}`,
        orderId: `${subject}-p${n}`,
        price: 200,
      }),
    ),
  ),
  deed('a refund, of an item never seen', PURCHASES, ANY, (subject) => [
    event(subject, 'r', 'Order Refunded', at(0.2), { itemId: 'item-18', orderId: 'r', value: 5 }),
  ]),
  deed('orders of more items than are kept', PURCHASES, ANY, (subject) =>
    Array.from({ length: 210 }, (_, n) =>
      event(subject, `m${n}`, 'Order Completed', at(0.1), { itemId: `rare-${n}`, price: 1 }),
    ),
  ),
  {
    name: 'where values came from',
    categories: ['user.lineage'],
    showsIn: ANY,
    tell: ({ subject }) => ({
      source: 'identity',
      inputs: [
        {
          type: 'profile',
          recordKey: `again-${subject}`,
          identifiers: [],
          observedAt: at(1),
          traits: { loyaltyTier: 'loyaltyTier one' },
        },
      ],
    }),
  },
  {
    name: 'a decision about somebody else',
    categories: ['user.consent'],
    showsIn: CLEAR,
    tell: () => ({
      source: 'crm',
      inputs: [
        {
          type: 'consent',
          identifiers: [],
          purpose: 'PARTNER_SHARING',
          recipient: 'somebody-else',
          state: 'ConsentGiven',
          effectiveAt: at(2),
        },
      ],
    }),
  },
]
