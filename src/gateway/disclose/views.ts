import type { Reason, Treatment } from '../../domain/privacy/treatment.ts'
import type { Instant } from '../../kernel/time.ts'

/**
 * What resolvers can hold: values that every door has been passed for. A withheld field is null.
 * Instants are epoch milliseconds; dates are `YYYY-MM-DD`.
 */
export interface ProfileView {
  /** Pseudonym in the caller's audience. */
  readonly id: string
  /** Place of the row in this request; means nothing outside it. */
  readonly handle: number
  readonly contact: ContactView
  readonly demographics: DemographicsView
  readonly account: AccountView
  readonly activity: ActivityView
  readonly commerce: CommerceView
  readonly identities: readonly VerifiedIdentityView[] | null
}

export interface ContactView {
  readonly name?: string | null
  readonly email?: string | null
  readonly phone?: string | null
  readonly address?: string | null
}

export interface DemographicsView {
  readonly birthDate?: string | null
  readonly ageBand?: string | null
  readonly gender?: string | null
  readonly country?: string | null
  readonly city?: string | null
  readonly language?: string | null
}

export interface AccountView {
  readonly plan?: string | null
  readonly lifecycleStage?: string | null
  readonly company?: string | null
  readonly customerSince?: string | null
  readonly externalIds?: readonly ExternalIdView[] | null
}

export interface ExternalIdView {
  readonly kind: string
  readonly value: string
}

export interface ActivityView {
  readonly sessionCount?: number | null
  readonly firstSeenAt?: Instant | null
  readonly lastSeenAt?: Instant | null
  readonly onboardingStep?: string | null
  readonly eventCounts?: readonly EventCountView[] | null
  readonly device?: string | null
  readonly browser?: string | null
  readonly operatingSystem?: string | null
}

export interface EventCountView {
  readonly name: string
  readonly count: number
}

export interface CommerceView {
  readonly orderCount?: number | null
  readonly totalValue?: number | null
  readonly lastOrderAt?: Instant | null
  readonly favouriteCategories?: readonly string[] | null
  readonly recencyFrequencyValue?: RecencyFrequencyValueView | null
}

/** Each from 1 (least) to 5 (most), against fixed edges; null without orders. */
export interface RecencyFrequencyValueView {
  readonly recency: number
  readonly frequency: number
  readonly value: number
}

export interface VerifiedIdentityView {
  readonly provider: string
  readonly subject: string | null
  readonly verifiedAt: Instant | null
}

export interface LineageView {
  readonly source: string
  readonly observedAt: Instant | null
  readonly rule: string | null
}

export interface TraitView {
  readonly key: string
  readonly value: unknown
  readonly lineage: LineageView | null
}

export interface MembershipView {
  readonly key: string
  readonly name: string
  /** When time alone may end it. */
  readonly until: Instant | null
}

export interface SegmentView {
  readonly key: string
  readonly name: string
  readonly description: string
  /** The rule in one line; null for callers who may not see rules. */
  readonly rule: string | null
  readonly categories: readonly string[]
}

/** How many people, in the form in which the caller may know it. */
export interface PeopleCountView {
  /** Null where there are too few. */
  readonly value: number | null
  readonly suppressed: boolean
  readonly treatment: 'NOISED' | 'GENERALISED'
  /** Null with noise. */
  readonly roundedTo: number | null
  readonly epsilon: number | null
  readonly rho: number | null
  /** What the budget held after it was paid for. */
  readonly budgetLeft: number | null
  readonly asOf: Instant
}

export interface SegmentsCountView {
  readonly keys: readonly string[]
  readonly count: PeopleCountView
}

/** Amounts are ε or ρ, as the mechanism has it. */
export interface BudgetView {
  readonly population: string
  readonly mechanism: 'laplace' | 'gaussian'
  readonly limit: number
  readonly left: number
  readonly perCount: number
  readonly epsilonSpent: number
  readonly renewedAt: Instant
}

export interface ItemView {
  /** Global id: `item:…`. */
  readonly id: string
  readonly itemId: string
  readonly title: string
  readonly category: string | null
  readonly price: number | null
  readonly available: boolean
}

