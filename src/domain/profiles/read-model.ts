import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'
import type { CompiledConsent } from '../privacy/consent.ts'

/** Where a value came from and why it won. */
export interface Lineage {
  readonly source: string
  readonly recordKey: string
  readonly observedAt: Instant
  readonly receivedAt: Instant
  /** The survivorship rule that chose it: `priority`, `recent`, `complete`, `frequent`, `only`, `rectified`. */
  readonly rule: string
}

/** Plain groups of the read model. Nothing here identifies a person directly. */
export interface PlainGroups {
  readonly demographics: {
    readonly ageBand?: AgeBand
    readonly gender?: string
    readonly language?: string
  }
  readonly location: { readonly country?: string; readonly city?: string }
  readonly account: {
    readonly plan?: string
    readonly lifecycleStage?: string
    readonly company?: string
    readonly customerSince?: string
  }
  readonly activity: {
    readonly sessionCount?: number
    readonly firstSeenAt?: Instant
    readonly lastSeenAt?: Instant
    readonly onboardingStep?: string
    readonly eventCounts?: Readonly<Record<string, number>>
    /** By event name: when last. */
    readonly lastAt?: Readonly<Record<string, Instant>>
  }
  readonly device: {
    readonly device?: string
    readonly browser?: string
    readonly operatingSystem?: string
  }
  readonly commerce: {
    readonly orderCount?: number
    readonly totalValue?: number
    readonly lastOrderAt?: Instant
    readonly favouriteCategories?: readonly string[]
  }
  /** Registered traits of no group of their own, by key. */
  readonly custom: Readonly<Record<string, unknown>>
}

/** An age band and the year at whose start it ends (ages go by calendar year, so no birthday stands in the features). */
export interface AgeBand {
  readonly band: string
  readonly untilYear: number | null
}

/** Item id, weight of seeing, weight of buying, last instant; newest first, at most 200 seen and 200 bought. */
export type Interaction = readonly [itemId: string, seen: number, bought: number, lastAt: Instant]

/** Segment key -> is a member, and the instant at which time alone can change that (null: never). */
export type Memberships = Readonly<
  Record<string, readonly [member: boolean, until: Instant | null]>
>

/** Item id, score, id of the item that explains it (null: popularity). Best first. */
export type Recommended = readonly (readonly [
  itemId: string,
  score: number,
  because: string | null,
])[]

/** Columns that hold sealed bytes, one per data category; `sealed_more` holds those without a column of their own. */
export const sealedColumns = {
  'user.name': 'sealed_name',
  'user.contact.email': 'sealed_email',
  'user.contact.phone': 'sealed_phone',
  'user.contact.address': 'sealed_address',
  'user.demographic.birth_date': 'sealed_birth_date',
  'user.unique_id.external': 'sealed_external',
  'user.identity_verification': 'sealed_identity',
} as const
export type SealedColumn = (typeof sealedColumns)[keyof typeof sealedColumns]

export const plainColumns = [
  'demographics',
  'location',
  'account',
  'activity',
  'device',
  'commerce',
  'custom',
] as const
export type PlainColumn = (typeof plainColumns)[number]
export type ReadColumn =
  | PlainColumn
  | SealedColumn
  | 'sealed_more'
  | 'memberships'
  | 'interactions'
  | 'recommended'
  | 'lineage'
  | 'segment_keys'

/**
 * One row of the read model: everything a profile query needs. Only the columns that the Plan names are loaded; the
 * others are undefined. A sealed column opens, with the subject's data key and the context (subjectId, category),
 * to the UTF-8 JSON of `{ [traitKey]: value }` for the traits of that category.
 */
export interface ReadRow extends Partial<PlainGroups> {
  readonly subjectId: SubjectId
  readonly kind: 'person' | 'visitor'
  readonly consent: CompiledConsent
  readonly segmentKeys?: readonly string[]
  readonly sealed: Partial<Record<SealedColumn, Uint8Array | null>>
  /** Category -> base64 of the sealed bytes. */
  readonly sealedMore?: Readonly<Record<string, string>>
  readonly memberships?: Memberships
  readonly interactions?: readonly Interaction[]
  readonly recommended?: {
    readonly activity: Recommended
    readonly full: Recommended
    readonly model: number
  }
  /** By trait key. */
  readonly lineage?: Readonly<Record<string, Lineage>>
}
