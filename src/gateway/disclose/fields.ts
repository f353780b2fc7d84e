import type { Scope } from '../../domain/access/principal.ts'
import type { Category } from '../../domain/privacy/categories.ts'
import { bandEdge, monthOf, yearOf } from '../../domain/privacy/generalise.ts'
import { maskDate, maskEmail, maskId, maskName, maskPhone } from '../../domain/privacy/mask.ts'
import { type ReadColumn, sealedColumns } from '../../domain/profiles/read-model.ts'
import type { Instant } from '../../kernel/time.ts'
import { ageBandIn, recencyFrequencyValue } from './derived-values.ts'
import { eventCounts, externalIds, verifiedIdentities } from './field-lists.ts'
import type { RowValues } from './row-values.ts'

/**
 * One field of a profile: its data category, where it lives, and how it looks in each treatment. A treatment without
 * a form of its own is no form: the field is withheld.
 */
export interface FieldRule {
  /** Group of the view, or null for the profile itself. */
  readonly group: 'contact' | 'demographics' | 'account' | 'activity' | 'commerce' | null
  readonly name: string
  readonly category: Category
  readonly columns: readonly ReadColumn[]
  /** Scope without which the field is withheld, beyond `profile:read`. */
  readonly scope?: Scope
  readonly clear: (row: RowValues) => unknown
  readonly generalise?: (row: RowValues) => unknown
  readonly mask?: (row: RowValues) => unknown
}

type Field = Omit<FieldRule, 'group' | 'name'>

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const applied = (value: unknown, change: (text: string) => string): string | null => {
  const known = text(value)
  return known === null ? null : change(known)
}
const banded = (value: number | undefined, band: 'count' | 'orders' | 'value') =>
  value === undefined ? null : bandEdge(band, value)
const monthly = (value: Instant | undefined) => (value === undefined ? null : monthOf(value))

function contact(
  category: Category,
  column: ReadColumn,
  key: string,
  mask?: (text: string) => string,
): Field {
  return {
    category,
    columns: [column],
    scope: 'profile:contact',
    clear: (row) => text(row.sealed(category)[key]),
    ...(mask ? { mask: (row: RowValues) => applied(row.sealed(category)[key], mask) } : {}),
  }
}

const BIRTH = 'user.demographic.birth_date'
const EXTERNAL = 'user.unique_id.external'
const IDENTITY = 'user.identity_verification'
const ACTIVITY = 'user.behavior.activity'
const PURCHASES = 'user.behavior.purchase_history'