export interface RecommendationView {
  readonly itemId: string
  readonly score: number
  /** Null where it has left the catalogue since. */
  readonly item: ItemView | null
  /** The item that explains it, where the caller may know of it. */
  readonly because: ItemView | null
}

export interface RecommendationListView {
  readonly recommender: 'ITEM_TO_ITEM' | 'POPULARITY'
  readonly recommendations: readonly RecommendationView[]
}

export interface TimelineEventView {
  readonly name: string
  readonly at: Instant
  readonly itemId: string | null
  readonly orderId: string | null
  readonly value: number | null
  readonly properties: Readonly<Record<string, unknown>> | null
}

export interface ConsentStateView {
  readonly purpose: string
  readonly recipient: string | null
  readonly state: string
  readonly categories: readonly string[] | null
  readonly effectiveAt: Instant | null
  readonly expiresAt: Instant | null
  readonly source: string | null
}

/** One purpose that rests on consent, as it stands for a person now. */
export interface ConsentChoiceView {
  readonly purpose: string
  readonly inWords: string
  readonly recipient: string | null
  readonly state: string
  /** Whether it is pursued now. */
  readonly isOpen: boolean
  /** The outside signal that closes it, whatever was decided. */
  readonly closedBySignal: string | null
  readonly expiresAt: Instant | null
}

/** One line of a consent history. */
export interface ConsentRecordView {
  /** In the caller's audience. */
  readonly id: string
  readonly purpose: string
  readonly recipient: string | null
  readonly state: string
  readonly categories: readonly string[] | null
  readonly notice: string | null
  readonly noticeVersion: string | null
  readonly language: string | null
  readonly method: string | null
  readonly collectionPoint: string | null
  readonly jurisdiction: string | null
  readonly source: string
  readonly entity: string | null
  readonly effectiveAt: Instant
  readonly expiresAt: Instant | null
  readonly recordedAt: Instant
  /** Whether it is what decides now. */
  readonly decides: boolean
}

/** The words of a notice in one language. */
export interface NoticeView {
  readonly notice: string
  readonly version: string
  readonly language: string
  readonly purposes: readonly string[]
  readonly jurisdictions: readonly string[]
  readonly validFrom: Instant
  readonly requiresRenewal: boolean
  readonly hash: string
  readonly text: string
}

/** One time that somebody was shown something of a person. */
export interface DisclosureView {
  readonly at: Instant
  /** Name of the client that asked. */
  readonly by: string
  readonly audience: string
  readonly purpose: string | null
  readonly legalBasis: string | null
  /** Purpose and basis, in words. */
  readonly why: string
  readonly fields: readonly { readonly path: string; readonly treatment: Treatment }[]
  /** The person asked, through that client. */
  readonly byPerson: boolean
  /** As one of many, named by a list: a model fit, a bulk export. */
  readonly inBulk: boolean
  /** Of the response, as the trail names it. */
  readonly receipt: string
  /** All of it as one sentence. */
  readonly inWords: string
}

export interface Page<T> {
  readonly edges: readonly { readonly node: T; readonly cursor: string }[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
}

/** What one caller sees of one person at one instant, as forms and reasons. */
export interface PreviewedView {
  readonly policyVersion: string
  readonly at: Instant
  /** Whether the caller may know that the profile exists. */
  readonly known: boolean
  /** How the person stands to the purpose; null: undecided and unasked, or unknown by other. */
  readonly consent: string | null
  readonly fields: readonly {
    readonly field: string
    readonly form: Treatment
    readonly reason: Reason | null
  }[]
}

export interface PrivacyPreviewView {
  readonly now: PreviewedView
  /** At the instant, or under the policy, that was asked for. */
  readonly other: PreviewedView | null
  /** Fields that are seen in another form. */
  readonly differences: readonly {
    readonly field: string
    readonly now: Treatment
    readonly nowReason: Reason | null
    readonly other: Treatment
    readonly otherReason: Reason | null
  }[]
}
