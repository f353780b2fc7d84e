import type { Client, Principal } from '../../domain/access/principal.ts'
import type { RetentionRule } from '../../domain/audit/retention-rules.ts'
import { ruleFor } from '../../domain/audit/retention-rules.ts'
import { type DataRetention, keptDays } from '../../domain/privacy/data-retention.ts'
import { type Policy, purposeCovers } from '../../domain/privacy/policy.ts'
import type { PackageType } from '../../domain/privacy/subject-request.ts'
import { describeRule } from '../../domain/segments/describe-rule.ts'
import type { SubjectId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Disclose } from './disclose.ts'
import { derivedFields, fieldRules } from './fields.ts'
import type { Selection } from './plan-rules.ts'
import type { Reception } from './reception.ts'
import type { KeptEventView, ToldValueView } from './source-views.ts'
import type { ConsentRecordView, DisclosureView, Page, ProfileView } from './views.ts'

/** A value that stands in the profile, where it came from, what it may be used for and for how long it is kept. */
export interface PackagedValue {
  readonly key: string
  readonly value: unknown
  readonly category: string
  readonly purposes: readonly string[]
  readonly source: string | null
  readonly observedAt: Instant | null
  /** Why this source's value stands. */
  readonly rule: string | null
  /** Null: as long as the person is known. */
  readonly keptDays: number | null
}

/** What was worked out about a person, and by which logic. */
export interface PackagedDerivations {
  readonly values: readonly { readonly path: string; readonly value: unknown }[]
  readonly segments: readonly { readonly name: string; readonly rule: string }[]
  readonly recommendations: readonly { readonly title: string; readonly because: string | null }[]
  readonly logic: readonly string[]
}

/** Everything that a person may know of what is known about them. */
export interface PersonPackage {
  readonly type: PackageType
  readonly madeAt: Instant
  /** Pseudonym that stands for the person in packages. */
  readonly person: string
  readonly values: readonly PackagedValue[]
  readonly told: readonly ToldValueView[]
  readonly events: readonly KeptEventView[]
  readonly consents: readonly ConsentRecordView[]
  readonly purposes: readonly {
    readonly purpose: string
    readonly inWords: string
    readonly legalBasis: string
  }[]
  /** Null in a package to take elsewhere: it holds what was provided and observed, and nothing that was worked out. */
  readonly derived: PackagedDerivations | null
  /** Who was shown what, when and why; null likewise. */
  readonly recipients: readonly DisclosureView[] | null
  /** Days for which the trail says who saw what; null: for ever, or not said. */
  readonly trailKeptDays: number | null
}

export interface PackagingParts {
  readonly reception: Reception
  readonly policy: Policy
  readonly dataRetention: DataRetention
  readonly trailRetention: readonly RetentionRule[]
}

/** Under whose name packages are made: nobody holds a token of it. */
export const PACKAGER = 'subject-rights'
const PURPOSE = 'SUBJECT_RIGHTS'
const SCOPES = [
  'profile:read',
  'profile:contact',
  'segments:read',
  'recommendations:read',
  'rights:write',
] as const
const PAGE = 100
const MOST_RECOMMENDED = 50

const LOGIC = [
  'Segments are groups by fixed rules over the values in this package; each rule stands beside its segment.',
  'Recommendations come from which items the same people looked at or bought: items that often go together with yours are suggested, the most similar first. Where you did not agree to that, or too little is known, what is popular with everybody is shown.',
  'Age band, counters and favourites are counted from your birth date, events and orders. No decision with legal effect is taken by any of this.',
]

/** A request in the name of the person alone, for their rights; it opens whatever the policy lets a person see of themselves. */
export function asPerson(subject: SubjectId): Principal {
  const client: Client = {
    id: PACKAGER,
    name: PACKAGER,
    roles: ['subject'],
    audience: PACKAGER,
    scopes: SCOPES,
    purposes: [PURPOSE],
    defaultPurpose: PURPOSE,
    categories: null,
    segments: null,
    writeKey: null,
    lookupsPerDay: null,
    requestsPerMinute: null,
    costPerMinute: null,
    origins: [],
    adhoc: false,
    disabledAt: null,
  }
  return {
    client,
    roles: client.roles,
    scopes: new Set(SCOPES),
    subject,
    purposes: new Set([PURPOSE]),
    defaultPurpose: PURPOSE,
    tokenId: PACKAGER,
    expiresAt: null,
    subjects: null,
    cnfJkt: null,
  }
}

/** Puts together what a person may know, through the doors that everybody goes through: planned, decided and recorded. */
export class Packaging {
  readonly #parts: PackagingParts

  constructor(parts: PackagingParts) {
    this.#parts = parts
  }