const groups: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  contact: {
    name: contact('user.name', 'sealed_name', 'name', maskName),
    email: contact('user.contact.email', 'sealed_email', 'email', maskEmail),
    phone: contact('user.contact.phone', 'sealed_phone', 'phone', maskPhone),
    address: contact('user.contact.address', 'sealed_address', 'address'),
  },
  demographics: {
    birthDate: {
      category: BIRTH,
      columns: ['sealed_birth_date'],
      clear: (row) => text(row.sealed(BIRTH).birthDate),
      generalise: (row) => applied(row.sealed(BIRTH).birthDate, yearOf),
      mask: (row) => applied(row.sealed(BIRTH).birthDate, maskDate),
    },
    ageBand: {
      category: 'user.demographic.age_band',
      columns: ['demographics'],
      clear: ({ plain, now }) => ageBandIn(plain.demographics.ageBand, now),
    },
    gender: {
      category: 'user.demographic.gender',
      columns: ['demographics'],
      clear: ({ plain }) => plain.demographics.gender ?? null,
    },
    language: {
      category: 'user.demographic.language',
      columns: ['demographics'],
      clear: ({ plain }) => plain.demographics.language ?? null,
    },
    country: {
      category: 'user.location.country',
      columns: ['location'],
      clear: ({ plain }) => plain.location.country ?? null,
    },
    city: {
      category: 'user.location.city',
      columns: ['location'],
      clear: ({ plain }) => plain.location.city ?? null,
      // A city generalises to its country.
      generalise: ({ plain }) => plain.location.country ?? null,
    },
  },
  account: {
    plan: {
      category: 'user.account.plan',
      columns: ['account'],
      clear: ({ plain }) => plain.account.plan ?? null,
    },
    lifecycleStage: {
      category: 'user.account',
      columns: ['account'],
      clear: ({ plain }) => plain.account.lifecycleStage ?? null,
    },
    company: {
      category: 'user.account',
      columns: ['account'],
      clear: ({ plain }) => plain.account.company ?? null,
    },
    customerSince: {
      category: 'user.account',
      columns: ['account'],
      clear: ({ plain }) => plain.account.customerSince ?? null,
    },
    externalIds: {
      category: EXTERNAL,
      columns: ['sealed_external'],
      clear: (row) => externalIds(row, (value) => value),
      mask: (row) => externalIds(row, maskId),
    },
  },
  activity: {
    sessionCount: {
      category: ACTIVITY,
      columns: ['activity'],
      clear: ({ plain }) => plain.activity.sessionCount ?? null,
      generalise: ({ plain }) => banded(plain.activity.sessionCount, 'count'),
    },
    firstSeenAt: {
      category: ACTIVITY,
      columns: ['activity'],
      clear: ({ plain }) => plain.activity.firstSeenAt ?? null,
      generalise: ({ plain }) => monthly(plain.activity.firstSeenAt),
    },
    lastSeenAt: {
      category: ACTIVITY,
      columns: ['activity'],
      clear: ({ plain }) => plain.activity.lastSeenAt ?? null,
      generalise: ({ plain }) => monthly(plain.activity.lastSeenAt),
    },
    onboardingStep: {
      category: ACTIVITY,
      columns: ['activity'],
      clear: ({ plain }) => plain.activity.onboardingStep ?? null,
    },
    eventCounts: {
      category: ACTIVITY,
      columns: ['activity'],
      clear: ({ plain }) => eventCounts(plain, (count) => count),
      generalise: ({ plain }) => eventCounts(plain, (count) => bandEdge('count', count)),
    },
    device: {
      category: 'user.device',
      columns: ['device'],
      clear: ({ plain }) => plain.device.device ?? null,
    },
    browser: {
      category: 'user.device',
      columns: ['device'],
      clear: ({ plain }) => plain.device.browser ?? null,
    },
    operatingSystem: {
      category: 'user.device',
      columns: ['device'],
      clear: ({ plain }) => plain.device.operatingSystem ?? null,
      // Of a device, the operating system is what is left when it is generalised.
      generalise: ({ plain }) => plain.device.operatingSystem ?? null,
    },
  },
  commerce: {
    orderCount: {
      category: PURCHASES,
      columns: ['commerce'],
      clear: ({ plain }) => plain.commerce.orderCount ?? null,
      generalise: ({ plain }) => banded(plain.commerce.orderCount, 'orders'),
    },
    totalValue: {
      category: PURCHASES,
      columns: ['commerce'],
      clear: ({ plain }) => plain.commerce.totalValue ?? null,
      generalise: ({ plain }) => banded(plain.commerce.totalValue, 'value'),
    },
    lastOrderAt: {
      category: PURCHASES,
      columns: ['commerce'],
      clear: ({ plain }) => plain.commerce.lastOrderAt ?? null,
      generalise: ({ plain }) => monthly(plain.commerce.lastOrderAt),
    },
    favouriteCategories: {
      category: PURCHASES,
      columns: ['commerce'],
      clear: ({ plain }) => plain.commerce.favouriteCategories ?? null,
    },
    recencyFrequencyValue: {
      category: PURCHASES,
      columns: ['commerce'],
      clear: ({ plain, now }) => recencyFrequencyValue(plain.commerce, now),
    },
  },
}

const identities: FieldRule = {
  group: null,
  name: 'identities',
  category: IDENTITY,
  columns: ['sealed_identity'],
  clear: (row) => verifiedIdentities(row, true),
  generalise: (row) => verifiedIdentities(row, false),
}

/** GraphQL type that carries each group. */
export const groupTypes = {
  contact: 'Contact',
  demographics: 'Demographics',
  account: 'Account',
  activity: 'Activity',
  commerce: 'Commerce',
} as const

/** By schema coordinate, such as `Contact.email`. */
export const fieldRules: ReadonlyMap<string, FieldRule> = new Map<string, FieldRule>([
  ...Object.entries(groups).flatMap(([group, fields]) =>
    Object.entries(fields).map(([name, field]): [string, FieldRule] => {
      const key = group as keyof typeof groupTypes
      return [`${groupTypes[key]}.${name}`, { ...field, group: key, name }]
    }),
  ),
  ['Profile.identities', identities],
])

/** Fields of a profile that a door of their own answers, with the category that opens each. */
export const derivedFields = {
  'Profile.id': 'user.unique_id.pseudonym',
  'Profile.timeline': 'user.behavior',
  'Profile.trait': 'user',
  'Profile.traits': 'user',
  'Profile.segments': 'user.derived.segment',
  'Profile.recommendations': 'user.derived.recommendation',
  'Profile.consents': 'user.consent',
  'Trait.lineage': 'user.lineage',
  'Query.disclosuresOf': 'user.disclosure',
  'Query.consents': 'user.consent',
  'Query.consentHistory': 'user.consent',
  'Query.consentReceipt': 'user.consent',
  'Query.privacyPreview': 'user.consent',
} as const satisfies Record<string, Category>

export const derivedScopes: Readonly<Record<string, Scope>> = {
  'Profile.segments': 'segments:read',
  'Profile.recommendations': 'recommendations:read',
}

/** The data category of any personal coordinate; undefined means that nobody decided, which is withheld. */
export function categoryOf(coordinate: string): Category | undefined {
  return (
    fieldRules.get(coordinate)?.category ??
    (derivedFields as Readonly<Record<string, Category>>)[coordinate]
  )
}

/** Kept in the vault, sealed per person. */
export function isHighlySensitive(category: Category): boolean {
  return category in sealedColumns
}