  /** Null where nobody stands under this subject any more. @throws Refusal AUDIT_UNAVAILABLE */
  async packageOf(subject: SubjectId, type: PackageType): Promise<PersonPackage | null> {
    const { reception } = this.#parts
    const caller = {
      principal: asPerson(subject),
      purposeHeader: null,
      requestId: reception.newRequestId(),
    }
    const selection = SELECTIONS[type]
    const visit = await reception.admit(caller, selection, selection.documentId, null, [], 0)
    try {
      const view = await visit.disclose.me()
      const made = view && (await this.#filled(visit.disclose, view, type, visit.scope.now))
      // Only what is recorded may be kept for somebody to fetch.
      await reception.leave(visit, 'permit', null)
      return made
    } catch (error) {
      const code = error instanceof Refusal ? error.code : 'INTERNAL'
      if (code !== 'AUDIT_UNAVAILABLE') await reception.leave(visit, 'error', code)
      throw error
    }
  }

  async #filled(
    disclose: Disclose,
    view: ProfileView,
    type: PackageType,
    now: Instant,
  ): Promise<PersonPackage> {
    const { policy, trailRetention } = this.#parts
    const isAccess = type === 'access'
    const sources = disclose.sources()
    const trail = ruleFor(trailRetention, { phase: 'decision', outcome: 'permit' })
    return {
      type,
      madeAt: now,
      person: view.id,
      values: await this.#values(disclose, view),
      told: await sources.toldOf(view),
      events: await sources.eventsOf(view),
      consents: await allOf((after) => disclose.consentHistoryOf(null, { first: PAGE, after })),
      purposes: [...policy.purposes.values()].map(({ key, inWords, legalBasis }) => ({
        purpose: key,
        inWords,
        legalBasis,
      })),
      derived: isAccess ? await this.#derived(disclose, view) : null,
      recipients: isAccess
        ? await allOf((after) => disclose.disclosuresOf(null, { first: PAGE, after }))
        : null,
      trailKeptDays: trail?.days ?? null,
    }
  }

  async #values(disclose: Disclose, view: ProfileView): Promise<PackagedValue[]> {
    const { policy, dataRetention } = this.#parts
    const traits = (await disclose.traits.traitsOf(view, null, 'traits')) ?? []
    return traits.map(({ key, value, lineage }) => {
      const category = policy.traits.get(key)?.category ?? ''
      return {
        key,
        value,
        category,
        purposes: [...policy.purposes.values()]
          .filter((purpose) => purposeCovers(purpose, category))
          .map((purpose) => purpose.key),
        source: lineage?.source ?? null,
        observedAt: lineage?.observedAt ?? null,
        rule: lineage?.rule ?? null,
        keptDays: keptDays(dataRetention, category),
      }
    })
  }

  async #derived(disclose: Disclose, view: ProfileView): Promise<PackagedDerivations> {
    const defined = await disclose.derived.segments()
    const members = (await disclose.derived.segmentsOf(view)) ?? []
    const list = await disclose.derived.recommendationsOf(view, {
      first: MOST_RECOMMENDED,
      category: null,
    })
    const { activity, commerce, demographics } = view
    const counted = { ageBand: demographics.ageBand, ...activity, ...commerce }
    return {
      values: Object.entries(counted)
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([path, value]) => ({ path, value })),
      segments: members.map(({ key, name }) => {
        const rule = defined.get(key)?.rule
        return { name, rule: rule ? describeRule(rule) : '' }
      }),
      recommendations: (list?.recommendations ?? []).map(({ itemId, item, because }) => ({
        title: item?.title ?? itemId,
        because: because?.title ?? null,
      })),
      logic: LOGIC,
    }
  }
}

/** Every page of a list. */
async function allOf<T>(page: (after: string | null) => Promise<Page<T> | null>): Promise<T[]> {
  const nodes: T[] = []
  for (let after: string | null = null; ; ) {
    const found: Page<T> | null = await page(after)
    for (const { node } of found?.edges ?? []) nodes.push(node)
    const last: { readonly cursor: string } | undefined = found?.edges.at(-1)
    if (!found?.hasNextPage || !last) return nodes
    after = last.cursor
  }
}

/** Fields that only say what was worked out. */
const WORKED_OUT = /^(Activity|Commerce)\.|^Profile\.(segments|recommendations)$|\.ageBand$/

function selectionOf(type: PackageType, isIn: (coordinate: string) => boolean): Selection {
  const coordinates = [...fieldRules.keys(), ...Object.keys(derivedFields)].filter(isIn)
  const pathOf = (coordinate: string) =>
    coordinate.replace(/^(Profile|Query)\./, '').replace(/^[A-Z]/, (one) => one.toLowerCase())
  return {
    operation: 'query',
    operationName: `package-${type}`,
    documentId: `package:${type}`,
    personal: coordinates.map((coordinate) => ({ coordinate, path: pathOf(coordinate) })),
    scopes: ['profile:read'],
    rootFields: [],
  }
}

const SELECTIONS: Readonly<Record<PackageType, Selection>> = {
  access: selectionOf('access', () => true),
  portability: selectionOf(
    'portability',
    (coordinate) => !WORKED_OUT.test(coordinate) && coordinate !== 'Query.disclosuresOf',
  ),
}
